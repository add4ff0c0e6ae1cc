//go:build !linux

package server

// openFilesLimit returns nothing: calls over SIP need Linux.
func openFilesLimit() (limit uint64, known bool) { return 0, false }
