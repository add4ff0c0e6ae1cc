//go:build !linux

package server

// OpenFilesLimit returns nothing: calls over SIP need Linux.
func OpenFilesLimit() (limit uint64, known bool) { return 0, false }
