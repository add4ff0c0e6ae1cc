package config_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/server/config"
)

// settingsFile is its name in the tests.
const settingsFile = "switchhook.toml"

// complete is a valid settings file.
const complete = `public_url = "https://hooks.example.net"

[netsapiens]
url = "https://ucportal.example.net"
token = "token-of-the-file"

[forms]
secret = "secret-of-the-file"
`

// folder returns a new folder with the given files.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// fromFile returns sources with nothing but a settings file and the files
// beside it.
func fromFile(t testing.TB, content string, beside map[string]string) config.Sources {
	t.Helper()
	files := map[string]string{settingsFile: content}
	maps.Copy(files, beside)
	return config.Sources{Path: settingsFile, Dir: folder(t, files)}
}

// load loads valid settings.
func load(t testing.TB, from config.Sources) *config.Settings {
	t.Helper()
	s, err := config.Load(from)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return s
}

// refusal returns the problems of invalid settings, a line each.
func refusal(t testing.TB, from config.Sources) []string {
	t.Helper()
	s, err := config.Load(from)
	e, ok := errors.AsType[*config.Error](err)
	if !ok {
		t.Fatalf("Load returns %v and the error %v, want a *config.Error", s, err)
	}
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	return lines
}

// described returns the setting with a path from Describe.
func described(t testing.TB, s *config.Settings, path string) config.Setting {
	t.Helper()
	for _, one := range s.Describe() {
		if one.Path == path {
			return one
		}
	}
	t.Fatalf("Describe has no %s", path)
	return config.Setting{}
}

func join(lines []string) string { return strings.Join(lines, "\n") }
