package dialog

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// signalling is the DSCP of what sets calls up, CS5 (RFC 4594 section 4.2), as the
// byte of the IP header. Expedited Forwarding is for their sound alone: networks
// drop what comes in bursts there.
const signalling = 40 << 2

// mark asks the network to carry what a socket sends as signalling. Networks may
// ignore it, and the option of the other family fails: neither matters.
func mark(socket syscall.RawConn) {
	_ = socket.Control(func(fd uintptr) { // fails where the socket is closed
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_TOS, signalling)
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_TCLASS, signalling)
	})
}
