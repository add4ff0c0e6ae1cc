package sdp

import "net/netip"

// Direction says which way sound flows, seen from the side that says it (RFC
// 8866 section 6.7). The zero Direction is SendRecv, as in SDP.
type Direction uint8

// Which ways there are. The bits say what does not flow, so that what two sides
// allow is the one or the other.
const (
	SendRecv Direction = 0
	RecvOnly Direction = 1
	SendOnly Direction = 2
	Inactive Direction = RecvOnly | SendOnly
)

// directions are the attributes, by Direction.
var directions = [...]string{"sendrecv", "recvonly", "sendonly", "inactive"}

// String returns the attribute that says d.
func (d Direction) String() string { return directions[d&Inactive] }

// Sends reports whether the side that says d sends sound.
func (d Direction) Sends() bool { return d&RecvOnly == 0 }

// Receives reports whether the side that says d wants sound.
func (d Direction) Receives() bool { return d&SendOnly == 0 }

// reverse returns d as the other side sees it.
func (d Direction) reverse() Direction { return d&RecvOnly<<1 | d&SendOnly>>1 }

// answered returns what a side says that wants d, to one that says theirs (RFC
// 3264 section 6.1): sound flows a way only if both want it.
func (d Direction) answered(theirs Direction) Direction { return d | theirs.reverse() }

// wanted returns the direction that the other side means. There are three forms
// of hold: a=sendonly, a=inactive, and the older one of an address that nobody
// has, which asks for no sound whatever the attribute says (RFC 3264 section
// 8.4). A direction of ours that answers any of them does not send.
func (m *Media) wanted() Direction {
	if m.Address.IsUnspecified() {
		return m.Direction | SendOnly
	}
	return m.Direction
}

// target returns where m's side receives RTP, or the zero AddrPort: while it is
// on hold by its address, and where it names a host in place of an address, so
// that its own packets must tell.
func (m *Media) target() netip.AddrPort {
	if !m.Address.IsValid() || m.Address.IsUnspecified() {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(m.Address, m.Port)
}
