package dialog

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// transferee is our side of a transfer that the other side asks for (RFC 3515): we
// took its REFER, we call the target, and it wants to know by NOTIFY how that goes.
// The call to the target is not bound to the one that asked for it: it goes on
// when that ends, whenever that is.
type transferee struct {
	timing timing
	silent bool // no NOTIFYs are wanted (RFC 4488), or they have ended
	gone   bool // the other side has sent BYE

	status int           // the last of the call to the target
	reason string        // of that status
	told   bool          // the last NOTIFY said so
	open   bool          // a NOTIFY has no response yet
	end    time.Duration // of the subscription
	bye    time.Duration // when we hang up, unless they do; 0: not yet
}

// newTransferee returns the machine of a REFER that we take; silent if it has
// Refer-Sub: false. One that is to be refused has no machine: the answer is 603,
// or 491 while there is another.
func newTransferee(timing timing, silent bool, now time.Duration) (transferee, []referStep) {
	r := transferee{timing: timing, silent: silent, status: sip.StatusTrying, reason: "Trying", end: now + referLife}
	steps := r.report([]referStep{{do: referAnswer, status: sip.StatusAccepted, silent: silent}}, now)
	return r, steps
}

// progress takes a response of the call to the target; the first final one counts.
func (r *transferee) progress(status int, reason string, now time.Duration) []referStep {
	if r.final() || status == r.status || status == sip.StatusTrying {
		return nil
	}
	r.status, r.reason, r.told = status, reason, false
	return r.report(nil, now)
}

func (r *transferee) final() bool { return r.status >= 200 }

// report appends the NOTIFY of what was not told. There is one at a time, so that
// they arrive in order; what came in between is left out.
func (r *transferee) report(steps []referStep, now time.Duration) []referStep {
	if r.open {
		return steps
	}
	if r.silent {
		r.waitForBye(now)
		return steps
	}
	if r.told {
		return steps
	}
	r.told, r.open = true, true
	step := referStep{do: referNotify, status: r.status, reason: r.reason, state: subscription{expires: r.end - now}}
	switch {
	case r.final():
		step.state = subscription{over: true, reason: "noresource"}
	case now >= r.end:
		step.state = subscription{over: true, reason: "timeout"}
	}
	r.silent = step.state.over
	return append(steps, step)
}

// notified takes the final response to our NOTIFY; a time-out is 408. Any refusal
// means that they do not want more of them.
func (r *transferee) notified(status int, now time.Duration) []referStep {
	r.open = false
	if status >= 300 {
		r.silent = true
	}
	return r.report(nil, now)
}

// waitForBye gives the other side time to hang up after a transfer that was done,
// which it has been told of if it wanted to be.
func (r *transferee) waitForBye(now time.Duration) {
	if r.final() && r.status < 300 {
		r.bye = now + r.timing.t2
	}
}

// ended is when the other side has sent BYE. The NOTIFYs go on (RFC 5057 section
// 4.1); most will answer 481, and then they end.
func (r *transferee) ended() { r.gone = true }

// over reports whether the machine wants nothing any more.
func (r *transferee) over() bool {
	_, due := r.due()
	return r.final() && !r.open && !due
}

// due returns when tick is next wanted.
func (r *transferee) due() (at time.Duration, ok bool) {
	switch {
	case r.bye > 0:
		return r.bye, !r.gone
	case r.silent:
		return 0, false
	}
	return r.end, !r.open
}

// tick returns what the time brings: the end of the NOTIFYs, or our BYE.
func (r *transferee) tick(now time.Duration) []referStep {
	at, ok := r.due()
	switch {
	case !ok || now < at:
		return nil
	case r.bye > 0:
		r.gone = true
		return []referStep{{do: referBye}}
	}
	r.told = false
	return r.report(nil, now)
}
