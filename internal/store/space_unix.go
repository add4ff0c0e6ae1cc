//go:build linux || darwin

package store

import (
	"path/filepath"
	"syscall"
)

// Free returns how many bytes can still be written to the database's disk. It
// is not known for PostgreSQL.
func (s *Store) Free() (bytes uint64, known bool) {
	if s.shared() {
		return 0, false
	}
	return FreeIn(filepath.Dir(s.path))
}

// FreeIn returns how many bytes can still be written to the disk that a folder is
// on.
func FreeIn(folder string) (bytes uint64, known bool) {
	var found syscall.Statfs_t
	if err := syscall.Statfs(folder, &found); err != nil {
		return 0, false
	}
	return found.Bavail * uint64(found.Bsize), true
}
