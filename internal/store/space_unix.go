//go:build linux || darwin

package store

import (
	"path/filepath"
	"syscall"
)

// Free returns how many bytes may still be written to the disk that the
// database is on. It is not known of PostgreSQL's disk.
func (s *Store) Free() (bytes uint64, known bool) {
	if s.shared() {
		return 0, false
	}
	var found syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(s.path), &found); err != nil {
		return 0, false
	}
	return found.Bavail * uint64(found.Bsize), true
}
