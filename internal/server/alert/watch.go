package alert

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// downAfter is how many attempts in a row must fail before a phone system
	// is down: two may be a coincidence.
	downAfter = 3

	// downFor is how long they must fail. A phone system that restarts is back
	// within that time, and an operator could not act sooner.
	downFor = 2 * time.Minute
)

// Change is the result of an attempt.
type Change int

// The changes.
const (
	Unchanged Change = iota
	Down             // it is down, or still is
	Up               // it was down, and is up again
)

// Watch decides from attempts at a phone system whether it is down. It is a
// value: Attempt returns the next one. The zero Watch has seen nothing.
type Watch struct {
	failures int
	since    time.Time // of the first of them
	down     bool
}

// Attempt records whether an attempt was answered, at a time. A refusal is an
// answer: a phone system that says no is up.
func (w Watch) Attempt(answered bool, at time.Time) (Watch, Change) {
	if answered {
		if w.down {
			return Watch{}, Up
		}
		return Watch{}, Unchanged
	}
	if w.failures == 0 || at.Before(w.since) {
		w.since = at
	}
	w.failures++
	w.down = w.down || w.failures >= downAfter && at.Sub(w.since) >= downFor
	if w.down {
		return w, Down
	}
	return w, Unchanged
}

// Since returns since when attempts fail; the zero time: the last did not.
func (w Watch) Since() time.Time { return w.since }

// PhoneSystem raises an alert when a phone system is down, and resolves it. It
// may be used by several goroutines.
type PhoneSystem struct {
	alerts *Sender
	host   string

	mu    sync.Mutex
	watch Watch
}

// NewPhoneSystem returns a PhoneSystem that has seen nothing. The host names
// the phone system in alerts.
func NewPhoneSystem(alerts *Sender, host string) *PhoneSystem {
	return &PhoneSystem{alerts: alerts, host: host}
}

// Attempt records whether an attempt was answered.
func (p *PhoneSystem) Attempt(ctx context.Context, answered bool) {
	p.mu.Lock()
	defer p.mu.Unlock() // reports come in the order of events
	var change Change
	p.watch, change = p.watch.Attempt(answered, time.Now())
	switch change {
	case Down:
		p.alerts.Raise(ctx, Alert{Kind: PhoneSystemDown, About: p.host, Text: fmt.Sprintf(
			"The phone system %s has not answered since %s UTC: callers get no texts. switchhook doctor says what is the matter.",
			p.host, p.watch.Since().UTC().Format("15:04"))})
	case Up:
		p.alerts.Resolve(ctx, PhoneSystemDown, p.host)
	case Unchanged:
	}
}
