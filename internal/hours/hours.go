// Package hours knows when a place is open: spans of the week, holidays and a
// time zone.
//
// Open is what the clock on the wall says: see Instant for the times that do not
// exist where clocks are put forward, and for those that come twice where they
// are put back.
//
// Time zones are those of the IANA database, of the machine or embedded in the
// program: one that is to run on Windows or in an empty container imports
// time/tzdata in its main package (450 kB). A library like this one leaves that
// to the program.
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

// reach is how many days before a day a span that lasts into it can begin: it may
// cross midnight, and some zones have skipped a day.
const reach = 2

// At returns how the place is at t.
func (s *Schedule) At(t time.Time) State {
	if s == nil {
		return Open
	}
	today := s.dateOf(t)
	for date := today - reach; date <= today; date++ {
		if !s.holiday(date) && s.within(date, t) {
			return Open
		}
	}
	if s.holiday(today) {
		return Holiday
	}
	return Closed
}

// Next returns the first moment from t on at which the place is open: t itself if
// it is open then; false: never again.
func (s *Schedule) Next(t time.Time) (next time.Time, ok bool) {
	if s == nil {
		return t, true
	}
	// If the place ever opens, it does so in a week without holidays, and each
	// holiday spoils one week at most. Times of a day may come after those of the
	// next day: see Instant.
	first := s.dateOf(t) - reach
	last := first + Date(days*(len(s.Holidays)+2))
	for date := first; date <= last; date++ {
		if s.holiday(date) {
			continue
		}
		for _, span := range s.spans(date) {
			from, to := s.bounds(span, date)
			if from.Before(t) {
				from = t
			}
			if from.Before(to) && (!ok || from.Before(next)) {
				next, ok, last = from.In(t.Location()), true, min(last, date+reach)
			}
		}
	}
	return next, ok
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

// within reports whether a moment lies in a span that begins on a day.
func (s *Schedule) within(date Date, t time.Time) bool {
	for _, span := range s.spans(date) {
		if from, to := s.bounds(span, date); !from.After(t) && to.After(t) {
			return true
		}
	}
	return false
}

// allDay is the one span of a day if there is no Week.
var allDay = []Span{{0, day / minute}}

func (s *Schedule) spans(date Date) []Span {
	if s.Week == nil {
		return allDay
	}
	const firstWeekday = Date(time.Thursday)            // of 1970
	return s.Week[((date+firstWeekday)%days+days)%days] // a date before 1970 is negative
}

// bounds returns when a span of a day begins and ends.
func (s *Schedule) bounds(span Span, date Date) (from, to time.Time) {
	at := func(minutes int) time.Time {
		return Instant(time.Unix(int64(date)*day+int64(minutes)*minute, 0).UTC(), s.Zone)
	}
	return at(span.From), at(span.To)
}

// dateOf returns the day that it is in the schedule's zone.
func (s *Schedule) dateOf(t time.Time) Date {
	return dateOf(Wall(s.local(t)).Unix())
}

func dateOf(wall int64) Date {
	d := wall / day
	if wall%day < 0 {
		d--
	}
	return Date(d)
}
