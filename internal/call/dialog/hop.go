package dialog

import (
	"context"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// Hop is the server that a request is sent to, where its addresses do not say: one
// of those that the name of a carrier stands for (RFC 3263). The zero value is the
// first of the routes, or without routes the target.
type Hop struct {
	Network string // UDP, TCP or TLS
	Address netip.AddrPort

	// Name is what the certificate of a server of TLS has to be for; empty: its
	// address.
	Name string

	// Overflow sends requests of more than 1,300 bytes over TCP in place of UDP
	// (RFC 3261 section 18.1.1), and over UDP after all where nobody takes the
	// connection.
	Overflow bool
}

// Bound returns the address of the socket that a call goes to a hop by, for its sound
// to go by it too. It may stand for all addresses of this machine. The zero Addr: there
// is no socket of that family.
func (s *Stack) Bound(to Hop) netip.Addr {
	return s.boundOf(flow{network: to.Network, peer: to.Address})
}

// flowBy returns the flow to a hop, or without one to a server that nothing has
// come from. An error of the code Unavailable is one of sockets that we lack.
func (s *Stack) flowBy(ctx context.Context, hop Hop, server sip.Uri) (flow, error) {
	if hop == (Hop{}) {
		return s.way(ctx, server)
	}
	f, err := s.flowTo(hop.Network, hop.Address)
	f.name, f.overflow = hop.Name, hop.Overflow
	return f, err
}

// nameOf returns what the certificate of a server has to be for, by its address:
// its name. It is empty where that has none.
func nameOf(server sip.Uri) string {
	host := strings.Trim(server.Host, "[]")
	if _, err := netip.ParseAddr(host); err == nil {
		return ""
	}
	return host
}
