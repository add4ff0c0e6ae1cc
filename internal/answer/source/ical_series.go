package source

import (
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/hours"
)

// maxTurn is the longest that a turn of a series may last, and the farthest that
// its turns may be moved at once: a search looks back so far.
const maxTurn = 400 * oneDay

// length is how long something lasts: first by the wall clock, then in elapsed
// time. They differ where summer time begins or ends.
type length struct{ wall, exact time.Duration }

// turn is one time that something happens.
type turn struct {
	start, end time.Time
	people     []Person
	what       string
}

// series is something that happens once or repeatedly (RFC 5545, section 3.8.5).
// All of it is computed on the wall clock.
type series struct {
	first moment
	begin time.Time // when the first turn begins
	lasts length    // of a turn
	rules []*rule   // none: once
	extra []extra   // RDATE

	without     map[int64]bool     // starts that are left out, in Unix seconds
	withoutDays map[time.Time]bool // days that are left out
	exceptions  []*rule            // EXRULE

	later []*later // by time
}

// extra is a turn that no rule gives.
type extra struct {
	wall  time.Time
	start time.Time
	lasts *length // nil: as the others
}

// later is a change of all turns from one on (RFC 5545, section 3.2.13).
type later struct {
	from   time.Time // the start of the first, before any change
	moved  time.Duration
	lasts  length
	people []Person
	what   string
	over   bool // there are none
}

// starts sets when the first turn begins.
func (s *series) starts(first moment) { s.first, s.begin = first, first.instant() }

// ends returns when a turn ends that begins at a time.
func (s *series) ends(l length, wall, start time.Time) time.Time {
	if l.wall != 0 {
		start = hours.Instant(wall.Add(l.wall), s.first.zone)
	}
	return start.Add(l.exact)
}

// turns returns the turns that t lies in: from the start on, to before the end.
// What is the same for all turns of the series is left empty in them.
func (s *series) turns(t time.Time) (found []turn, err error) {
	from, to := s.window(t)
	excepted := make(map[time.Time]bool)
	for _, r := range s.exceptions {
		if err := r.follow(from, to, func(wall time.Time) {
			if r.last == nil || r.last(wall, hours.Instant(wall, s.first.zone)) {
				excepted[wall] = true
			}
		}); err != nil {
			return nil, err
		}
	}
	seen := make(map[int64]bool)
	add := func(wall, start time.Time, lasts *length) {
		if !seen[start.Unix()] && !excepted[wall] {
			if one, ok := s.turn(wall, start, lasts); ok && !one.start.After(t) && one.end.After(t) {
				found, seen[start.Unix()] = append(found, one), true
			}
		}
	}
	for _, e := range s.extra {
		add(e.wall, e.start, e.lasts)
	}
	if len(s.rules) == 0 {
		add(s.first.wall, s.begin, nil)
	}
	for _, r := range s.rules {
		if err := r.follow(from, to, func(wall time.Time) {
			start := hours.Instant(wall, s.first.zone)
			if r.last == nil || r.last(wall, start) {
				add(wall, start, nil)
			}
		}); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// window returns the times, on the wall clock, between which a turn that may
// reach to t begins, before any change of it.
func (s *series) window(t time.Time) (from, to time.Time) {
	const slack = 2 * oneDay // zones, and whatever a clock does in a night
	back, ahead := s.lasts.wall+s.lasts.exact, time.Duration(0)
	for _, l := range s.later {
		back = max(back, l.lasts.wall+l.lasts.exact+l.moved)
		ahead = max(ahead, -l.moved)
	}
	wall := hours.Wall(t.In(s.first.zone))
	return wall.Add(-back - slack), wall.Add(ahead + slack)
}

// turn returns a turn by its start before any change; false: it is left out.
func (s *series) turn(wall, start time.Time, lasts *length) (turn, bool) {
	if s.without[start.Unix()] || s.withoutDays[wall.Truncate(oneDay)] {
		return turn{}, false
	}
	change := s.change(start)
	if change == nil {
		if lasts == nil {
			lasts = &s.lasts
		}
		return turn{start: start, end: s.ends(*lasts, wall, start)}, true
	}
	if change.over {
		return turn{}, false
	}
	if change.moved != 0 {
		wall = wall.Add(change.moved)
		start = hours.Instant(wall, s.first.zone)
		// Some programs name a turn by its time after the change.
		if change.moved%oneDay != 0 && s.without[start.Unix()] {
			return turn{}, false
		}
	}
	return turn{start: start, end: s.ends(change.lasts, wall, start), people: change.people, what: change.what}, true
}

// change returns the change of later turns that holds for one, or nil.
func (s *series) change(start time.Time) *later {
	for _, l := range slices.Backward(s.later) {
		if !l.from.After(start) {
			return l
		}
	}
	return nil
}

// leaveOut takes a turn out of the series: the one that begins at a time, or
// those of a day.
func (s *series) leaveOut(m moment) {
	midnight := m.isMidnight() && !s.first.isMidnight() && s.isOnceADay() && (m.floating || sameZone(m.zone, s.first.zone))
	if s.first.isDay || m.isDay || midnight { // Exchange means the day by its midnight
		if s.withoutDays == nil {
			s.withoutDays = make(map[time.Time]bool)
		}
		s.withoutDays[m.day(s.first.zone)] = true
		return
	}
	if s.without == nil {
		s.without = make(map[int64]bool)
	}
	s.without[m.instant().Unix()] = true
}

// isOnceADay reports whether all turns by rules begin at the time of day of the
// first.
func (s *series) isOnceADay() bool {
	return !slices.ContainsFunc(s.rules, func(r *rule) bool {
		return len(r.option.Byhour)+len(r.option.Byminute)+len(r.option.Bysecond) > 0 || r.option.Freq.String() == "HOURLY"
	})
}
