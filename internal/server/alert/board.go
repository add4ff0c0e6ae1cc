package alert

import (
	"cmp"
	"time"
)

// board holds what to report, and what was reported: a state machine without a
// clock and without a network. Its methods take the time; it is not safe for
// concurrent use.
type board struct {
	repeat  time.Duration
	matters map[matterKey]*matter
}

// matterKey identifies a matter.
type matterKey struct {
	kind  Kind
	about string
}

// matter is one thing that needs, or needed, attention.
type matter struct {
	latest   Alert
	at       time.Time // of latest, or of its end
	untold   int       // how often it came up since the last report
	resolved bool      // its end is to be reported
	since    time.Time // when the first came up that is not reported
	open     bool      // reported, and its end is not
	told     time.Time // when it was last reported, or given up
	tried    time.Time // when the pending report first failed; zero: not yet
	busy     bool      // a report is being sent
}

// report is one report on a matter.
type report struct {
	key      matterKey
	alert    Alert
	count    int
	at       time.Time
	since    time.Time
	resolved bool
	wasOpen  bool // its reader knows of the matter
}

const (
	// maxMatters bounds the matters of one kind. A thousand entries that fail
	// at once are one problem, and nobody reads a thousand alerts.
	maxMatters = 50

	// manyAbout is the subject of the alerts beyond those.
	manyAbout = "others"

	// giveUpAfter is how long we try to send a report. A chat that is down for
	// longer gets what has come up since.
	giveUpAfter = 15 * time.Minute

	// forgetAfter is how long a matter stays open that is neither resolved nor
	// comes up again.
	forgetAfter = 7 * 24 * time.Hour
)

// raise records an alert. It is fresh if it is not held back.
func (b *board) raise(a Alert, now time.Time) (fresh bool) {
	key := matterKey{a.Kind, a.About}
	m := b.matters[key]
	if m == nil && b.full(a.Kind, now) {
		key.about, a.About = manyAbout, manyAbout
		m = b.matters[key]
	}
	if m == nil {
		m = &matter{}
		b.matters[key] = m
	}
	if !m.waits() {
		m.since = now
		fresh = !m.busy && !b.due(m).After(now)
	}
	m.latest, m.at, m.resolved = a, now, false
	m.untold++
	return fresh
}

// resolve records the end of a matter. If it was not reported, there is nothing
// to resolve.
func (b *board) resolve(key matterKey, now time.Time) (known bool) {
	m := b.matters[key]
	switch {
	case m == nil || m.resolved:
		return false
	case !m.open:
		m.untold = 0
		return false
	case !m.waits():
		m.since = now
	}
	m.at, m.resolved = now, true
	return true
}

func (m *matter) waits() bool { return m.untold > 0 || m.resolved }

// full says whether a kind has reached the limit of matters, after dropping
// those with nothing more to report.
func (b *board) full(kind Kind, now time.Time) bool {
	n := 0
	for key, m := range b.matters {
		switch {
		case m.busy || m.waits() || now.Sub(m.told) < b.repeat || m.open && now.Sub(m.told) < forgetAfter:
		default:
			delete(b.matters, key)
			continue
		}
		if key.kind == kind {
			n++
		}
	}
	return n >= maxMatters
}

// due returns when a waiting matter may be reported.
func (b *board) due(m *matter) time.Time {
	if m.resolved || m.told.IsZero() {
		return m.since
	}
	if again := m.told.Add(b.repeat); again.After(m.since) {
		return again
	}
	return m.since
}

// next returns the report that is due first, and when it is due; ok is false if
// none waits.
func (b *board) next() (first report, due time.Time, ok bool) {
	var found *matter
	for key, m := range b.matters {
		if !m.waits() {
			continue
		}
		at := b.due(m)
		// Comparing the keys only makes the map's order stable.
		before := cmp.Or(at.Compare(due), cmp.Compare(key.kind, first.key.kind), cmp.Compare(key.about, first.key.about)) < 0
		if found == nil || before {
			found, due, first.key = m, at, key
		}
	}
	if found == nil {
		return report{}, time.Time{}, false
	}
	first.alert, first.count, first.at, first.since = found.latest, found.untold, found.at, found.since
	first.resolved, first.wasOpen = found.resolved, found.open
	return first, due, true
}

// begin records that a report is being sent. What comes up meanwhile is
// reported after it.
func (b *board) begin(r report) {
	m := b.matters[r.key]
	m.busy, m.untold, m.resolved, m.open = true, 0, false, !r.resolved
}

// done records that a report has arrived.
func (b *board) done(r report, now time.Time) {
	m := b.matters[r.key]
	m.busy, m.told, m.tried = false, now, time.Time{}
}

// failed records that a report has not arrived. It is retried, unless it is
// hopeless or was tried for too long.
func (b *board) failed(r report, now time.Time, hopeless bool) (gaveUp bool) {
	m := b.matters[r.key]
	m.busy = false
	if m.tried.IsZero() {
		m.tried = now
	}
	gaveUp = hopeless || now.Sub(m.tried) >= giveUpAfter
	m.open = r.wasOpen && !(gaveUp && r.resolved)
	if m.resolved && !m.open {
		m.untold, m.resolved = 0, false // it has ended, and its begin was never reported
		r.count = 0
	}
	if gaveUp {
		m.told, m.tried = now, time.Time{}
		if m.untold > 0 {
			m.untold += r.count
		}
		return true
	}
	m.resolved = m.resolved || r.resolved && m.untold == 0
	m.untold += r.count
	m.since = r.since
	return false
}
