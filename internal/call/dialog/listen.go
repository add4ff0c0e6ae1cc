package dialog

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"syscall"

	"github.com/switchhook/switchhook/internal/fault"
)

// The networks of a Listen.
const (
	UDP = "udp"
	TCP = "tcp"
	TLS = "tls"
)

// ReceiveBuffer is what the kernel holds of a UDP socket before it is read. With
// the default of Linux, 208 KiB, callers had to send again from 4,000 calls a
// second on.
const ReceiveBuffer = 4 << 20

// Listen is an address that the stack is reached at.
type Listen struct {
	Network string         // UDP, TCP or TLS
	Address netip.AddrPort // port 0: any that is free

	// Public is Address as others see it who are not Config.Near, such as on a router
	// in front of us; port 0: that of Address. It goes into Via and Contact, and its
	// address into session descriptions. The zero value is Address, or where that
	// stands for all addresses of this machine, the one on the way to the other side.
	Public netip.AddrPort
}

// opened is a Listen with its socket. Address has the port that it got.
type opened struct {
	Listen
	packets  *net.UDPConn // of UDP
	listener net.Listener // of the others
}

// open opens the socket. Each is of one family: of "0.0.0.0" and "[::]" at one
// port, neither hears what the other should.
func (l Listen) open(config *tls.Config, log *slog.Logger) (opened, error) {
	family := "6"
	if l.Address.Addr().Is4() {
		family = "4"
	}
	if l.Network == TLS && config == nil {
		return opened{}, fault.Newf(fault.Invalid, "SIP over TLS needs a certificate")
	}
	switch l.Network {
	case UDP:
		packets, err := net.ListenUDP("udp"+family, net.UDPAddrFromAddrPort(l.Address))
		if err != nil {
			return opened{}, l.cannot(err)
		}
		enlarge(packets, l.Address, log)
		markSocket(packets)
		l.Address = addressOf(packets.LocalAddr())
		return opened{Listen: l, packets: packets}, nil
	case TCP, TLS:
		listener, err := net.ListenTCP("tcp"+family, net.TCPAddrFromAddrPort(l.Address))
		if err != nil {
			return opened{}, l.cannot(err)
		}
		l.Address = addressOf(listener.Addr())
		if l.Network == TCP {
			return opened{Listen: l, listener: marking{listener}}, nil
		}
		return opened{Listen: l, listener: tls.NewListener(marking{listener}, config)}, nil
	}
	return opened{}, fault.Newf(fault.Invalid, "SIP over %q is not known", l.Network)
}

func (l Listen) cannot(err error) error {
	return fmt.Errorf("listen for SIP at %s over %s: %w", l.Address, strings.ToUpper(l.Network), err)
}

// close closes the socket.
func (o *opened) close() {
	if o.packets != nil {
		_ = o.packets.Close() // nothing is lost: who reads sees that it is closed
	} else {
		_ = o.listener.Close()
	}
}

// marking is a listener that marks what it accepts. With IPv4 Linux would do so by
// itself.
type marking struct{ *net.TCPListener }

// Accept returns the next connection.
func (m marking) Accept() (net.Conn, error) {
	conn, err := m.AcceptTCP()
	if err != nil {
		return nil, err
	}
	markSocket(conn)
	return conn, nil
}

// markSocket is mark, of an open socket.
func markSocket(s syscall.Conn) {
	if raw, err := s.SyscallConn(); err == nil {
		mark(raw)
	}
}

// enlarge asks for a large receive buffer, and says so if there is none.
func enlarge(packets *net.UDPConn, address netip.AddrPort, log *slog.Logger) {
	err := packets.SetReadBuffer(ReceiveBuffer)
	got := receiveBufferOf(packets)
	if err == nil && (got == 0 || got >= ReceiveBuffer) {
		return
	}
	log.Warn("receive buffer is small", "address", address.String(), "bytes", got, "wanted", ReceiveBuffer, "hint", "raise net.core.rmem_max")
}

// addressOf returns a socket's address.
func addressOf(a net.Addr) netip.AddrPort {
	var found netip.AddrPort
	switch a := a.(type) {
	case *net.UDPAddr:
		found = a.AddrPort()
	case *net.TCPAddr:
		found = a.AddrPort()
	}
	return netip.AddrPortFrom(found.Addr().Unmap(), found.Port())
}
