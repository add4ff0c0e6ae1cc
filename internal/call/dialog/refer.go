package dialog

import (
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"
)

// referLife is how long the reports about one transfer go on, and how long we wait
// for the next: a telephone that nobody answers rings for less.
const referLife = 3 * time.Minute

// statusBadEvent answers a NOTIFY of something that was not asked for (RFC 6665
// section 8.3.2).
const statusBadEvent = 489

// referDo is a kind of referStep.
type referDo uint8

// What the machines of both sides of a transfer want done.
const (
	referAnswer   referDo = iota // answer their REFER or NOTIFY with status
	referNotify                  // send NOTIFY with state, status and reason
	referProgress                // their call to the target has got a provisional status
	referDone                    // their call to the target has got its final status; 0: they will not tell
	referRefused                 // they do not transfer, by this status: the call goes on as it was
	referBye                     // the call is over for both sides: send BYE
)

// referStep is one thing that a transferor or transferee wants done. Where there
// are several they are done in their order: a NOTIFY is answered before the BYE
// that follows from what it says.
type referStep struct {
	do     referDo
	status int
	reason string       // of referNotify: the reason of the status
	state  subscription // of referNotify: its Subscription-State
	silent bool         // of referAnswer: with Refer-Sub: false
}

// notify is what counts of a NOTIFY.
type notify struct {
	event  string // the Event header field
	state  subscription
	status int // of its message/sipfrag; 0: it has none
}

// referState is how far a REFER of ours is.
type referState uint8

const (
	referSent   referState = iota // it has no final response yet
	referTaken                    // there will be NOTIFYs
	referOver                     // the NOTIFYs have ended
	referTurned                   // it was refused
)

// transferor is our side of a transfer that we ask for (RFC 3515): REFER was sent,
// and NOTIFYs say how the call is going that the other side makes. Exactly one of
// referDone, referRefused and referBye comes of it, in bounded time.
type transferor struct {
	timing timing
	number string // CSeq of the REFER
	state  referState
	told   bool          // how it went
	stays  bool          // the call is over; its dialog stays for the NOTIFYs
	limit  time.Duration // until when there must be another NOTIFY
}

// newTransferor returns the machine of a REFER with this CSeq that was just sent.
func newTransferor(timing timing, number uint32, now time.Duration) transferor {
	return transferor{timing: timing, number: strconv.FormatUint(uint64(number), 10), limit: now + 2*timing.limit()}
}

// response takes the final response to the REFER; silent if that has Refer-Sub:
// false, so that there will be no NOTIFY (RFC 4488). A NOTIFY may come first, and
// says that the REFER was taken whatever became of its response.
func (r *transferor) response(status int, silent bool, now time.Duration) []referStep {
	if r.state != referSent {
		return nil
	}
	switch {
	case status < 300 && silent:
		r.state = referOver
		return r.tell(referStep{do: referDone})
	case status < 300:
		r.state, r.limit = referTaken, now+r.timing.limit()
		return nil
	}
	r.state = referTurned
	if status == sip.StatusRequestTimeout || status == sip.StatusCallTransactionDoesNotExists {
		return r.tell(referStep{do: referBye})
	}
	return r.tell(referStep{do: referRefused, status: status})
}

// tell returns how it went, once.
func (r *transferor) tell(step referStep) []referStep {
	if r.told {
		return nil
	}
	r.told = true
	return []referStep{step}
}

// notify takes a NOTIFY.
func (r *transferor) notify(n notify, now time.Duration) []referStep {
	id, ok := parseReferEvent(n.event)
	switch {
	case !ok:
		return []referStep{{do: referAnswer, status: statusBadEvent}}
	case id != "" && id != r.number, r.state == referOver, r.state == referTurned:
		return []referStep{{do: referAnswer, status: sip.StatusCallTransactionDoesNotExists}}
	}
	r.state, r.limit = referTaken, now+r.patience(n.state.expires)
	steps := []referStep{{do: referAnswer, status: sip.StatusOK}}
	switch {
	case n.status >= 200:
		steps = append(steps, r.tell(referStep{do: referDone, status: n.status})...)
	case n.status > 0 && !r.told:
		steps = append(steps, referStep{do: referProgress, status: n.status})
	}
	if n.state.over {
		r.state = referOver
		steps = append(steps, r.tell(referStep{do: referDone})...)
	}
	return steps
}

// patience returns how long we wait for the next NOTIFY after one with an expiry.
func (r *transferor) patience(expires time.Duration) time.Duration {
	if expires == 0 {
		return referLife
	}
	return min(max(expires, r.timing.limit()), referLife)
}

// ended is when the call is over: a transfer that the other side took has begun, as
// far as we will know. The NOTIFYs that still come are answered (RFC 5057).
func (r *transferor) ended() []referStep {
	r.stays = true
	return r.tell(referStep{do: referDone})
}

// due returns when tick is next wanted.
func (r *transferor) due() (at time.Duration, ok bool) {
	return r.limit, !r.told || r.stays && r.state < referOver
}

// tick gives up to wait.
func (r *transferor) tick(now time.Duration) []referStep {
	if now < r.limit {
		return nil
	}
	r.stays = false
	return r.tell(referStep{do: referDone})
}
