package dialog

import (
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"
)

// maxInvites is how often the INVITE of one call is sent in all: each guard may
// ask twice, and a 422 and a 491 are worth one more each.
const maxInvites = 1 + 2*maxGuards + 2

// uacDo is what is to be done about an INVITE of ours.
type uacDo uint8

const (
	uacTell        uacDo = iota // that they ring, or that sound comes before the answer
	uacAnswered                 // send the ACK; the call is up, in the dialog of this tag
	uacAck                      // send the ACK of this dialog again: it was lost
	uacAckAndBye                // confirm a dialog that nobody wants, and end it
	uacCancel                   // send CANCEL
	uacInvite                   // send the INVITE again, as it has been changed
	uacOver                     // tell that the call was not answered
	uacNoMoreForks              // early dialogs can be forgotten
)

// uacStep is one thing to do.
type uacStep struct {
	do         uacDo
	tag        string        // which dialog: of uacTell, uacAnswered, uacAck and uacAckAndBye
	ringing    bool          // uacTell: the phone rings
	early      bool          // uacTell: there is a session description, so sound may come
	status     int           // uacOver: the final response, or what counts as one
	retryAfter time.Duration // uacOver: they want no further call for so long; 0: they do not say
	cancelled  bool          // uacOver: we gave the call up ourselves
	unanswered bool          // uacOver: no final response came, so the transaction is to be ended
}

// uacState is where a call of ours stands.
type uacState uint8

const (
	uacCalling  uacState = iota // the INVITE has no final response
	uacPausing                  // it has, and is to be sent again later
	uacUp                       // answered
	uacFinished                 // not answered, or given up
)

// uac sees the INVITE of one call of ours through, from the moment it is sent
// (RFC 3261 sections 9.1 and 13.2). Whatever happens, each 2xx gets its ACK, and
// each dialog that nobody wants its BYE: a phone would stay on the line for ever.
type uac struct {
	timing timing
	draw   func(n int) int // at random, 0 to n-1

	state      uacState
	invites    int  // sent
	responded  bool // the last of them has a provisional response
	cancelled  bool // by the caller
	cancelSent bool
	raised     bool // a 422 was answered with a longer interval
	glared     bool // there was a 491

	early []earlyDialog
	up    []string      // tags of dialogs that had a 2xx
	at    time.Duration // when tick is wanted …
	timed bool          // … if it is
}

// earlyDialog is what one fork has told before any final response.
type earlyDialog struct {
	tag            string
	ringing, early bool
}

// newUAC returns the machine for an INVITE that is about to be sent. Without any
// response it is given up after patience; 0: the transaction says when.
func newUAC(t timing, draw func(n int) int, patience time.Duration) uac {
	return uac{timing: t, draw: draw, invites: 1, at: patience, timed: patience > 0}
}

// provisional takes a response from 100 to 199, by its status, the tag of its To,
// and whether it has a session description. A reliable one that is to be
// discarded is not for here.
func (u *uac) provisional(now time.Duration, status int, tag string, described bool) []uacStep {
	if u.state != uacCalling {
		return nil
	}
	u.responded = true
	if !u.cancelled {
		u.timed = false
	}
	switch {
	case u.cancelled:
		return u.sendCancel(now)
	case status == sip.StatusTrying:
		return nil
	}
	fork := u.fork(tag)
	before := *fork
	fork.ringing = fork.ringing || status == sip.StatusRinging
	fork.early = fork.early || described
	if *fork == before {
		return nil
	}
	return []uacStep{{do: uacTell, tag: tag, ringing: fork.ringing, early: fork.early}}
}

// fork returns what an early dialog has told, to be changed. It is forgotten at
// once if there are too many.
func (u *uac) fork(tag string) *earlyDialog {
	i := slices.IndexFunc(u.early, func(d earlyDialog) bool { return d.tag == tag })
	switch {
	case i >= 0:
		return &u.early[i]
	case len(u.early) == maxEarlyDialogs:
		return &earlyDialog{tag: tag}
	}
	u.early = append(u.early, earlyDialog{tag: tag})
	return &u.early[len(u.early)-1]
}

// cancel gives the call up. A CANCEL may only be sent after a provisional
// response (RFC 3261 section 9.1), so it may have to wait for one. Once the call
// is answered it is too late: then the caller sends BYE.
func (u *uac) cancel(now time.Duration) []uacStep {
	if u.cancelled || u.state == uacUp || u.state == uacFinished {
		return nil
	}
	u.cancelled = true
	switch {
	case u.state == uacPausing:
		return u.over(uacStep{status: sip.StatusRequestTerminated})
	case u.responded:
		return u.sendCancel(now)
	}
	u.wait(now + u.timing.limit())
	return nil
}

// sendCancel sends the one CANCEL of an INVITE. The other side may never have
// heard of CANCEL, or the INVITE be gone: no final response in 64·T1 is one too
// (RFC 3261 section 9.1).
func (u *uac) sendCancel(now time.Duration) []uacStep {
	if u.cancelSent {
		return nil
	}
	u.cancelSent = true
	u.wait(now + u.timing.limit())
	return []uacStep{{do: uacCancel}}
}

// success takes a 2xx, by the tag of its To: the first, a repetition, or that of
// another phone which the INVITE was forked to (RFC 3261 section 13.2.2.4).
func (u *uac) success(now time.Duration, tag string) []uacStep {
	if slices.Contains(u.up, tag) {
		return []uacStep{{do: uacAck, tag: tag}}
	}
	if len(u.up) < maxEarlyDialogs {
		u.up = append(u.up, tag)
	}
	if u.state != uacCalling {
		return []uacStep{{do: uacAckAndBye, tag: tag}}
	}
	steps := []uacStep{{do: uacAnswered, tag: tag}}
	if u.cancelled {
		steps = append([]uacStep{{do: uacAckAndBye, tag: tag}}, u.over(uacStep{status: sip.StatusRequestTerminated})...)
	} else {
		u.state = uacUp
	}
	u.wait(now + u.timing.limit()) // for the 2xx of other phones
	return steps
}

// uacFinal is what counts of a final response to an INVITE that is not a 2xx. No
// response in time counts as 408, and an INVITE that could not be sent as 503
// (RFC 3261 section 8.1.3.1).
type uacFinal struct {
	status     int
	worth      bool          // of 401, 407 and 422: the INVITE has been changed accordingly
	retryAfter time.Duration // Retry-After; 0: none
}

// failure takes a final response that is not a 2xx. Redirections are not
// followed: who is called, and at whose expense, is not for the other side to
// say.
func (u *uac) failure(now time.Duration, f uacFinal) []uacStep {
	if u.state != uacCalling {
		return nil
	}
	if u.cancelled || u.invites == maxInvites {
		return u.refused(f)
	}
	switch f.status {
	case sip.StatusUnauthorized, sip.StatusProxyAuthRequired:
		if f.worth {
			return u.invite()
		}
	case statusSessionIntervalTooSmall:
		if f.worth && !u.raised {
			u.raised = true
			return u.invite()
		}
	case sip.StatusRequestPending:
		if !u.glared {
			u.glared, u.state = true, uacPausing
			u.wait(now + backOff(true, u.draw))
			return nil
		}
	}
	return u.refused(f)
}

func (u *uac) refused(f uacFinal) []uacStep {
	return u.over(uacStep{status: f.status, retryAfter: f.retryAfter})
}

// invite sends the INVITE again. The dialogs of the one before are gone.
func (u *uac) invite() []uacStep {
	u.state, u.responded, u.timed, u.early = uacCalling, false, false, nil
	u.invites++
	return []uacStep{{do: uacInvite}}
}

// over ends a call that was not answered.
func (u *uac) over(end uacStep) []uacStep {
	u.state, u.timed, u.early = uacFinished, false, nil
	end.do, end.cancelled = uacOver, u.cancelled
	return []uacStep{end}
}

func (u *uac) wait(until time.Duration) { u.at, u.timed = until, true }

// due returns when tick is next wanted.
func (u *uac) due() (at time.Duration, ok bool) { return u.at, u.timed }

// tick says what the time brings.
func (u *uac) tick(now time.Duration) []uacStep {
	if !u.timed || now < u.at {
		return nil
	}
	u.timed = false
	switch u.state {
	case uacPausing:
		return u.invite()
	case uacCalling:
		status := sip.StatusRequestTerminated
		if !u.cancelled {
			status = sip.StatusRequestTimeout
		}
		return u.over(uacStep{status: status, unanswered: true})
	}
	u.early = nil
	return []uacStep{{do: uacNoMoreForks}}
}
