package dialog

import (
	"net"

	"golang.org/x/sys/unix"
)

// receiveBufferOf returns how many bytes of datagrams the kernel holds for a
// socket, 0 if it does not say. It reports twice what it was asked for, because
// half is for what goes with each datagram (socket(7)).
func receiveBufferOf(packets *net.UDPConn) (bytes int) {
	raw, err := packets.SyscallConn()
	if err != nil {
		return 0
	}
	err = raw.Control(func(fd uintptr) {
		if n, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF); err == nil {
			bytes = n / 2
		}
	})
	if err != nil {
		return 0
	}
	return bytes
}
