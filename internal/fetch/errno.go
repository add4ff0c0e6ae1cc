//go:build !windows

package fetch

import "syscall"

var (
	connectionRefused = []error{syscall.ECONNREFUSED}
	hostUnreachable   = []error{syscall.EHOSTUNREACH, syscall.ENETUNREACH}
)
