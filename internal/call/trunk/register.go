package trunk

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// How long to wait before registering again after a failure. It doubles from the
// first to the longest, and half of it is at random, so that all customers of a
// carrier that restarts do not come at once. A refusal is not worth many tries:
// carriers lock out those who try.
const (
	firstSilence   = 5 * time.Second
	longestSilence = 5 * time.Minute
	firstRefusal   = time.Minute
	longestRefusal = 15 * time.Minute

	// maxRetryAfter is the longest that a carrier can have us wait.
	maxRetryAfter = time.Hour
)

// longestExpiry is the longest registration that a carrier can insist on.
const longestExpiry = 24 * time.Hour

// soonest is the shortest time between two registrations.
const soonest = time.Second

// statusIntervalTooBrief is that of RFC 3261 section 21.4.17.
const statusIntervalTooBrief = 423

// reply is the response to a REGISTER. The zero value is none: nobody answered.
type reply struct {
	status     int
	granted    time.Duration // how long we are registered for; 0: it does not say
	least      time.Duration // Min-Expires; 0: none
	retryAfter time.Duration // 0: none
}

// registration says when to register again (RFC 3261 section 10.2).
type registration struct {
	draw func(n int) int // at random, 0 to n-1
	ask  time.Duration   // for how long to register

	at       time.Time // when to register next
	until    time.Time // when the registration ends; zero: there is none
	failures int       // in a row
	raised   bool      // ask was raised since the carrier last accepted it
}

// newRegistration returns a registration that is due at once.
func newRegistration(every time.Duration, now time.Time, draw func(n int) int) registration {
	return registration{draw: draw, ask: every, at: now}
}

// registered reports whether the carrier knows us.
func (r *registration) registered(now time.Time) bool { return now.Before(r.until) }

// soon has us register at once: the carrier may have forgotten us.
func (r *registration) soon(now time.Time) {
	if r.registered(now) && now.Before(r.at) {
		r.at = now
	}
}

// outcome is what a reply means for the trunk.
type outcome uint8

const (
	accepted outcome = iota
	again            // it is to be asked once more, for longer
	silence          // nobody answered, or nobody can now
	refusal          // it will be refused next time as well
)

// took takes the reply to a REGISTER.
func (r *registration) took(reply reply, now time.Time) outcome {
	switch {
	case reply.status >= 200 && reply.status < 300:
		r.accept(reply.granted, now)
		return accepted
	case reply.status == statusIntervalTooBrief && !r.raised && reply.least > r.ask && reply.least <= longestExpiry:
		r.ask, r.raised, r.at = reply.least, true, now
		return again
	case reply.status == 0, reply.status == sip.StatusRequestTimeout, reply.status >= 500 && reply.status < 600:
		r.fail(firstSilence, longestSilence, reply.retryAfter, now)
		return silence
	}
	r.fail(firstRefusal, longestRefusal, reply.retryAfter, now)
	return refusal
}

// accept notes a registration, and renews it when three quarters of it are over, or
// a little before: that leaves time for several attempts.
func (r *registration) accept(granted time.Duration, now time.Time) {
	if granted <= 0 {
		granted = r.ask
	}
	r.until, r.failures, r.raised = now.Add(granted), 0, false
	r.at = now.Add(max(soonest, granted*3/4-r.random(granted/20)))
}

// fail puts the next attempt off.
func (r *registration) fail(first, longest, retryAfter time.Duration, now time.Time) {
	pause := longest
	if r.failures < 16 { // 2^16 times the first is longer than any longest
		pause = min(longest, first<<r.failures)
	}
	r.failures++
	pause = pause/2 + r.random(pause/2)
	r.at = now.Add(max(pause, min(retryAfter, maxRetryAfter)))
}

// random returns a time from 0 to most.
func (r *registration) random(most time.Duration) time.Duration {
	return time.Duration(r.draw(int(most/time.Millisecond)+1)) * time.Millisecond
}
