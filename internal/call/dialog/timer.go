package dialog

import (
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// What a session timer is set to, unless the operator says otherwise.
const (
	leastSession = 90 * time.Second // RFC 4028 section 5: none may be below
	usualSession = 30 * time.Minute // RFC 4028 section 4 recommends it
)

// byeAhead is how long before the end of a session it is ended, so that the BYE
// still finds those in between that remember the call (RFC 4028 section 10). In
// short sessions it is a third.
const byeAhead = 32 * time.Second

// refresher says which side keeps a session alive, by its role in the transaction
// that says so.
type refresher string

const (
	refresherUAC refresher = "uac"
	refresherUAS refresher = "uas"
)

// sessionExpires is a Session-Expires header field (RFC 4028 section 4).
type sessionExpires struct {
	interval  time.Duration // 0: there is no such field
	refresher refresher     // "": it does not say
}

// parseSessionExpires reads Session-Expires, which is x in compact form. It is
// not ok without a number above 0; then it counts as absent.
func parseSessionExpires(text string) (s sessionExpires, ok bool) {
	f := parseField(text)
	s.interval, ok = parseSeconds(f.value)
	if !ok || s.interval == 0 {
		return sessionExpires{}, false
	}
	switch by := f.param("refresher"); {
	case strings.EqualFold(by, string(refresherUAC)):
		s.refresher = refresherUAC
	case strings.EqualFold(by, string(refresherUAS)):
		s.refresher = refresherUAS
	}
	return s, true
}

// String returns the value of the header field.
func (s sessionExpires) String() string {
	text := writeSeconds(s.interval)
	if s.refresher != "" {
		text += ";refresher=" + string(s.refresher)
	}
	return text
}

// parseMinSE reads a Min-SE header field (RFC 4028 section 5).
func parseMinSE(text string) (d time.Duration, ok bool) {
	return parseSeconds(parseField(text).value)
}

// timerFields is what one message says about the session timer.
type timerFields struct {
	expires sessionExpires
	min     time.Duration // Min-SE; 0: there is none
	timer   bool          // Supported of a request, Require of a response: timer
}

// timerAction is what a session timer wants done.
type timerAction uint8

const (
	timerNothing timerAction = iota
	timerRefresh             // send an UPDATE, or a re-INVITE that changes nothing
	timerOver                // the other side is gone: send BYE
)

// sessionTimer keeps one dialog's session alive, or sees that the other side
// stopped doing so (RFC 4028).
//
// Every 2xx to an INVITE or UPDATE of either side says again how long the session
// lasts and who refreshes it, so each goes through accept or accepted. A peer that
// knows no session timers has none, unless something on the way asks for one: then
// we refresh.
type sessionTimer struct {
	timing timing
	least  time.Duration // we refuse less
	wanted time.Duration // what we ask for
	raised time.Duration // the highest Min-SE of a 422 to us

	settled  bool          // there was a 2xx
	interval time.Duration // 0: the session has no end
	ours     bool          // we refresh
	asked    bool          // a refresh of ours is under way
	next     time.Duration // when to refresh
	end      time.Duration // when to send BYE
}

// newSessionTimer returns the timer of a call that is being set up.
func newSessionTimer(timing timing, least, wanted time.Duration) sessionTimer {
	return sessionTimer{timing: timing, least: least, wanted: max(least, wanted)}
}

// request returns what to say in an INVITE or UPDATE of ours. The first leaves
// open who refreshes, later ones keep it as it is (RFC 4028 sections 7.1 and 7.4).
func (t *sessionTimer) request() timerFields {
	f := timerFields{timer: true}
	switch {
	case t.interval > 0:
		f.expires = sessionExpires{max(t.interval, t.raised), t.role(refresherUAC, refresherUAS)}
	case !t.settled:
		f.expires.interval = max(t.wanted, t.raised)
	default:
		return f // they do without
	}
	if floor := max(t.least, t.raised); floor != leastSession {
		f.min = floor
	}
	return f
}

// role returns ours if we refresh, or else theirs.
func (t *sessionTimer) role(ours, theirs refresher) refresher {
	if t.ours {
		return ours
	}
	return theirs
}

// admit says whether an INVITE or UPDATE of theirs may be accepted. If not, the
// answer is 422 with this Min-SE. Only those that know session timers are refused
// (RFC 4028 section 8.1): others could do nothing about it.
func (t *sessionTimer) admit(f timerFields) (minSE time.Duration, ok bool) {
	if f.tooShort(t.least) && f.knows() {
		return t.least, false
	}
	return 0, true
}

func (f *timerFields) tooShort(least time.Duration) bool {
	return f.expires.interval > 0 && f.expires.interval < least
}

// knows reports whether the sender of f can refresh. One that says that it will,
// but not that it can, is believed.
func (f *timerFields) knows() bool { return f.timer || f.expires.refresher == refresherUAC }

// accept takes an INVITE or UPDATE of theirs at the moment when it is answered
// 2xx, and returns what that says (RFC 4028 section 9).
func (t *sessionTimer) accept(f timerFields, now time.Duration) timerFields {
	var interval time.Duration
	switch {
	case f.tooShort(t.least), f.expires.interval == 0 && !f.knows():
		t.unsaid(now)
		return timerFields{}
	case f.expires.interval > 0: // which may become less, but no more
		interval = min(f.expires.interval, max(t.wanted, f.min))
	case t.interval > 0:
		interval = max(t.interval, f.min)
	default:
		interval = max(t.wanted, f.min)
	}
	t.set(interval, t.oursToAccept(f), now)
	return timerFields{
		expires: sessionExpires{interval, t.role(refresherUAS, refresherUAC)},
		timer:   f.knows(),
	}
}

// oursToAccept reports whether we are to refresh once f is accepted (RFC 4028
// table 2). Where that is left to us it stays as it is. At first we do it, so that
// the call does not depend on how well the other side does.
func (t *sessionTimer) oursToAccept(f timerFields) bool {
	switch {
	case !f.knows():
		return true
	case f.expires.refresher != "":
		return f.expires.refresher == refresherUAS
	}
	return t.interval == 0 || t.ours
}

// accepted takes the 2xx to an INVITE or UPDATE of ours (RFC 4028 section 7.2).
// One that does not say who refreshes leaves it to us.
func (t *sessionTimer) accepted(f timerFields, now time.Duration) {
	if f.expires.interval == 0 {
		t.unsaid(now)
		return
	}
	t.set(f.expires.interval, f.expires.refresher != refresherUAS, now)
}

// unsaid takes a message that says nothing of a timer, so that the session has no
// end from now on. But if we refresh we go on: there are phones that leave the
// field out and still end the call when no refresh comes.
func (t *sessionTimer) unsaid(now time.Duration) {
	if t.interval > 0 && t.ours {
		t.set(t.interval, true, now)
		return
	}
	t.stop()
}

// set begins the session's time again. A very short interval is lengthened, so
// that nobody can make us send all the time.
func (t *sessionTimer) set(interval time.Duration, ours bool, now time.Duration) {
	interval = max(interval, 2*t.timing.t2)
	t.settled, t.interval, t.ours, t.asked = true, interval, ours, false
	t.next = now + interval/2
	t.end = now + interval - min(byeAhead, interval/3)
}

// stop ends the timer: the call is over, or its session has no end.
func (t *sessionTimer) stop() { t.settled, t.interval, t.asked = true, 0, false }

// raise takes the Min-SE of a 422 to a request of ours. It reports whether to
// send the request again, which then asks for that much (RFC 4028 section 7.3);
// not if it had.
func (t *sessionTimer) raise(minSE time.Duration) bool {
	asked := t.request().expires.interval
	if asked == 0 || minSE <= asked {
		return false
	}
	t.raised = minSE
	return true
}

// refused takes the final response to our refresh that is no 2xx; a time-out is
// 408. Until the session's end we try again, each time after half of what is left
// (RFC 4028 section 10). It is not told of a response after which the same request
// was sent again: a 422, a challenge.
func (t *sessionTimer) refused(status int, retryAfter, now time.Duration) timerAction {
	if t.interval == 0 || !t.asked {
		return timerNothing
	}
	if status == sip.StatusRequestTimeout || status == sip.StatusCallTransactionDoesNotExists {
		t.stop()
		return timerOver
	}
	t.asked = false
	t.next = now + max((t.end-now)/2, retryAfter, 2*t.timing.t2)
	return timerNothing
}

// due returns when tick is next wanted; it is not ok for a session without an end.
func (t *sessionTimer) due() (at time.Duration, ok bool) {
	if t.ours && !t.asked {
		return min(t.next, t.end), t.interval > 0
	}
	return t.end, t.interval > 0
}

// tick returns what is to be done now.
func (t *sessionTimer) tick(now time.Duration) timerAction {
	switch {
	case t.interval == 0:
	case now >= t.end:
		t.stop()
		return timerOver
	case t.ours && !t.asked && now >= t.next:
		t.asked = true
		return timerRefresh
	}
	return timerNothing
}
