// Package hours knows when a place is open: spans of the week, holidays and a
// time zone.
//
// Open is what the clock on the wall says. Where clocks are put forward, a span
// that begins at a time that does not exist begins with the next that does;
// where they are put back, the times that come twice count twice.
//
// Time zones are those of the IANA database, which the machine has or the
// program brings along: one that is to run on Windows or in an empty container
// imports time/tzdata in its main package (450 kB). A library like this one
// leaves that to it.
package hours

import (
	"slices"
	"time"
)

// State is how a place is at a moment.
type State string

// The states.
const (
	Open    State = "open"
	Closed  State = "closed"
	Holiday State = "holiday" // closed all day, and why
)

// Schedule is when a place is open. The zero Schedule, and a nil one, is always
// open.
type Schedule struct {
	Week     *Week
	Holidays Holidays
	Zone     *time.Location // nil: that of the machine
}

// Week is the spans of each day, by time.Weekday. A nil Week is open all the
// time, one without spans never.
type Week [days][]Span

const days = 7

// Span is when a place is open on one day, in minutes from midnight, From
// included and To not. A span over midnight has a To of more than a day, and
// belongs to the day on which it begins.
type Span struct{ From, To int }

// Holidays are dates on which a place is closed, in order. A span over midnight
// from the day before still holds; one that would begin on the day does not.
type Holidays []Date

// Date is a day as days since the first of 1970.
type Date int32

// String returns the date as 2026-12-25.
func (d Date) String() string { return time.Unix(int64(d)*day, 0).UTC().Format(time.DateOnly) }

// Seconds, as this package counts on the wall's clock.
const (
	minute = 60
	day    = 24 * 60 * minute
)

// At returns how the place is at t.
func (s *Schedule) At(t time.Time) State {
	if s == nil {
		return Open
	}
	_, offset := s.local(t).Zone()
	wall := t.Unix() + int64(offset)
	today := dateOf(wall)
	if !s.holiday(today-1) && s.within(today-1, wall) || !s.holiday(today) && s.within(today, wall) {
		return Open
	}
	if s.holiday(today) {
		return Holiday
	}
	return Closed
}

// Next returns the first moment from t on at which the place is open, which is
// t itself where it is open then; false: never again.
func (s *Schedule) Next(t time.Time) (time.Time, bool) {
	if s == nil {
		return t, true
	}
	for at := t; ; {
		if s.At(at) == Open {
			return at, true
		}
		// As long as the clock is not put forward or back, the wall's time is
		// the world's and a constant.
		local := s.local(at)
		_, offset := local.Zone()
		_, changed := local.ZoneBounds()
		wall, ok := s.nextOnWall(at.Unix() + int64(offset))
		if next := time.Unix(wall-int64(offset), 0); ok && (changed.IsZero() || next.Before(changed)) {
			return next.In(t.Location()), true
		}
		if changed.IsZero() || !ok {
			return time.Time{}, false
		}
		at = changed.In(t.Location())
	}
}

// nextOnWall returns the first moment from wall on at which the place is open,
// on a clock that is never put forward or back.
func (s *Schedule) nextOnWall(wall int64) (int64, bool) {
	// A week without holidays has whatever opening there is, and each holiday
	// spoils one week at most; yesterday may last into today.
	first := dateOf(wall) - 1
	last := first + Date(days*(len(s.Holidays)+2))
	for date := first; date <= last; date++ {
		if s.holiday(date) {
			continue
		}
		best, found := int64(0), false
		for _, span := range s.spans(date) {
			from, to := span.on(date)
			if opens := max(from, wall); opens < to && (!found || opens < best) {
				best, found = opens, true
			}
		}
		if found {
			return best, true
		}
	}
	return 0, false
}

func (s *Schedule) local(t time.Time) time.Time {
	if s.Zone == nil {
		return t.In(time.Local)
	}
	return t.In(s.Zone)
}

func (s *Schedule) holiday(d Date) bool {
	_, found := slices.BinarySearch(s.Holidays, d)
	return found
}

// within reports whether a moment lies in a span of a day, which may have been
// the day before.
func (s *Schedule) within(date Date, wall int64) bool {
	for _, span := range s.spans(date) {
		if from, to := span.on(date); from <= wall && wall < to {
			return true
		}
	}
	return false
}

// allDay is the one span of a day of which nothing is said.
var allDay = []Span{{0, day / minute}}

func (s *Schedule) spans(date Date) []Span {
	if s.Week == nil {
		return allDay
	}
	const firstWeekday = Date(time.Thursday)            // of 1970
	return s.Week[((date+firstWeekday)%days+days)%days] // a date before 1970 is negative
}

// on returns when a span begins and ends on the wall's clock, in seconds.
func (s Span) on(date Date) (from, to int64) {
	midnight := int64(date) * day
	return midnight + int64(s.From)*minute, midnight + int64(s.To)*minute
}

func dateOf(wall int64) Date {
	d := wall / day
	if wall%day < 0 {
		d--
	}
	return Date(d)
}
