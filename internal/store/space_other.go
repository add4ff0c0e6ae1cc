//go:build !linux && !darwin

package store

// FreeIn returns how many bytes can still be written to the disk that a folder is
// on. It is not known on this system.
func FreeIn(string) (bytes uint64, known bool) { return 0, false }

// Free returns how many bytes can still be written to the database's disk. It
// is not known on this system.
func (s *Store) Free() (bytes uint64, known bool) { return 0, false }
