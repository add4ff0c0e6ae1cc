package media

import "time"

// watch notices that nothing arrives any more: the network or the far end is
// gone, and SIP has not said so. It watches while a call is answered and neither
// side is on hold.
//
//	off ──on──▶ hearing ──limit──▶ quiet
//	 ▲            │  ▲               │
//	 └────off─────┘  └────heard──────┘   (off from quiet, too)
type watch struct {
	state watchState
	limit time.Duration // 0: it stays off
	since time.Duration // nothing has arrived
}

type watchState uint8

const (
	watchOff watchState = iota
	watchHearing
	watchQuiet
)

// set begins or ends the watching.
func (w *watch) set(on bool, now time.Duration) {
	switch {
	case !on || w.limit == 0:
		w.state = watchOff
	case w.state == watchOff:
		w.state, w.since = watchHearing, now
	}
}

// heard takes that something arrived at a time, and reports whether it is the
// first after a quiet.
func (w *watch) heard(at time.Duration) (again bool) {
	again = w.state == watchQuiet
	if again {
		w.state = watchHearing
	}
	w.since = max(w.since, at)
	return again
}

// tick reports whether it has become quiet.
func (w *watch) tick(now time.Duration) (quiet bool) {
	if w.state != watchHearing || now-w.since < w.limit {
		return false
	}
	w.state = watchQuiet
	return true
}
