//go:build unix

package store

import (
	"os"
	"path/filepath"
	"syscall"
)

// giveToOwner makes a new file that of its folder's owner: what an
// administrator makes with a command, the server's user must be able to write.
// It is allowed to few, and where it is not the file stays theirs.
func giveToOwner(path string) {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = os.Chown(path, int(owner.Uid), int(owner.Gid))
	}
}
