package guess

import (
	"slices"
	"time"
)

const (
	// mostOfOwn is how many different wrong secrets make an IPv4 address or an
	// IPv6 /64 wait, and mostOfWider how many make the networks around it.
	mostOfOwn   = 10
	mostOfWider = 40

	// within is the time over which they are counted.
	within = 10 * time.Minute

	// firstWait is the length of the first wait. The next is twice as long, up
	// to longestWait.
	firstWait   = time.Minute
	longestWait = time.Hour

	// forgiveAfter is how long after a wait the next one counts as the first,
	// and how long a network is suspect after a wrong secret.
	forgiveAfter = 24 * time.Hour
)

// tally counts a network's wrong secrets: a state machine without a clock.
type tally struct {
	wrong  []wrongSecret // different ones, oldest first
	latest time.Time     // when the last one was sent, repeats included
	ends   time.Time     // of the wait
	last   time.Duration // the length of the last wait; 0: there was none
}

// wrongSecret is one that was sent. Sending it again teaches nobody anything,
// and is what a program with an old secret does.
type wrongSecret struct {
	hash uint64
	at   time.Time
}

// wait returns how much longer the network has to wait.
func (t *tally) wait(now time.Time) time.Duration { return max(0, t.ends.Sub(now)) }

// suspect reports whether the network has recently sent a wrong secret.
func (t *tally) suspect(now time.Time) bool { return now.Sub(t.latest) < forgiveAfter }

// count counts a wrong secret, and reports whether the network begins to wait.
// While it waits nothing is counted.
func (t *tally) count(hash uint64, most int, now time.Time) (begins bool) {
	if t.wait(now) > 0 {
		return false
	}
	t.latest = now
	t.wrong = slices.DeleteFunc(t.wrong, func(w wrongSecret) bool { return now.Sub(w.at) >= within })
	if slices.ContainsFunc(t.wrong, func(w wrongSecret) bool { return w.hash == hash }) {
		return false
	}
	if t.wrong = append(t.wrong, wrongSecret{hash, now}); len(t.wrong) < most {
		return false
	}
	if now.Sub(t.ends) >= forgiveAfter {
		t.last = 0
	}
	t.last = min(max(firstWait, 2*t.last), longestWait)
	t.wrong, t.ends = nil, now.Add(t.last)
	return true
}
