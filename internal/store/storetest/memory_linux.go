package storetest

import "syscall"

// memory returns a folder in memory, if the machine has one with room for the
// data of a package's tests. On a disk a copy of PostgreSQL's tables, which is
// a thousand files, takes five times as long.
func memory() string {
	const (
		folder = "/dev/shm"
		room   = 4 << 30 // several packages are tested at once
	)
	var found syscall.Statfs_t
	if err := syscall.Statfs(folder, &found); err != nil || found.Bavail*uint64(found.Bsize) < room {
		return ""
	}
	return folder
}
