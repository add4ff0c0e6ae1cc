package config

import (
	"os"
	"path/filepath"
)

// SystemFile is where a package has the settings of a machine's server.
const SystemFile = "/etc/switchhook/switchhook.toml"

// Find returns the settings file that a command uses if none is named:
// switchhook.toml in the working directory, else none if that is an old folder, with
// .env or domains.json, else the system's if there is one. Empty: none.
func Find(dir, system string) string {
	own := filepath.Join(dir, filepath.Base(system))
	switch {
	case exists(own):
		return own
	case exists(filepath.Join(dir, dotenvFile)), exists(filepath.Join(dir, oldEntries)), !exists(system):
		return ""
	}
	return system
}

// exists reports whether there is something, which this user may not be able to
// read.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
