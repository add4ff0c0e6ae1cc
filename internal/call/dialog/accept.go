package dialog

import "time"

// accept repeats the 2xx to an INVITE until its ACK comes, on every transport
// (RFC 3261 section 13.3.1.4): sipgo does not, and a proxy on the way may change
// from TCP to UDP. The initial INVITE has one, and each re-INVITE.
type accept struct {
	cseq    uint32 // of the INVITE, and so of its ACK
	state   acceptState
	resends resends
}

type acceptState uint8

const (
	notAccepted acceptState = iota
	awaitingACK
	acked
	abandoned
)

// acceptAction says what to do about the 2xx.
type acceptAction uint8

const (
	keepWaiting acceptAction = iota
	sendAgain                // the same 2xx
	noACK                    // none has come in 64·T1: the dialog is to be ended by a BYE
)

// begin is called when the 2xx is sent for the first time. An ACK that has come
// already, because the goroutine that took it was faster, counts.
func (a *accept) begin(now time.Duration, t timing) {
	if a.state == notAccepted {
		a.state, a.resends = awaitingACK, t.resendsOf2xx(now)
	}
}

// ack takes an ACK. It reports whether it is the first to this INVITE: the other
// side repeats it for each 2xx that it gets.
func (a *accept) ack(cseq uint32) (first bool) {
	if cseq != a.cseq || a.state == acked || a.state == abandoned {
		return false
	}
	a.state = acked
	return true
}

// due returns when tick is next wanted.
func (a *accept) due() (at time.Duration, ok bool) {
	return a.resends.due(), a.state == awaitingACK
}

// tick says what the time brings.
func (a *accept) tick(now time.Duration) acceptAction {
	if a.state != awaitingACK {
		return keepWaiting
	}
	again, giveUp := a.resends.tick(now)
	switch {
	case giveUp:
		a.state = abandoned
		return noACK
	case again:
		return sendAgain
	}
	return keepWaiting
}
