package dialog

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/fault"
)

// largeRequest is how many bytes a request over UDP may have where the way takes
// larger ones over TCP (RFC 3261 section 18.1.1).
const largeRequest = 1300

// flow is the way to the other side of a dialog. Requests take the way that the
// other side's came by: the connection of TCP or TLS, which many carriers and all
// telephones behind a NAT insist on, or the UDP socket, by whose address they
// know us.
type flow struct {
	network string         // UDP, TCP or TLS
	local   netip.AddrPort // ours: of UDP the socket's; port 0: any
	peer    netip.AddrPort

	// overflow sends requests of more than largeRequest bytes over TCP in place of
	// UDP, and over UDP after all where nobody takes the connection.
	overflow bool

	name string // what a certificate of TLS has to be for; empty: the peer's address
}

// flowOf returns the flow that a request came by.
func flowOf(req *sip.Request) (flow, error) {
	peer, err := netip.ParseAddrPort(req.Source())
	if err != nil {
		return flow{}, fmt.Errorf("read the source of a request: %w", err)
	}
	f := flow{network: strings.ToLower(req.Transport()), peer: peer}
	if ip, ok := netip.AddrFromSlice(req.Laddr.IP); ok {
		f.local = netip.AddrPortFrom(ip.Unmap(), uint16(req.Laddr.Port))
	}
	return f, nil
}

// flowTo returns the flow to an address that nothing has come from: from the
// first socket of ours of that network and family. An error is a fault.Error of
// the code Unavailable.
func (s *Stack) flowTo(network string, peer netip.AddrPort) (flow, error) {
	f := flow{network: network, peer: peer}
	l := s.listenOf(f)
	switch {
	case network == UDP && l == nil:
		return flow{}, fault.Newf(fault.Unavailable, "there is no SIP socket of UDP that reaches %s", peer)
	case network == UDP:
		f.local = l.Address
	case l != nil && !l.Address.Addr().IsUnspecified():
		f.local = netip.AddrPortFrom(l.Address.Addr(), 0)
	}
	return f, nil
}

// hop returns the flow of a request within a dialog to its next hop, the first
// route or the remote target (RFC 3261 section 12.2.1.1): the dialog's own if
// that is an open connection, or if the hop is written with an address that the
// other side has only behind a NAT.
func (s *Stack) hop(ctx context.Context, f flow, target sip.Uri) (flow, error) {
	if f.network != UDP && s.connected(f) {
		return f, nil
	}
	network := f.network // unless the target says which
	if _, says := paramOf(target.UriParams, "transport"); says || target.IsEncrypted() {
		network = strings.ToLower(transportOf(target))
	}
	port := target.Port
	if port == 0 {
		port = sip.DefaultPort(network)
	}
	host, err := resolve(ctx, target.Host, f.peer.Addr().Is4())
	if err != nil {
		return flow{}, err
	}
	if hidden(host, f.peer.Addr()) {
		return f, nil
	}
	to, name := netip.AddrPortFrom(host, uint16(port)), nameOf(target)
	if name == "" && to == f.peer {
		name = f.name
	}
	if network == f.network && f.local.Addr().Is4() == host.Is4() {
		return flow{network, f.local, to, f.overflow, name}, nil
	}
	next, err := s.flowTo(network, to)
	next.name = name
	return next, err
}

// resolve returns the address of a host, of IPv4 where that is wanted and there
// is one.
func resolve(ctx context.Context, host string, v4 bool) (netip.Addr, error) {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return a.Unmap(), nil
	}
	all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("find where to send a SIP request: %w", err)
	}
	for _, a := range all {
		if a.Unmap().Is4() == v4 {
			return a.Unmap(), nil
		}
	}
	return all[0].Unmap(), nil // there is one if there is no error
}

// hidden reports whether the other side wrote an address that nobody reaches from
// where we see it.
func hidden(written, seen netip.Addr) bool {
	return written != seen && (written.IsUnspecified() || private(written) && !private(seen))
}

// carrierNAT is shared by the customers of a provider (RFC 6598).
var carrierNAT = netip.MustParsePrefix("100.64.0.0/10")

// private reports whether an address is not one of the Internet.
func private(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || carrierNAT.Contains(a)
}

// connected reports whether the connection of a flow is open.
func (s *Stack) connected(f flow) bool {
	c, err := s.transport.GetConnection(f.network, f.peer.String())
	if err != nil {
		return false
	}
	_, err = c.TryClose() // gives back what GetConnection took
	return err == nil
}

// sentBy returns what stands in Via and Contact of what is sent on a flow: where
// the other side reaches us. It is the zero value where we listen at nothing of
// that network.
func (s *Stack) sentBy(f flow) netip.AddrPort {
	l := s.listenOf(f)
	switch {
	case l == nil:
		return netip.AddrPort{}
	case l.Public.IsValid() && !s.near(f.peer.Addr()):
		return l.Public
	case f.local.Port() > 0 && !f.local.Addr().IsUnspecified():
		return f.local
	case !l.Address.Addr().IsUnspecified():
		return l.Address
	}
	ours := netip.AddrPortFrom(localTowards(f.peer), l.Address.Port())
	s.ours.Store(ours, true)
	return ours
}

// reachable returns the flow by which the other side reaches us: where we listen at
// nothing of its network, one of another network. Our connection is no place to be
// reached at once it is gone.
func (s *Stack) reachable(f flow) flow {
	for _, network := range [...]string{f.network, UDP, TCP, TLS} {
		other := flow{network: network, peer: f.peer}
		if network == f.network {
			other = f
		}
		if s.listenOf(other) != nil {
			return other
		}
	}
	return f
}

// ourAddress returns where the other side of a flow sends sound: our address, which
// is that of the connection's family where we listen at nothing of that.
func (s *Stack) ourAddress(f flow) netip.Addr {
	if ours := s.sentBy(s.reachable(f)); ours.IsValid() {
		return ours.Addr()
	}
	return localTowards(f.peer)
}

// boundOf returns the address of the socket that a flow goes by, or else of another
// one of the same family.
func (s *Stack) boundOf(f flow) netip.Addr {
	if l := s.listenOf(s.reachable(f)); l != nil {
		return l.Address.Addr()
	}
	return f.local.Addr()
}

// listenOf returns the Listen that a flow goes by, or else another of the same
// network and family, or nil.
func (s *Stack) listenOf(f flow) *Listen {
	var found *Listen
	for i := range s.listens {
		l := &s.listens[i].Listen
		if l.Network != f.network || l.Address.Addr().Is4() != f.peer.Addr().Is4() {
			continue
		}
		if l.Address.Port() == f.local.Port() && (l.Address == f.local || l.Address.Addr().IsUnspecified()) {
			return l
		}
		if found == nil {
			found = l
		}
	}
	return found
}

// localTowards returns the address of ours that packets to a peer leave with, or
// the unspecified one if none do. Nothing is sent.
func localTowards(peer netip.AddrPort) netip.Addr {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(peer))
	if err != nil {
		return netip.IPv4Unspecified()
	}
	defer func() { _ = conn.Close() }() // nothing was written
	return addressOf(conn.LocalAddr()).Addr()
}

// send begins a transaction with a request on a flow, of which l hears. A request
// without a Via gets one; one that has it is a CANCEL, and goes where its INVITE went,
// which need not be the flow (RFC 3261 section 9.1).
func (s *Stack) send(ctx context.Context, f flow, req *sip.Request, l listener) (*clientTx, error) {
	if f.network == UDP && f.overflow && req.Via() == nil && len(req.String()) > largeRequest {
		tx, err := s.send(ctx, flow{network: TCP, peer: f.peer}, req, l)
		if err == nil {
			return tx, nil
		}
		req.RemoveHeader("Via") // of TCP
		f.overflow = false
		return s.send(ctx, f, req, l)
	}
	if err := s.secure(ctx, f); err != nil {
		return nil, err
	}
	if err := s.address(ctx, f, req); err != nil {
		return nil, err
	}
	conn, err := s.connection(ctx, req)
	var tx *clientTx
	if err == nil {
		tx, err = s.transactions.request(conn, req, l)
	}
	if err != nil {
		return nil, fmt.Errorf("send %s to %s over %s: %w", req.Method, f.peer, strings.ToUpper(f.network), err)
	}
	return tx, nil
}

// connection returns the connection that a request goes by. It is to be given back by
// TryClose, which the end of a transaction does.
func (s *Stack) connection(ctx context.Context, req *sip.Request) (sip.Connection, error) {
	conn, err := s.transport.ClientRequestConnection(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("find a connection: %w", err)
	}
	return s.noted(conn, req.Transport(), req.Destination()), nil
}

// acknowledgeAnswer sends the ACK of a 2xx on a flow, which has no transaction.
func (s *Stack) acknowledgeAnswer(ctx context.Context, f flow, ack *sip.Request) error {
	if err := s.secure(ctx, f); err != nil {
		return err
	}
	if err := s.address(ctx, f, ack); err != nil {
		return err
	}
	conn, err := s.connection(ctx, ack)
	if err == nil {
		err = conn.WriteMsg(ack)
		_, _ = conn.TryClose() // fails where it has been closed meanwhile
	}
	if err != nil {
		return fmt.Errorf("send ACK to %s over %s: %w", f.peer, strings.ToUpper(f.network), err)
	}
	return nil
}

// address puts a request on a flow, when the sockets are read from. An error is a
// fault.Error of the code Unavailable, or the end of ctx.
func (s *Stack) address(ctx context.Context, f flow, req *sip.Request) error {
	select {
	case <-s.ready:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.ended() {
		return fault.Newf(fault.Unavailable, "SIP is being closed")
	}
	if req.IsCancel() {
		return nil // it goes where its INVITE went (RFC 3261 section 9.1), over TCP if that was too large
	}
	req.SetTransport(strings.ToUpper(f.network))
	req.SetDestination(f.peer.String())
	req.Laddr = sip.Addr{}
	switch {
	case f.network == UDP:
		req.Laddr = laddrOf(f.local)
	case f.local.Addr().IsValid():
		// With a port, sipgo would take whichever connection was accepted at it last.
		req.Laddr = laddrOf(netip.AddrPortFrom(f.local.Addr(), 0))
	}
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: req.Transport()}
	if ours := s.sentBy(f); ours.IsValid() { // otherwise sipgo puts the connection's there
		via.Host, via.Port = ours.Addr().String(), int(ours.Port())
	}
	via.Params.Add("branch", sip.GenerateBranch())
	via.Params.Add("rport", "") // RFC 3581 section 3
	req.PrependHeader(via)
	return nil
}

// laddrOf returns an address of ours as sipgo has them.
func laddrOf(a netip.AddrPort) sip.Addr {
	return sip.Addr{IP: a.Addr().AsSlice(), Port: int(a.Port())}
}
