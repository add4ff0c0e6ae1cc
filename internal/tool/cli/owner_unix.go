//go:build unix

package cli

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// ownerOf returns the user to whom a path belongs, if it is another than the one who
// runs this, and what of the path shows it: itself, or the folder that hides it.
func ownerOf(path string) (place, owner string) {
	info, err := os.Stat(path)
	for err != nil {
		parent := filepath.Dir(path)
		if parent == path {
			return "", ""
		}
		path = parent
		info, err = os.Stat(path)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Geteuid() || os.Geteuid() == 0 {
		return "", ""
	}
	id := strconv.FormatUint(uint64(stat.Uid), 10)
	known, err := user.LookupId(id)
	if err != nil {
		return path, "#" + id // as sudo takes it
	}
	return path, known.Username
}
