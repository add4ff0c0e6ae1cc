package dialog

import (
	"errors"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

// maxRetryAfter is the longest wait that a 500 can ask for (RFC 3261 section 14.2).
const maxRetryAfter = 10 * time.Second

// modifyDo is a kind of modifyStep.
type modifyDo uint8

// Requests and responses to send, and what to tell.
const (
	modifyInvite modifyDo = iota // send a re-INVITE with body
	modifyUpdate                 // send an UPDATE, with body if there is one
	modifyCancel                 // send CANCEL for our re-INVITE
	modifyAck                    // send ACK for the 2xx to our re-INVITE
	modifyAnswer                 // answer their request, finally
	modifyAgreed                 // what was agreed on has changed
	modifyFailed                 // our change or refresh came to nothing, by this status; what was agreed on stays
	modifyOver                   // the other side has no such call any more: send BYE
)

// modifyStep is one thing that a modifier wants done.
type modifyStep struct {
	do         modifyDo
	body       *sdp.Description       // of modifyInvite, modifyUpdate, modifyAnswer; optional
	status     int                    // of modifyAnswer, modifyFailed
	retryAfter time.Duration          // of modifyAnswer with 500
	warning    *sdp.UnacceptableError // of modifyAnswer with 488
	changes    sdp.Changes            // of modifyAgreed
	refresh    bool                   // of modifyFailed: it was a refresh
}

// offerer says by whom an offer was made that is not yet answered.
type offerer uint8

const (
	byNobody offerer = iota
	byUs
	byThem
)

// initialInvite is how far the INVITE is that the dialog began with.
type initialInvite uint8

const (
	initialPending  initialInvite = iota // no final response yet
	initialAnswered                      // ours is sent, and its ACK is to come
	initialOver                          // ACK was sent, or has arrived
)

// modifier changes what was agreed on in a dialog, by re-INVITE and UPDATE of
// either side (RFC 3261 section 14, RFC 3311): hold, other codecs, other ports. It
// sees to it that one offer at most is open, and that two sides which begin at the
// same time both get through (RFC 6337 section 4).
//
// Their offers are answered at once from our side of the sound. Our changes wait
// until nothing else is under way. A 401, 407 or 422 after which the same request
// goes out again is none of its business: it is told the last response.
type modifier struct {
	timing  timing
	owner   bool            // the Call-ID is ours: we began the call
	draw    func(n int) int // at random, 0 to n-1
	session sdp.Session     // of the dialog, from its first offer on
	local   sdp.Local       // our side, as it is agreed on
	updates bool            // they allow UPDATE

	initial initialInvite
	open    offerer
	unacked bool   // our 2xx to a re-INVITE has no ACK yet
	number  uint32 // CSeq of that re-INVITE
	over    bool   // the dialog has ended

	want   wish
	wanted sdp.Local     // our side, as we want it, with wishChange
	after  time.Duration // ours is not sent before
	sent   int           // how often the wish at hand was
	flight flight
}

// newModifier returns the modifier of a dialog whose INVITE is under way, with the
// session that its offer was made with, or that of a fork.
func newModifier(timing timing, owner bool, draw func(n int) int, session sdp.Session, local sdp.Local) modifier {
	m := modifier{timing: timing, owner: owner, draw: draw, session: session, local: local, open: byThem}
	if owner {
		m.open = byUs
	}
	return m
}

// early is when the initial INVITE's offer was answered reliably: from now on
// there may be UPDATE before the final response (RFC 3311 section 5.1).
func (m *modifier) early(now time.Duration) []modifyStep {
	m.open = byNobody
	return m.next(nil, now)
}

// answered is when our 2xx to the initial INVITE was sent; late if that had our
// offer, which the ACK is to answer.
func (m *modifier) answered(late bool) {
	m.initial = initialAnswered
	switch {
	case late:
		m.open = byUs
	case !m.flight.offered: // by an UPDATE
		m.open = byNobody
	}
}

// established is when the initial INVITE's ACK was sent or has arrived, and its
// answer was taken.
func (m *modifier) established(now time.Duration) []modifyStep {
	if m.initial != initialOver && !m.flight.offered {
		m.open = byNobody
	}
	m.initial = initialOver
	return m.next(nil, now)
}

// end is when the dialog has ended. Our INVITE that is still open will have its
// 2xx acknowledged, and that is all.
func (m *modifier) end() { m.over, m.want = true, wishNothing }

// invite takes a re-INVITE, or another INVITE within the dialog while the first
// has no final response; number is its CSeq, and offer is nil if they want ours.
func (m *modifier) invite(number uint32, offer *sdp.Description) []modifyStep {
	switch {
	case m.over:
		return []modifyStep{{do: modifyAnswer, status: sip.StatusCallTransactionDoesNotExists}}
	case m.initial == initialPending && !m.owner:
		return m.later()
	case m.initial == initialPending, m.flight.invite, m.open != byNobody:
		return []modifyStep{{do: modifyAnswer, status: sip.StatusRequestPending}}
	}
	if offer == nil {
		m.open = byUs
		m.accepted(number)
		return []modifyStep{{do: modifyAnswer, status: sip.StatusOK, body: m.session.Offer(m.local)}}
	}
	steps, ok := m.answer(offer)
	if ok {
		m.accepted(number)
	}
	return steps
}

// accepted is our 2xx to a re-INVITE. One that comes before the ACK of the INVITE
// before says that this is lost or late: there was one (RFC 5407 section 3.1.4).
func (m *modifier) accepted(number uint32) {
	m.initial, m.unacked, m.number = initialOver, true, number
}

// acked takes the ACK of a 2xx to a re-INVITE; answer is nil if it has none. That
// of another than the last, or one that comes again, means nothing.
func (m *modifier) acked(number uint32, answer *sdp.Description, now time.Duration) []modifyStep {
	if !m.unacked || number != m.number || m.over {
		return nil
	}
	m.unacked = false
	var steps []modifyStep
	if m.open == byUs {
		m.open = byNobody
		changes, _ := m.accept(answer)
		steps = appendAgreed(steps, changes)
	}
	return m.next(steps, now)
}

// update takes an UPDATE (RFC 3311 section 5.2); offer is nil if it has none.
func (m *modifier) update(offer *sdp.Description) []modifyStep {
	switch {
	case m.over:
		return []modifyStep{{do: modifyAnswer, status: sip.StatusCallTransactionDoesNotExists}}
	case offer == nil:
		return []modifyStep{{do: modifyAnswer, status: sip.StatusOK}}
	case m.open == byUs:
		return []modifyStep{{do: modifyAnswer, status: sip.StatusRequestPending}}
	case m.open == byThem:
		return m.later()
	}
	steps, _ := m.answer(offer)
	return steps
}

// answer answers an offer; it is not ok if that is refused.
func (m *modifier) answer(offer *sdp.Description) (steps []modifyStep, ok bool) {
	body, changes, err := m.session.Answer(offer, m.local)
	if err != nil {
		step := modifyStep{do: modifyAnswer, status: sip.StatusNotAcceptableHere}
		step.warning, _ = errors.AsType[*sdp.UnacceptableError](err)
		return []modifyStep{step}, false
	}
	return appendAgreed([]modifyStep{{do: modifyAnswer, status: sip.StatusOK, body: body}}, changes), true
}

// later asks them to try again in a while.
func (m *modifier) later() []modifyStep {
	seconds := m.draw(int(maxRetryAfter/time.Second) + 1)
	return []modifyStep{{do: modifyAnswer, status: sip.StatusInternalServerError, retryAfter: time.Duration(seconds) * time.Second}}
}
