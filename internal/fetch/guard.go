package fetch

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"code.dny.dev/ssrf"
)

// Guard says which addresses may be dialled. The zero value allows public
// addresses only.
//
// Whatever is set, these are never dialled: link-local addresses and the
// metadata services of clouds, which give credentials to anyone who asks;
// 0.0.0.0/8 and ::, multicast, documentation, benchmark and reserved ranges; and
// IPv6 addresses that carry an IPv4 address inside (6to4, Teredo, NAT64). An
// IPv4-mapped IPv6 address is judged as the IPv4 address it is.
type Guard struct {
	// Loopback allows 127.0.0.0/8 and ::1: responders on this machine.
	Loopback bool

	// Private allows RFC 1918, RFC 4193 (fc00::/7) and RFC 6598
	// (100.64.0.0/10): responders on networks of one's own.
	Private bool
}

// The prefixes that a Guard may allow, and those of services that clouds keep
// for their machines outside the link-local ranges, by vendor's documentation.
var (
	loopbackV4 = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	loopbackV6 = []netip.Prefix{netip.MustParsePrefix("::1/128")}
	privateV4  = []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("100.64.0.0/10"),
	}
	privateV6 = []netip.Prefix{netip.MustParsePrefix("fc00::/7")}

	cloudServices = []netip.Prefix{
		netip.MustParsePrefix("168.63.129.16/32"),       // Azure, a public address
		netip.MustParsePrefix("100.100.100.200/32"),     // Alibaba Cloud
		netip.MustParsePrefix("fd00:100::100:200/128"),  // Alibaba Cloud
		netip.MustParsePrefix("fd00:ec2::/32"),          // Amazon
		netip.MustParsePrefix("fd20:ce::254/128"),       // Google
		netip.MustParsePrefix("fd00:c1::a9fe:a9fe/128"), // Oracle
		netip.MustParsePrefix("fd00:42::42/128"),        // Scaleway
		netip.MustParsePrefix("fd00:a9fe:a9fe::1/128"),  // Akamai (Linode)
	}
)

// Judge returns why an address must not be dialled, or nil: for those who dial
// otherwise than by a Client. A name is to be looked up once, judged and dialled by
// the address found, since it may stand for another the next time.
func (g Guard) Judge(addr netip.Addr) error {
	network := "tcp4"
	if addr.Is6() {
		network = "tcp6"
	}
	return g.control()(network, netip.AddrPortFrom(addr, 443).String(), nil) // any port is allowed
}

// Dial connects with a host and port over TCP, for those who speak another
// protocol than HTTP there. The error is an *Error.
func (g Guard) Dial(ctx context.Context, address string) (net.Conn, error) {
	d := dialer{dial: (&net.Dialer{Control: g.control()}).DialContext}
	return d.connect(ctx, "tcp", address)
}

// control returns the check for net.Dialer.Control, which is called with the
// very address that is about to be connected.
func (g Guard) control() func(network, address string, _ syscall.RawConn) error {
	var v4, v6 []netip.Prefix
	if g.Loopback {
		v4, v6 = append(v4, loopbackV4...), append(v6, loopbackV6...)
	}
	if g.Private {
		v4, v6 = append(v4, privateV4...), append(v6, privateV6...)
	}
	guardian := ssrf.New(
		// A developer's responder may listen on any port.
		ssrf.WithAnyPort(),
		ssrf.WithNetworks("tcp4", "tcp6"),
		ssrf.WithAllowedV4Prefixes(v4...),
		ssrf.WithAllowedV6Prefixes(v6...),
	)
	return func(network, address string, conn syscall.RawConn) error {
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			return &guardError{err: err}
		}
		addr := target.Addr().Unmap()
		if contains(cloudServices, addr) {
			return &guardError{addr: addr, err: ssrf.ErrProhibitedIP}
		}
		judged := netip.AddrPortFrom(addr, target.Port()).String()
		if err := guardian.Safe(network, judged, conn); err != nil {
			return &guardError{addr: addr, err: err}
		}
		return nil
	}
}

// guardError is the guard's refusal of an address.
type guardError struct {
	addr netip.Addr
	err  error
}

func (e *guardError) Error() string { return fmt.Sprintf("guard refused %s: %v", e.addr, e.err) }
func (e *guardError) Unwrap() error { return e.err }

// explain returns what kind of address was refused, and what to do about it.
func (e *guardError) explain() (what, hint string) {
	const public = "give the responder's public name"
	const private = "if the responder belongs there, allow private responders (allow_private_responders, or SWITCHHOOK_ALLOW_PRIVATE_RESPONDERS=true); else " + public
	switch addr := e.addr; {
	case contains(cloudServices, addr), addr.IsLinkLocalUnicast():
		return "a link-local address or one where a cloud keeps its credentials", "no setting allows it; " + public
	case addr.IsLoopback():
		return "this machine itself", private
	case contains(privateV4, addr), contains(privateV6, addr):
		return "a private address", private
	default:
		return "not an address of the public internet", "no setting allows it; " + public
	}
}

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(addr) })
}
