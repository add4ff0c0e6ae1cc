package dialog

import "time"

// What the caller sends while its INVITE is answered, and what it means.

// sdpRole is what a session description in a request of the caller is.
type sdpRole uint8

const (
	noRole   sdpRole = iota // there is none, or it has no place there
	isAnswer                // to our offer
	isOffer                 // to be answered in the response to the request
)

// ack takes an ACK. A description that is the answer to our offer is then to be
// agreed to; if that fails, hangup is called.
func (u *uas) ack(cseq uint32, sdp bool) (sdpRole, []uasAction) {
	if u.state != uasAnswered || !u.accept.ack(cseq) {
		return noRole, nil
	}
	u.state = uasConfirmed
	awaited := u.invite.late && !u.sender.sdpSent
	switch {
	case u.toHangUp:
		return noRole, u.bye(u.goodbye)
	case awaited && !sdp:
		return noRole, u.bye(noAnswerCame)
	case awaited:
		return isAnswer, nil
	}
	return noRole, nil
}

// prack takes a PRACK, and returns the status of its response, which is sent
// before anything else is done. A description that is the answer to our offer is
// then to be agreed to: agreed is called, or hangup.
func (u *uas) prack(now time.Duration, r rack, sdp bool) (status int, means sdpRole, do []uasAction) {
	switch confirmed := u.sender.current; {
	case !u.sender.prack(r):
		return 481, noRole, nil
	case u.state == uasEnded:
		return 200, noRole, nil
	case u.invite.late && confirmed.sdp && !sdp:
		return 200, noRole, u.reject(noAnswerCame)
	case u.invite.late && confirmed.sdp:
		u.pending, means = true, isAnswer
	case sdp && u.sender.sdpSent:
		means = isOffer
	}
	if u.sender.next(now) {
		do = append(do, u.current())
	}
	return 200, means, append(do, u.answerIfReady(now)...)
}

// agreed is called when the answer that came in a PRACK has been agreed to.
func (u *uas) agreed(now time.Duration) []uasAction {
	u.pending = false
	return u.answerIfReady(now)
}

// cancel takes a CANCEL, which sipgo has answered, and the INVITE with 487. After
// the final response it does nothing (RFC 3261 section 9.2).
func (u *uas) cancel(reasons []reason) []uasAction {
	if u.state != uasInviting && u.state != uasAnswering {
		return nil
	}
	e := wentAway
	e.cause = causeOfEnd(reasons)
	return u.over(e)
}

// crossed is called when sipgo has not sent our response, because it had answered a
// CANCEL before: Respond reports sip.ErrTransactionCanceled. Its transaction would
// now repeat that response, until the ACK; another 487 replaces it.
func (u *uas) crossed() []uasAction {
	switch u.state {
	case uasConfirmed:
		return nil
	case uasEnded:
		return []uasAction{{kind: uasRespond, status: wentAway.status, ending: wentAway}}
	}
	u.accept = accept{} // the 2xx was not sent
	return u.reject(wentAway)
}

// byeCame takes a BYE of the caller, and returns the status of its response.
func (u *uas) byeCame(reasons []reason) (status int, do []uasAction) {
	e := wentAway
	e.cause = causeOfEnd(reasons)
	switch u.state {
	case uasInviting, uasAnswering:
		return 200, u.reject(e)
	case uasAnswered, uasConfirmed:
		return 200, u.over(e)
	}
	if !u.wasAnswered() {
		return 481, nil
	}
	return 200, nil // it has crossed ours
}

// wasAnswered reports whether a 2xx was sent.
func (u *uas) wasAnswered() bool { return u.accept.state != notAccepted }

// lost is called when the transaction of the INVITE is over without our doing:
// its connection is gone. A call whose 2xx may not have arrived is ended, in the
// hope that a BYE finds another way. sipgo ends the transaction 64·T1 after the 2xx
// as well, which is when we give up to wait for the ACK.
func (u *uas) lost(now time.Duration) []uasAction {
	switch u.state {
	case uasInviting, uasAnswering:
		return u.over(unreachable)
	case uasAnswered:
		if now >= u.accept.resends.end {
			return u.bye(u.farewell(noACKCame))
		}
		return u.bye(u.farewell(unreachable))
	}
	return nil
}
