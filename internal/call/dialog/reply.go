package dialog

import (
	"net/netip"

	"github.com/emiago/sipgo/sip"
)

// wayBack returns the connection that responses to a request go by: the one that it
// came by, or nil if that is gone. It is to be given back by TryClose, which the end
// of a transaction does.
func (s *Stack) wayBack(req *sip.Request, socket *datagrams) sip.Connection {
	if socket != nil {
		return responding{socket.conn, responseTo(req)}
	}
	conn, err := s.transport.GetConnection(req.Transport(), req.Source())
	if err != nil {
		return nil
	}
	return s.noted(conn, req.Transport(), req.Source())
}

// responding is a UDP socket that sends the responses to one request.
type responding struct {
	sip.Connection
	to string
}

// WriteMsg sends a response. sipgo makes some of them, and all to the source.
func (r responding) WriteMsg(msg sip.Message) error {
	if msg.Destination() != r.to { // repeated ones stay as they are
		msg.SetDestination(r.to)
	}
	return r.Connection.WriteMsg(msg)
}

// responseTo returns where the responses to a request go that came over UDP: to the
// address that it came from, and to the port that its Via has, unless that asks for the
// one that it came from (RFC 3261 section 18.2.2, RFC 3581 section 4).
func responseTo(req *sip.Request) string {
	from, err := netip.ParseAddrPort(req.Source())
	via := req.Via()
	if err != nil || via == nil {
		return req.Source()
	}
	if rport, ok := paramOf(via.Params, "rport"); ok && rport == "" {
		return req.Source()
	}
	port := via.Port
	if port <= 0 {
		port = sip.DefaultUdpPort
	}
	return netip.AddrPortFrom(from.Addr(), uint16(port)).String()
}
