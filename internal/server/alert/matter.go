package alert

import (
	"time"
)

// Key identifies a matter.
type Key struct {
	Kind  Kind   `json:"kind"`
	About string `json:"about,omitempty"`
}

// Masked returns the key as it stands on a board: numbers are masked.
func (k Key) Masked() Key { return Key{k.Kind, presentable(k.About, maxAbout)} }

// Subject is what people call what it is about.
func (k Key) Subject() string {
	if k.About == allOfKind {
		return "all"
	}
	return k.About
}

// Matter is one thing that needs, or needed, attention: what all servers of a
// database know of it.
type Matter struct {
	Text  string `json:"text,omitempty"`  // the latest of its alerts
	Do    string `json:"do,omitempty"`    // what to do about it
	Now   string `json:"now,omitempty"`   // what to do now that it has ended
	Cause *Key   `json:"cause,omitempty"` // what it follows from, if that stands

	Since time.Time `json:"since,omitzero"` // when it began
	Up    time.Time `json:"up,omitzero"`    // when it last began again; Since, unless it comes and goes
	At    time.Time `json:"at,omitzero"`    // when it last came up
	Ended time.Time `json:"ended,omitzero"` // zero: it stands

	Total  int `json:"total,omitempty"`  // how often it has ever come up
	Before int `json:"before,omitempty"` // of these, how often before Since
	Downs  int `json:"downs,omitempty"`  // of these, how often before Up

	// Seen is by which servers it stands, and when each last said so.
	Seen map[string]time.Time `json:"seen,omitempty"`

	// Ways is what those know who read the alerts of each way.
	Ways map[string]Telling `json:"ways,omitempty"`

	Muted time.Time `json:"muted,omitzero"` // until when nobody is told
}

// Telling is what was told of a matter by one way.
type Telling struct {
	Upto  int       `json:"upto,omitempty"`  // the Total that was told
	Open  bool      `json:"open,omitempty"`  // it was told, and its end was not
	Told  time.Time `json:"told,omitzero"`   // when it was last told, or given up
	Group time.Time `json:"group,omitzero"`  // it was told with others, at this time
	Busy  time.Time `json:"busy,omitzero"`   // a server is sending, and counts as dead from then on
	First time.Time `json:"first,omitzero"`  // when what is to be told first failed to arrive
	Next  time.Time `json:"next,omitzero"`   // when it is tried again
	Tries int       `json:"tries,omitempty"` // how often it has failed
	Why   string    `json:"why,omitempty"`   // why the last did not arrive
}

// Stands reports whether a matter needs attention.
func (m *Matter) Stands() bool { return m.Total > 0 && m.Ended.IsZero() }

// comesAndGoes reports whether it has come up again soon after it had ended.
func (m *Matter) comesAndGoes() bool { return m.Up.After(m.Since) }

// Count is how often it has come up since it began.
func (m *Matter) Count() int { return m.Total - m.Before }

// seenAfter is how long a server that has raised a matter still counts, if it
// neither raises it again nor resolves it: it may be gone for good.
const seenAfter = time.Hour

// raise records that a server has raised an alert so many times.
func (m *Matter) raise(a Alert, count int, server string, repeat time.Duration, now time.Time) {
	began := m.Total == 0
	switch {
	case began:
	case !m.Ended.IsZero():
		began = now.Sub(m.Ended) >= repeat
		m.Up, m.Downs = now, m.Total
	case !a.Kind.Lasts():
		began = now.Sub(m.At) >= repeat
	}
	if began {
		m.Since, m.Up, m.Before, m.Downs = now, now, m.Total, m.Total
	}
	m.Text, m.Do, m.At, m.Ended, m.Now, m.Cause = a.Text, a.Do, now, time.Time{}, "", nil
	if a.Cause != (Key{}) {
		m.Cause = &a.Cause
	}
	m.Total += count
	if m.Seen == nil {
		m.Seen = map[string]time.Time{}
	}
	m.Seen[server] = now
}

// resolve records that a matter has ended for a server, and reports whether it
// has for all.
func (m *Matter) resolve(now, server string, at time.Time) bool {
	if !m.Stands() {
		return false
	}
	delete(m.Seen, server)
	for other, seen := range m.Seen {
		if at.Sub(seen) >= seenAfter {
			delete(m.Seen, other)
		}
	}
	if len(m.Seen) > 0 {
		return false
	}
	m.Ended, m.Now = at, now
	return true
}

// telling returns what was told by a way.
func (m *Matter) telling(way string) Telling { return m.Ways[way] }

func (m *Matter) setTelling(way string, t Telling) {
	if m.Ways == nil {
		m.Ways = map[string]Telling{}
	}
	m.Ways[way] = t
}
