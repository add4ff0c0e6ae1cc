//go:build !linux && !darwin

package store

// Free returns how many bytes may still be written to the disk that the
// database is on. It is not known on this system.
func (s *Store) Free() (bytes uint64, known bool) { return 0, false }
