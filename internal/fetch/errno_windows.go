package fetch

import "syscall"

// The numbers that Winsock returns; those of package syscall with POSIX names
// are invented on Windows and never come from a socket.
// https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2
var (
	connectionRefused = []error{syscall.Errno(10061)}
	hostUnreachable   = []error{syscall.Errno(10065), syscall.Errno(10051)}
)
