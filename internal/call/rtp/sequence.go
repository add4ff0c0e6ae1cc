package rtp

// Limits of RFC 3550 appendix A.1.
const (
	maxDropout  = 3000 // packets missing in a row before a number counts as a jump: a minute of sound
	maxMisorder = 100  // packets that one may come after its place
)

// Order is where a packet stands among those received before it.
type Order uint8

// The orders of packets. A receiver drops Duplicate and Jumped.
const (
	Next      Order = iota // after all others, with or without a gap
	Late                   // in a gap, or too long ago to tell
	Duplicate              // received before
	Jumped                 // far from all others: a stray, or the first of a source that restarted
	Restarted              // the one after Jumped, which proves the restart; counts start again
)

// Sequence follows the sequence numbers of one source (RFC 3550 appendix A.1).
// The zero value awaits the first packet. A Latch has put the source on
// probation before.
type Sequence struct {
	begun   bool
	base    uint32 // extended number of the first packet
	highest uint32 // extended number
	seen    uint64 // bit n: highest-n was received
	jump    uint16 // the number after the last Jumped …
	jumped  bool   // … if that is awaited

	received   uint32 // without duplicates
	reordered  uint32
	duplicates uint32
}

// Arrival is what Step tells of a packet.
type Arrival struct {
	// Number is the extended sequence number: it counts on where the 16 bits of
	// the packet wrap. It means nothing where Order is Jumped.
	Number uint32
	Order  Order
}

// Step takes the sequence number of a packet.
func (s *Sequence) Step(number uint16) Arrival {
	if !s.begun {
		s.restart(number)
		return Arrival{s.highest, Next}
	}
	ahead := number - uint16(s.highest)
	behind := -ahead
	switch {
	case behind <= maxMisorder:
		return s.stepBack(uint32(behind))
	case ahead < maxDropout:
		s.jumped = false
		s.highest += uint32(ahead)
		s.seen = s.seen<<ahead | 1
		s.received++
		return Arrival{s.highest, Next}
	case s.jumped && number == s.jump:
		s.restart(number)
		return Arrival{s.highest, Restarted}
	}
	s.jump, s.jumped = number+1, true
	return Arrival{0, Jumped}
}

// stepBack takes a packet that stands behind the highest, or is it again.
func (s *Sequence) stepBack(behind uint32) Arrival {
	number := s.highest - behind
	bit := uint64(1) << behind // 0 for what stands before those remembered
	if s.seen&bit != 0 {
		s.duplicates++
		return Arrival{number, Duplicate}
	}
	if int32(number-s.base) < 0 {
		s.base = number // it was sent before the first that arrived
	}
	s.seen |= bit
	s.received++
	s.reordered++
	return Arrival{number, Late}
}

// restart begins with number. The cycle is not 0, so that a packet sent before
// the first has a number too.
func (s *Sequence) restart(number uint16) {
	first := 1<<16 | uint32(number)
	*s = Sequence{begun: true, base: first, highest: first, seen: 1, received: 1}
}

// Expected returns how many packets the source sent, as far as can be told.
func (s *Sequence) Expected() uint32 {
	if !s.begun {
		return 0
	}
	return s.highest - s.base + 1
}

// Lost returns how many packets did not arrive. A late one is not lost.
func (s *Sequence) Lost() uint32 {
	return max(s.Expected(), s.received) - s.received
}
