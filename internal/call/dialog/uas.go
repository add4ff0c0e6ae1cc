package dialog

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// keepRinging is how often the caller hears that its INVITE is still alive, so
// that no proxy cancels it after three minutes (RFC 3261 section 13.3.1.1).
const keepRinging = time.Minute

// uas is a call to us, from its INVITE to its end: what that INVITE is answered,
// and when the call may be ended by a BYE of ours. Changes of a call that is up
// are not its business.
type uas struct {
	timing  timing
	invite  invited
	state   uasState
	sender  reliableSender
	accept  accept
	pending bool // the answer to our offer came in a PRACK, and is not yet agreed to

	last     int           // the status of the last 18x
	refresh  time.Duration // when that is sent again
	expires  time.Duration // when the INVITE does; 0: never
	goodbye  ending        // how the call ends once the ACK has come, if toHangUp
	toHangUp bool
}

// invited is what an INVITE says.
type invited struct {
	cseq     uint32
	late     bool          // it has no offer: we make one, and the caller answers
	supports bool          // provisional responses may be reliable (RFC 3262)
	requires bool          // they all must be
	expires  time.Duration // that we have to answer in; 0: any
}

type uasState uint8

const (
	uasInviting  uasState = iota // no final response was sent
	uasAnswering                 // the 2xx waits for a PRACK
	uasAnswered                  // the 2xx was sent, its ACK has not come
	uasConfirmed                 // the ACK has come
	uasEnded
)

// uasAction is one thing to do. Several are done in their order.
type uasAction struct {
	kind   uasKind
	status int    // of a response
	sdp    bool   // our session description goes with it
	rseq   uint32 // of a reliable response; 0: it is not one
	ending ending // of a response from 300 on, a BYE, and the end
}

type uasKind uint8

const (
	uasRespond      uasKind = iota // to the INVITE
	uasRespondAgain                // the last response of that status, as it was
	uasBye                         // with the Reason of ending
	uasOver                        // always the last: the call has ended
)

// Endings that the caller brings about by what it does not send.
var (
	noACKCame    = ending{engine.Failed, 0, 0, reason{protocolSIP, 408, "no ACK"}}
	noPRACKCame  = ending{engine.Failed, 504, 0, reason{protocolSIP, 504, "no PRACK"}}
	noAnswerCame = ending{engine.Failed, 400, 0, reason{protocolSIP, 400, "no answer to our offer"}}
	expired      = ending{engine.Unavailable, 487, 0, reason{protocolQ850, 19, "no answer from the user"}}
	wentAway     = ending{engine.Normal, 487, 0, reason{}}
	unreachable  = ending{engine.Failed, 0, 0, reason{protocolQ850, 38, "network out of order"}}
)

// newUAS begins with an INVITE. The 100 is sent at once, or sipgo sends one of its
// own after 200 ms, at the same time as something else maybe.
func newUAS(i invited, random uint32, now time.Duration, t timing) (uas, []uasAction) {
	u := uas{timing: t, invite: i, accept: accept{cseq: i.cseq}, sender: newReliableSender(i.cseq, random, t), last: 183, refresh: now + keepRinging}
	if i.expires > 0 {
		u.expires = now + i.expires
	}
	return u, []uasAction{{kind: uasRespond, status: 100}}
}

// ring sends a response from 101 to 199, reliably if it has to be, or if what it
// says about sound would be missed. p says whether there is a description to send.
func (u *uas) ring(now time.Duration, p provisional) []uasAction {
	if u.state != uasInviting {
		return nil
	}
	u.last, u.refresh = p.status, now+keepRinging
	switch {
	case u.invite.late && u.invite.requires && !u.sender.sdpSent && !p.sdp:
		// Our offer belongs in the first reliable response (RFC 3261 section 13.2.1),
		// and there is none yet.
		return nil
	case u.invite.late:
		p.sdp = u.invite.requires && !u.sender.sdpSent
	case u.sender.sdpSent:
		p.sdp = false
	}
	if !u.invite.requires && !(u.invite.supports && p.sdp) {
		return []uasAction{{kind: uasRespond, status: p.status, sdp: p.sdp}}
	}
	if !u.sender.send(now, p) {
		return nil
	}
	return []uasAction{u.current()}
}

// current is the reliable response that is to be sent.
func (u *uas) current() uasAction {
	return uasAction{kind: uasRespond, status: u.sender.current.status, sdp: u.sender.current.sdp, rseq: u.sender.rseq}
}

// answer answers the call, as soon as that may be.
func (u *uas) answer(now time.Duration) []uasAction {
	if u.state != uasInviting {
		return nil
	}
	u.state = uasAnswering
	u.sender.dropQueue()
	return u.answerIfReady(now)
}

func (u *uas) answerIfReady(now time.Duration) []uasAction {
	if u.state != uasAnswering || u.sender.holds2xx() || u.pending {
		return nil
	}
	u.state = uasAnswered
	u.sender.stop()
	u.accept.begin(now, u.timing)
	return []uasAction{{kind: uasRespond, status: 200, sdp: !u.sender.sdpSent}}
}

// hangup ends the call from our side: at once, or once the 2xx has its ACK (RFC
// 3261 section 15).
func (u *uas) hangup(e ending) []uasAction {
	switch u.state {
	case uasInviting, uasAnswering:
		return u.reject(e)
	case uasAnswered:
		if !u.toHangUp {
			u.goodbye, u.toHangUp = e, true
		}
		return nil
	case uasConfirmed:
		return u.bye(e)
	}
	return nil
}

func (u *uas) reject(e ending) []uasAction {
	return append([]uasAction{{kind: uasRespond, status: e.status, ending: e}}, u.over(e)...)
}

func (u *uas) bye(e ending) []uasAction {
	return append([]uasAction{{kind: uasBye, ending: e}}, u.over(e)...)
}

func (u *uas) over(e ending) []uasAction {
	u.state = uasEnded
	u.sender.stop()
	return []uasAction{{kind: uasOver, ending: e}}
}

// due returns when tick is next wanted.
func (u *uas) due() (at time.Duration, ok bool) {
	switch u.state {
	case uasAnswered:
		return u.accept.due()
	case uasConfirmed, uasEnded:
		return 0, false
	}
	at, ok = u.sender.due()
	if u.state == uasInviting && (!ok || u.refresh < at) {
		at, ok = u.refresh, true
	}
	if u.expires > 0 && (!ok || u.expires < at) {
		at, ok = u.expires, true
	}
	return at, ok
}

// tick says what the time brings.
func (u *uas) tick(now time.Duration) []uasAction {
	switch u.state {
	case uasInviting, uasAnswering:
		return u.tickEarly(now)
	case uasAnswered:
		switch u.accept.tick(now) {
		case sendAgain:
			return []uasAction{{kind: uasRespondAgain, status: 200}}
		case noACK:
			return u.bye(u.farewell(noACKCame))
		}
	}
	return nil
}

func (u *uas) tickEarly(now time.Duration) []uasAction {
	if u.expires > 0 && now >= u.expires {
		return u.reject(expired)
	}
	again, giveUp := u.sender.tick(now)
	switch {
	case giveUp:
		return u.reject(noPRACKCame)
	case again:
		return []uasAction{{kind: uasRespondAgain, status: u.sender.current.status}}
	case u.state == uasInviting && now >= u.refresh:
		return u.ring(now, provisional{status: u.last})
	}
	return nil
}

// farewell returns how the call ends if the caller's silence ends it: as we
// wanted to end it, if we did.
func (u *uas) farewell(e ending) ending {
	if u.toHangUp {
		return u.goodbye
	}
	return e
}
