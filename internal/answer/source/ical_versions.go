package source

import (
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ical"
)

// group is an event with its changed turns, in all their versions.
type group struct{ whole, turns []*event }

// grouped puts events together by their UID, in the order of the file. An event
// without one is alone.
func grouped(events []*event) []*group {
	var groups []*group
	byUID := make(map[string]*group)
	for _, e := range events {
		g := byUID[e.uid]
		if g == nil || e.uid == "" {
			g = &group{}
			groups = append(groups, g)
			byUID[e.uid] = g
		}
		if e.turn == nil {
			g.whole = append(g.whole, e)
		} else {
			g.turns = append(g.turns, e)
		}
	}
	return groups
}

// latest returns the latest version. It reports versions that rank equal but
// differ.
func (r *reader) latest(versions []*event) *event {
	last := slices.MaxFunc(versions, (*event).compare)
	for _, e := range versions {
		if e != last && e.sequence == last.sequence && e.stamp.Equal(last.stamp) && e.modified.Equal(last.modified) && e.what() != last.what() {
			r.odd("%s has the UID of another event, which comes later in the file and counts", e.what())
		}
	}
	return last
}

// group reads an event, and adds the shifts of it and of its changed turns.
func (r *reader) group(g *group) {
	var whole *shift
	if len(g.whole) > 0 {
		e := r.latest(g.whole)
		if e.isCancelled() {
			return // with all its turns
		}
		whole = r.shift(e)
	}
	for _, e := range r.turns(g.turns, whole) {
		if !e.isLater || !r.changeLater(whole, e) {
			if s := r.shift(e); s != nil && !e.isCancelled() {
				r.calendar.shifts = append(r.calendar.shifts, *s)
			}
		}
	}
	if whole != nil {
		slices.SortStableFunc(whole.later, func(a, b *later) int { return a.from.Compare(b.from) })
		r.calendar.shifts = append(r.calendar.shifts, *whole)
	}
}

// shift reads an event; nil: it is left out, which is reported.
func (r *reader) shift(e *event) *shift {
	s := &shift{what: e.what()}
	_, _ = e.first("SUMMARY", func(*ical.Property) error { return nil }) // which reports others
	err := e.times(&s.series)
	if err == nil && (e.turn == nil || e.isLater && e.Get("RRULE") != nil) {
		err = e.recurrence(&s.series)
	}
	if err != nil {
		r.odd("%s is left out: %s", s.what, err)
		return nil
	}
	s.people, s.asked = r.people(e)
	return s
}

// turns returns the latest version of each changed turn, and takes the turns
// that it replaces out of their series. It matches them by time, or by day if
// the series is one of days.
func (r *reader) turns(all []*event, whole *shift) []*event {
	type key struct {
		at      time.Time
		isDay   bool
		isLater bool
	}
	versions := make(map[key][]*event)
	var keys []key
	for _, e := range all {
		zone := e.scope.zone
		if whole != nil {
			zone = whole.first.zone
		}
		m, err := e.scope.moment(e.turn, e.turn.Value, zone)
		if err != nil {
			r.odd("%s does not say which turn it changes: %s", e.what(), err)
		}
		k := key{m.instant().UTC(), m.isDay, e.isLater}
		if whole != nil && whole.first.isDay {
			k.at, k.isDay = m.day(zone), true
		}
		if err != nil {
			k = key{at: time.Unix(int64(e.order), 0).UTC(), isDay: true} // one of its own
		} else if whole != nil && !e.isLater {
			whole.leaveOut(m)
		}
		if versions[k] == nil {
			keys = append(keys, k)
		}
		versions[k] = append(versions[k], e)
	}
	latest := make([]*event, len(keys))
	for i, k := range keys {
		latest[i] = r.latest(versions[k])
	}
	return latest
}

// changeLater changes all turns of a series from one on. False: there is no such
// series, and the event is a single turn.
func (r *reader) changeLater(whole *shift, e *event) bool {
	if whole == nil {
		r.odd("%s is a change of all turns from one on, of a series that is not there", e.what())
		return false
	}
	zone := whole.first.zone
	m, err := e.scope.moment(e.turn, e.turn.Value, zone)
	if err != nil {
		return false
	}
	at := moment{wall: m.in(zone), zone: zone}
	if whole.first.isDay {
		at.wall = m.day(zone)
	} else if m.isDay { // the turn of that day
		at.wall = m.wall.Add(whole.first.wall.Sub(whole.first.wall.Truncate(oneDay)))
	}
	change := &later{from: at.instant(), over: e.isCancelled()}
	if !change.over {
		own := r.shift(e)
		if own == nil {
			return true // which is reported; the turns stay as they were
		}
		change.moved = own.first.in(zone).Sub(at.wall)
		change.lasts, change.people, change.what = own.lasts, own.people, own.what
		if len(own.rules) > 0 { // a series of its own from there on
			change.over = true
			r.calendar.shifts = append(r.calendar.shifts, *own)
		}
		if max(change.moved, -change.moved, change.lasts.wall+change.lasts.exact) > maxTurn {
			r.odd("%s is left out: it moves turns by more than %s", e.what(), span(maxTurn))
			return true
		}
	}
	whole.later = append(whole.later, change)
	return true
}
