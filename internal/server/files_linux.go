package server

import "golang.org/x/sys/unix"

// OpenFilesLimit returns how many files the process may have open. The runtime has
// raised the limit to what the system allows.
func OpenFilesLimit() (limit uint64, known bool) {
	var l unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l)
	return l.Cur, err == nil
}
