package sdp

import (
	"net/netip"
	"slices"

	"github.com/switchhook/switchhook/internal/fault"
)

// Session is the state of offers and answers of a dialog (RFC 3264 section 8).
// It is a value: a copy goes to each further dialog that an INVITE of ours forks
// into, as it is when the offer was made. At any time there is one offer at most
// without an answer; who must wait is for the dialog to say (RFC 3261 section
// 14.1, RFC 6337).
//
// The methods change nothing when they return an error.
type Session struct {
	origin  Origin
	sent    *Description // the last of ours; optional
	offered *Description // ours without an answer; optional
	shape   []Media      // of ours in the last agreement: their number and order stay
	sound   int          // which of them is the sound
	agreed  Agreement
	numbers payloads
}

// NewSession returns a session whose descriptions carry the given id, which
// should be unlike those of other sessions of this host (RFC 8866 section 5.2).
func NewSession(id uint64) Session { return Session{origin: Origin{ID: id}} }

// Agreement returns what has been agreed on last; its Codec is "" before.
func (s *Session) Agreement() Agreement { return s.agreed }

// Answer returns our answer to an offer, and what changes with it. To the same
// offer it is the same, to the byte. An UnacceptableError leaves what was agreed
// on as it is.
func (s *Session) Answer(offer *Description, local Local) (*Description, Changes, error) {
	local = local.after(s.agreed.Codec.Codec)
	lines, agreed, at, err := local.answer(offer)
	if err != nil {
		return nil, Changes{}, err
	}
	answer := s.send(lines, local)
	s.numbers.note(offer.Media[at].Formats)
	return answer, s.settle(answer, at, agreed), nil
}

// Offer returns our offer: the first of a call, or one that changes what was
// agreed on. Lines of the other side that were refused are in it, refused.
func (s *Session) Offer(local Local) *Description {
	local = local.after(s.agreed.Codec.Codec)
	lines := make([]Media, max(len(s.shape), 1))
	for i := range s.shape {
		lines[i] = s.shape[i].refused()
	}
	var last []Format
	if s.sent != nil {
		last = s.sent.Media[s.sound].Formats
	}
	lines[s.sound] = local.offer(&s.numbers, last)
	if len(s.shape) > 0 {
		lines[s.sound].Kind, lines[s.sound].Protocol = s.shape[s.sound].Kind, s.shape[s.sound].Protocol
	}
	s.offered = s.send(lines, local)
	return s.offered
}

// Repeat returns our description in the last agreement as an offer that changes
// nothing, which is what keeps a session alive (RFC 4028 section 7.4). There must
// have been an agreement.
func (s *Session) Repeat() *Description {
	s.offered = s.send(s.shape, Local{})
	return s.offered
}

// Withdraw forgets our offer, which the other side has refused: what was agreed
// on stays.
func (s *Session) Withdraw() { s.offered = nil }

// Accept takes the other side's answer to our offer, and returns what changes
// with it. Only the first answer to an offer counts (RFC 3261 section 13.2.1): a
// further one is a fault.Error of the code Refused. An UnacceptableError means
// that they took no codec of ours.
func (s *Session) Accept(answer *Description) (Changes, error) {
	if s.offered == nil {
		return Changes{}, fault.Newf(fault.Refused, "the session description answers no offer")
	}
	if len(answer.Media) <= s.sound {
		return Changes{}, &UnacceptableError{warnMedia, "the answer lacks our line of audio"}
	}
	ours, theirs := &s.offered.Media[s.sound], &answer.Media[s.sound]
	if !theirs.isSound() {
		return Changes{}, &UnacceptableError{warnMedia, "the answer refuses audio"}
	}
	local := Local{Address: netip.AddrPortFrom(ours.Address, ours.Port)}
	if unfit := local.reach(theirs); unfit != nil {
		return Changes{}, unfit
	}
	agreed := agree(ours, theirs)
	if agreed.Codec.Codec == "" {
		return Changes{}, &UnacceptableError{warnFormat, "no codec in common: answered were " + listed(codecsOf(theirs.Formats))}
	}
	s.numbers.note(theirs.Formats)
	return s.settle(s.offered, s.sound, agreed), nil
}

// send gives lines the next version, or that of our last description if they say
// the same (RFC 3264 section 8).
func (s *Session) send(lines []Media, local Local) *Description {
	if s.origin.Address == "" {
		s.origin.Address = local.Address.Addr().Unmap().String()
	}
	d := &Description{Origin: s.origin, Media: lines}
	if s.sent != nil && d.same(s.sent) {
		return s.sent
	}
	s.origin.Version++
	d.Origin = s.origin
	s.sent = d
	return d
}

// settle makes what was agreed on the state, and returns what it changes.
func (s *Session) settle(ours *Description, sound int, agreed Agreement) Changes {
	changes := agreed.changesSince(s.agreed)
	s.offered, s.shape, s.sound, s.agreed = nil, ours.Media, sound, agreed
	return changes
}

// Changes says in what an agreement differs from the one before it.
type Changes struct {
	Address   bool // where we send: the host
	Port      bool // where we send: the port
	Codec     bool // what flows, or by which number
	Direction bool // which way, or whether we are on hold
	Ptime     bool // how much sound a packet has
}

// Any reports whether anything changes.
func (c Changes) Any() bool { return c != Changes{} }

func (a *Agreement) changesSince(before Agreement) Changes {
	return Changes{
		Address:   a.Remote.Addr() != before.Remote.Addr(),
		Port:      a.Remote.Port() != before.Remote.Port(),
		Codec:     a.Codec != before.Codec || a.Events != before.Events || !slices.Equal(a.Receive, before.Receive),
		Direction: a.Direction != before.Direction || a.Held != before.Held,
		Ptime:     a.Ptime != before.Ptime,
	}
}
