package dialog

import (
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

// maxGlare is how often one change is sent in all, if both sides begin at once or
// the other asks us to wait. The waits below make a second collision unlikely, so
// more of them mean that the other side does not keep to the rules.
const maxGlare = 5

// wish is what we want to send.
type wish uint8

const (
	wishNothing wish = iota
	wishRefresh      // keep the session alive, change nothing
	wishChange       // an offer of ours
)

// flight is a request of ours without a final response.
type flight struct {
	wish      wish // 0: there is none
	invite    bool // a re-INVITE, or else an UPDATE
	offered   bool // it has an offer
	local     sdp.Local
	cancelled bool
	limit     time.Duration // of a re-INVITE: when it is cancelled, and then given up
}

// finalResponse is what counts of a final response to a re-INVITE or UPDATE of
// ours. One that is not answered in time counts as 408.
type finalResponse struct {
	status     int
	retryAfter time.Duration
	retry      bool // there was a Retry-After
	answer     *sdp.Description
}

// change makes local our side of the sound, as soon as that can be offered. A
// later change takes the place of one that was not yet sent.
func (m *modifier) change(local sdp.Local, now time.Duration) []modifyStep {
	if m.over {
		return nil
	}
	m.want, m.wanted = wishChange, local
	return m.next(nil, now)
}

// refresh keeps the session alive (RFC 4028 section 10): by an UPDATE without an
// offer where they allow it, or else by offering again what we said last.
func (m *modifier) refresh(now time.Duration) []modifyStep {
	if m.over {
		return nil
	}
	m.want = max(m.want, wishRefresh)
	return m.next(nil, now)
}

// next appends our request to steps, if one is wanted and may be sent now.
func (m *modifier) next(steps []modifyStep, now time.Duration) []modifyStep {
	if !m.ready() || now < m.after {
		return steps
	}
	m.flight = flight{wish: m.want, local: m.wanted, limit: now + m.timing.limit()}
	m.want = wishNothing
	m.sent++
	step := modifyStep{do: modifyUpdate}
	if m.flight.invite = m.initial == initialOver && (m.flight.wish == wishChange || !m.updates); m.flight.invite {
		step.do = modifyInvite
	}
	switch {
	case m.flight.wish == wishChange:
		step.body = m.session.Offer(m.flight.local)
	case m.flight.invite:
		step.body = m.session.Repeat()
	}
	if m.flight.offered = step.body != nil; m.flight.offered {
		m.open = byUs
	}
	return append(steps, step)
}

// ready reports whether a request of ours is wanted and nothing forbids it but
// the time. Before the INVITE is over only an UPDATE is possible (RFC 3261 section
// 14.1), and of use only for a change.
func (m *modifier) ready() bool {
	if m.want == wishNothing || m.flight.wish != wishNothing || m.unacked || m.open != byNobody {
		return false
	}
	return m.initial == initialOver || m.initial == initialPending && m.updates && m.want == wishChange
}

// response takes the final response to our re-INVITE or UPDATE. A 2xx to a
// re-INVITE that comes again is acknowledged again by the caller.
func (m *modifier) response(r finalResponse, now time.Duration) []modifyStep {
	was := m.flight
	if was.wish == wishNothing {
		return nil
	}
	m.flight = flight{}
	if was.offered {
		m.open = byNobody
	}
	if r.status < 300 {
		return m.taken(was, r.answer, now)
	}
	if was.offered {
		m.session.Withdraw()
	}
	if m.over {
		return nil
	}
	return m.refused(was, r, now)
}

// taken is a 2xx to our request. An answer that is missing or cannot be used leaves
// what was agreed on: some phones refuse the sound while they are on hold, and none
// of that is worth a call.
func (m *modifier) taken(was flight, answer *sdp.Description, now time.Duration) []modifyStep {
	var steps []modifyStep
	if was.invite {
		steps = append(steps, modifyStep{do: modifyAck})
	}
	if m.over {
		return steps
	}
	m.sent = 0
	if was.offered {
		changes, agreed := m.accept(answer)
		switch {
		case agreed && was.wish == wishChange:
			m.local = was.local
		case was.wish == wishChange:
			steps = append(steps, modifyStep{do: modifyFailed, status: sip.StatusNotAcceptableHere})
		}
		steps = appendAgreed(steps, changes)
	}
	return m.next(steps, now)
}

// accept takes the answer to our offer.
func (m *modifier) accept(answer *sdp.Description) (changes sdp.Changes, agreed bool) {
	if answer != nil {
		changes, err := m.session.Accept(answer)
		if err == nil {
			return changes, true
		}
	}
	m.session.Withdraw()
	return sdp.Changes{}, false
}

func appendAgreed(steps []modifyStep, changes sdp.Changes) []modifyStep {
	if !changes.Any() {
		return steps
	}
	return append(steps, modifyStep{do: modifyAgreed, changes: changes})
}

// refused is another final response to our request.
func (m *modifier) refused(was flight, r finalResponse, now time.Duration) []modifyStep {
	wait, again := m.wait(was, r)
	switch {
	case r.status == sip.StatusRequestTimeout, r.status == sip.StatusCallTransactionDoesNotExists:
		m.end()
		return []modifyStep{{do: modifyOver}}
	case again:
		if m.want != wishChange { // which is newer
			m.want, m.wanted = was.wish, was.local
		}
		m.after = now + wait
		return m.next(nil, now)
	}
	m.sent = 0
	return m.next([]modifyStep{{do: modifyFailed, status: r.status, refresh: was.wish == wishRefresh}}, now)
}

// wait returns whether to send our request again, and after how long.
func (m *modifier) wait(was flight, r finalResponse) (wait time.Duration, again bool) {
	switch {
	case !was.invite && (r.status == sip.StatusMethodNotAllowed || r.status == sip.StatusNotImplemented):
		m.updates = false // so it will be a re-INVITE
		return 0, true
	case m.sent >= maxGlare:
	case r.status == sip.StatusRequestPending:
		return backOff(m.owner, m.draw), true
	case r.status == sip.StatusInternalServerError && r.retry && r.retryAfter <= maxRetryAfter:
		return r.retryAfter, true
	}
	return 0, false
}

// backOff returns how long to wait after a 491. The side that made the Call-ID
// waits longer than the other, so that they do not collide again (RFC 3261 section
// 14.1).
func backOff(owner bool, draw func(n int) int) time.Duration {
	const unit = 10 * time.Millisecond
	if owner {
		return 2100*time.Millisecond + time.Duration(draw(191))*unit
	}
	return time.Duration(draw(201)) * unit
}

// due returns when tick is next wanted.
func (m *modifier) due() (at time.Duration, ok bool) {
	switch {
	case m.over:
		return 0, false
	case m.flight.invite:
		return m.flight.limit, true
	}
	return m.after, m.ready()
}

// tick sends what has waited long enough. A re-INVITE that gets no final response
// is cancelled, and if none comes after that either they are gone.
func (m *modifier) tick(now time.Duration) []modifyStep {
	switch {
	case m.over:
		return nil
	case !m.flight.invite:
		return m.next(nil, now)
	case now < m.flight.limit:
		return nil
	case m.flight.cancelled:
		m.end()
		return []modifyStep{{do: modifyOver}}
	}
	m.flight.cancelled, m.flight.limit = true, now+m.timing.limit()
	return []modifyStep{{do: modifyCancel}}
}
