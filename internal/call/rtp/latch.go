package rtp

import "net/netip"

const (
	probation  = 3 // packets that make a source believed
	candidates = 4 // sources on probation at once
)

// Verdict is what a Latch says of a packet.
type Verdict uint8

// The verdicts. Only of packets that are accepted anything is used: sound, and
// digits above all.
const (
	Ignored  Verdict = iota
	Accepted         // from the source
	Learned          // accepted, and its source is the one from now on
)

// Latch finds out where a caller's RTP comes from, and so where ours is sent:
// behind a NAT the address in the session description is not the one (symmetric
// RTP, RFC 4961; learning it, RFC 7362 section 4). The first source that sends
// three valid packets of one SSRC is believed; until then the address that was told
// is heard, so that a word at the beginning is not lost. Then nobody else is, until
// a re-INVITE: anyone can send packets to a port. The address that was told is the
// exception: three packets from there take the sound back from somebody who sent to
// the port before the caller did.
type Latch struct {
	strict   bool
	told     netip.AddrPort // by the session description
	source   netip.AddrPort // believed; zero: none yet
	learning bool
	tried    [candidates]candidate
	next     int // of tried, to be overwritten
}

// candidate is a source on probation.
type candidate struct {
	from    netip.AddrPort
	ssrc    uint32
	last    uint16 // sequence number
	packets int
}

// NewLatch returns a Latch for a call whose session description told this
// address. A strict one believes that address alone, and at once.
func NewLatch(told netip.AddrPort, strict bool) Latch {
	l := Latch{strict: strict}
	l.Renew(told)
	return l
}

// Renew begins again after a re-INVITE. The source until now stays believed
// until there is another, so that no sound is lost.
func (l *Latch) Renew(told netip.AddrPort) {
	l.told = plain(told)
	l.learning = !l.strict
	l.tried, l.next = [candidates]candidate{}, 0
	if l.strict {
		l.source = l.told
	}
}

// Target returns where to send: to the source, or before one is known to the
// address that was told.
func (l *Latch) Target() netip.AddrPort {
	if l.source.IsValid() {
		return l.source
	}
	return l.told
}

// Step judges a packet by its source. The caller has seen that it is RTP of a
// payload type that was agreed on.
func (l *Latch) Step(from netip.AddrPort, h Header) Verdict {
	from = plain(from)
	if l.open(from) && l.prove(from, h) {
		l.learning = false
		l.tried = [candidates]candidate{}
		if from != l.source {
			l.source = from
			return Learned
		}
	}
	if from == l.Target() {
		return Accepted
	}
	return Ignored
}

// Believes reports whether a source is the one that is heard.
func (l *Latch) Believes(from netip.AddrPort) bool { return plain(from) == l.Target() }

// open says whether a source may still come to be believed.
func (l *Latch) open(from netip.AddrPort) bool {
	return l.learning || !l.strict && from == l.told && from != l.source
}

// prove says whether this packet is the last that its source had to send.
func (l *Latch) prove(from netip.AddrPort, h Header) bool {
	for i := range l.tried {
		c := &l.tried[i]
		if c.packets == 0 || c.from != from || c.ssrc != h.SSRC {
			continue
		}
		step := int16(h.Sequence - c.last)
		switch {
		case step == 0:
			return false // the same packet again
		case step < -maxMisorder || step > maxMisorder:
			c.packets = 0 // numbers at random are no stream
		}
		c.last = h.Sequence
		c.packets++
		return c.packets >= probation
	}
	l.tried[l.next] = candidate{from, h.SSRC, h.Sequence, 1}
	l.next = (l.next + 1) % candidates
	return false
}

// plain returns a without what tells two spellings of one address apart: an
// IPv4 address that a socket of IPv6 received.
func plain(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
