package media

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// expedited is the DSCP of telephone calls, Expedited Forwarding (RFC 4594
// section 4.1), as the byte of the IP header.
const expedited = 46 << 2

// machineNetwork is the network of this machine.
type machineNetwork struct{}

// socket is a socket of this machine. Its system calls are raw, because none of them
// waits: a normal one costs more, and each is a chance for the runtime to take the
// thread's processor away.
type socket struct {
	fd int

	// The last address that was sent to, as the kernel wants it.
	to     netip.AddrPort
	name   unix.RawSockaddrInet6 // or its first bytes, where it is of IPv4
	length uintptr
}

// Open returns a socket bound to an address. Errors are those of the kernel, such
// as unix.EADDRINUSE.
func (machineNetwork) Open(at netip.AddrPort) (Socket, error) {
	family, name := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()})
	if at.Addr().Unmap().Is4() {
		family, name = unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().Unmap().As4()}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := prepare(fd, family, name); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("open media socket %s: %w", at, err)
	}
	return &socket{fd: fd}, nil
}

// prepare sets the options of a socket and binds it.
func prepare(fd, family int, name unix.Sockaddr) error {
	// A busy thread reads late: the kernel says when a packet arrived.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		return os.NewSyscallError("setsockopt SO_TIMESTAMPNS", err)
	}
	if family == unix.AF_INET {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, expedited) // a courtesy that networks may refuse
	} else {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, expedited)
		if err := unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1); err != nil {
			return os.NewSyscallError("setsockopt IPV6_V6ONLY", err)
		}
	}
	return os.NewSyscallError("bind", unix.Bind(fd, name))
}

// Receive is recvmmsg(2).
func (s *socket) Receive(b *Batch) int {
	h := &b.headers
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(s.fd),
		uintptr(unsafe.Pointer(&h.messages)), batchSize, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0 // nothing has arrived, or nothing will
	}
	now := time.Now().UnixNano()
	for i := range int(n) {
		b.datagrams[i] = h.datagram(b, i, now)
	}
	return int(n)
}

// Send is sendto(2).
func (s *socket) Send(datagram []byte, to netip.AddrPort) bool {
	if to != s.to {
		s.address(to)
	}
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(s.fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(datagram))), uintptr(len(datagram)), unix.MSG_DONTWAIT,
		uintptr(unsafe.Pointer(&s.name)), s.length)
	return errno == 0
}

// address makes to the address that is sent to.
func (s *socket) address(to netip.AddrPort) {
	s.to = to
	if addr := to.Addr().Unmap(); addr.Is4() {
		name := (*unix.RawSockaddrInet4)(unsafe.Pointer(&s.name))
		*name = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: networkOrder(to.Port()), Addr: addr.As4()}
		s.length = unix.SizeofSockaddrInet4
		return
	}
	s.name = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: networkOrder(to.Port()), Addr: to.Addr().As16()}
	s.length = unix.SizeofSockaddrInet6
}

// Close closes the socket.
func (s *socket) Close() error { return os.NewSyscallError("close", unix.Close(s.fd)) }

// networkOrder returns a port as a socket's address has it, or one from there.
func networkOrder(port uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], port)
	return binary.NativeEndian.Uint16(b[:])
}

// headers are the arguments of recvmmsg, which point into their Batch.
type headers struct {
	messages [batchSize]message
	vectors  [batchSize]unix.Iovec
	names    [batchSize]unix.RawSockaddrInet6
	controls [batchSize]control
}

// message is a struct mmsghdr.
type message struct {
	header unix.Msghdr
	length uint32
}

// control is the one control message that we ask for: when a datagram arrived, by
// the clock on the wall.
type control struct {
	header unix.Cmsghdr
	at     unix.Timespec
}

func (h *headers) init(b *Batch) {
	for i := range h.messages {
		h.vectors[i].Base = &b.memory[i][0]
		h.vectors[i].SetLen(mtu)
		h.messages[i].header = unix.Msghdr{Iov: &h.vectors[i], Name: (*byte)(unsafe.Pointer(&h.names[i])), Control: (*byte)(unsafe.Pointer(&h.controls[i]))}
		h.messages[i].header.SetIovlen(1)
		h.reset(i)
	}
}

// reset says how much room there is for the message i; the kernel writes over it
// how much it took.
func (h *headers) reset(i int) {
	h.messages[i].header.Namelen = unix.SizeofSockaddrInet6
	h.messages[i].header.SetControllen(int(unsafe.Sizeof(control{})))
	h.controls[i].header = unix.Cmsghdr{}
}

// datagram returns the message i, which was received. One that is too long is
// empty, as noise is.
func (h *headers) datagram(b *Batch, i int, now int64) datagram {
	d := datagram{bytes: b.memory[i][:h.messages[i].length], from: addressOf(&h.names[i])}
	if h.messages[i].header.Flags&unix.MSG_TRUNC != 0 {
		d.bytes = nil
	}
	if c := &h.controls[i]; c.header.Level == unix.SOL_SOCKET && c.header.Type == unix.SO_TIMESTAMPNS {
		d.age = max(0, time.Duration(now-c.at.Nano()))
	}
	h.reset(i)
	return d
}

// addressOf reads an address that the kernel wrote.
func addressOf(name *unix.RawSockaddrInet6) netip.AddrPort {
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), networkOrder(v4.Port))
	}
	return netip.AddrPortFrom(netip.AddrFrom16(name.Addr), networkOrder(name.Port))
}
