//go:build !linux

package dialog

import "syscall"

// mark does nothing: calls are served on Linux alone.
func mark(syscall.RawConn) {}
