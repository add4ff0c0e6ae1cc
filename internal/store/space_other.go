//go:build !linux && !darwin

package store

// Free returns how many bytes can still be written to the database's disk. It
// is not known on this system.
func (s *Store) Free() (bytes uint64, known bool) { return 0, false }
