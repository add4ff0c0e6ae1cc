//go:build unix

package entry

import (
	"io/fs"
	"os"
	"syscall"
)

// syncFolder makes a rename survive a power cut, if the file system can. The
// file is in its place even if this fails.
func syncFolder(path string) {
	folder, err := os.Open(path)
	if err != nil {
		return
	}
	_ = folder.Sync()
	_ = folder.Close()
}

// giveTo makes the owner of info that of a file, or at least its group.
func giveTo(path string, info fs.FileInfo) {
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Chown(path, int(owner.Uid), int(owner.Gid)) == nil {
		return
	}
	_ = os.Chown(path, -1, int(owner.Gid))
}
