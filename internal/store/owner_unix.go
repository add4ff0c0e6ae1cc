//go:build unix

package store

import (
	"os"
	"path/filepath"
	"syscall"
)

// giveToOwner gives a new file to its folder's owner: the server's user must be
// able to write what an administrator makes with a command. Few users may do
// that; for others the file stays theirs.
func giveToOwner(path string) {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = os.Chown(path, int(owner.Uid), int(owner.Gid))
	}
}
