package hours_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the tests are to run where there is no database of zones

	"github.com/switchhook/switchhook/internal/hours"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := hours.ParseZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// schedule reads a schedule as entries have it; an empty text says nothing.
func schedule(t testing.TB, week, holidays, in string) *hours.Schedule {
	t.Helper()
	s := &hours.Schedule{Zone: zone(t, in)}
	var err error
	if week != "" {
		if s.Week, err = hours.ParseWeek([]byte(week)); err != nil {
			t.Fatal(err)
		}
	}
	if holidays != "" {
		if s.Holidays, err = hours.ParseHolidays([]byte(holidays)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

const (
	office = `{"mon": ["09:00-12:00", "13:00-17:00"], "tue": ["09:00-17:00"], "fri": ["09:00-24:00"]}`
	bar    = `{"thu": ["22:00-02:00"], "fri": ["22:00-02:00"]}`
	feast  = `["2026-12-25", "2027-01-01"]` // two Fridays
)

func TestAPlaceIsOpenAsTheClockOnTheWallSays(t *testing.T) {
	const newYork, kathmandu = "America/New_York", "Asia/Kathmandu"
	for _, c := range []struct {
		name, week, holidays, zone, at string
		want                           hours.State
		next                           string // empty: at itself
	}{
		{"the first second", office, "", newYork, "2026-01-05T09:00:00-05:00", hours.Open, ""},
		{"the second before", office, "", newYork, "2026-01-05T08:59:59-05:00", hours.Closed, "2026-01-05T09:00:00-05:00"},
		{"within a second", office, "", newYork, "2026-01-05T08:59:59.9-05:00", hours.Closed, "2026-01-05T09:00:00-05:00"},
		{"the last second", office, "", newYork, "2026-01-05T11:59:59-05:00", hours.Open, ""},
		{"lunch", office, "", newYork, "2026-01-05T12:00:00-05:00", hours.Closed, "2026-01-05T13:00:00-05:00"},
		{"seen from elsewhere", office, "", newYork, "2026-01-05T15:00:00+01:00", hours.Open, ""},
		{"a quarter of an hour's zone", office, "", kathmandu, "2026-01-05T03:14:59Z", hours.Closed, "2026-01-05T03:15:00Z"},
		{"a day that is not named", office, "", newYork, "2026-01-07T10:00:00-05:00", hours.Closed, "2026-01-09T09:00:00-05:00"},
		{"up to midnight", office, "", newYork, "2026-01-09T23:59:59-05:00", hours.Open, ""},
		{"midnight", office, "", newYork, "2026-01-10T00:00:00-05:00", hours.Closed, "2026-01-12T09:00:00-05:00"},
		{"before 1970", office, "", newYork, "1969-12-29T09:00:00-05:00", hours.Open, ""},

		{"before midnight", bar, "", newYork, "2026-01-08T23:00:00-05:00", hours.Open, ""},
		{"past midnight", bar, "", newYork, "2026-01-09T01:59:59-05:00", hours.Open, ""},
		{"past closing time", bar, "", newYork, "2026-01-09T02:00:00-05:00", hours.Closed, "2026-01-09T22:00:00-05:00"},
		{"over the week's end", `{"sat": ["22:00-02:00"]}`, "", newYork, "2026-01-11T01:00:00-05:00", hours.Open, ""},

		{"a holiday", office, feast, newYork, "2026-12-25T10:00:00-05:00", hours.Holiday, "2026-12-28T09:00:00-05:00"},
		{"a holiday's first second", office, feast, newYork, "2026-12-25T00:00:00-05:00", hours.Holiday, "2026-12-28T09:00:00-05:00"},
		{"a holiday elsewhere only", office, feast, newYork, "2026-12-25T04:59:59Z", hours.Closed, "2026-12-28T09:00:00-05:00"},
		{"into a holiday", bar, feast, newYork, "2026-12-25T01:00:00-05:00", hours.Open, ""},
		{"a holiday's evening", bar, feast, newYork, "2026-12-25T23:00:00-05:00", hours.Holiday, "2026-12-31T22:00:00-05:00"},
		{"what would have begun on a holiday", bar, feast, newYork, "2026-12-26T01:00:00-05:00", hours.Closed, "2026-12-31T22:00:00-05:00"},
		{"holidays alone", "", feast, newYork, "2026-12-25T10:00:00-05:00", hours.Holiday, "2026-12-26T00:00:00-05:00"},
		{"all the time", "", "", newYork, "2026-12-25T10:00:00-05:00", hours.Open, ""},
		{"no days are no hours", `{}`, "", newYork, "2026-12-25T10:00:00-05:00", hours.Open, ""},
		{"the whole day", `{"mon": ["00:00-24:00"]}`, "", newYork, "2026-01-04T12:00:00-05:00", hours.Closed, "2026-01-05T00:00:00-05:00"},
		{"spans in any order, that overlap", `{"mon": ["13:00-17:00", "09:00-14:00"]}`, "", newYork, "2026-01-05T08:00:00-05:00", hours.Closed, "2026-01-05T09:00:00-05:00"},

		// Clocks went from 2:00 to 3:00 on the 8th of March 2026, a Sunday. A time
		// that does not exist is that of the offset before: RFC 5545, section 3.3.5.
		{"a time that does not exist", `{"sun": ["02:30-04:00"]}`, "", newYork, "2026-03-08T01:59:59-05:00", hours.Closed, "2026-03-08T03:30:00-04:00"},
		{"past the gap, before it", `{"sun": ["02:30-04:00"]}`, "", newYork, "2026-03-08T03:29:59-04:00", hours.Closed, "2026-03-08T03:30:00-04:00"},
		{"past it", `{"sun": ["02:30-04:00"]}`, "", newYork, "2026-03-08T03:30:00-04:00", hours.Open, ""},
		{"a span that does not exist", `{"sun": ["02:10-02:20"]}`, "", newYork, "2026-03-08T01:00:00-05:00", hours.Closed, "2026-03-08T03:10:00-04:00"},
		{"into the gap", `{"sat": ["22:00-02:30"]}`, "", newYork, "2026-03-08T03:29:59-04:00", hours.Open, ""},
		{"into the gap, past it", `{"sat": ["22:00-02:30"]}`, "", newYork, "2026-03-08T03:30:00-04:00", hours.Closed, "2026-03-14T22:00:00-04:00"},
		{"into the morning on which an hour is missing", `{"sat": ["22:00-03:00"]}`, "", newYork, "2026-03-08T03:00:00-04:00", hours.Closed, "2026-03-14T22:00:00-04:00"},
		{"the day that is put forward", `{"sun": ["09:00-10:00"]}`, "", newYork, "2026-03-08T00:00:00-05:00", hours.Closed, "2026-03-08T09:00:00-04:00"},
		{"far beyond", `{"sun": ["09:00-10:00"]}`, "", newYork, "2026-03-07T23:00:00-05:00", hours.Closed, "2026-03-08T09:00:00-04:00"},
		{"a midnight that does not exist", `{"fri": ["00:00-24:00"]}`, "", "Africa/Cairo", "2026-04-23T21:59:59Z", hours.Closed, "2026-04-23T22:00:00Z"},
		{"half an hour that does not exist", `{"sun": ["02:15-06:00"]}`, "", "Australia/Lord_Howe", "2026-10-03T15:40:00Z", hours.Closed, "2026-10-03T15:45:00Z"},

		// And from 2:00 back to 1:00 on the 1st of November. A time that comes
		// twice is the first.
		{"a time that comes twice", `{"sun": ["01:30-01:45"]}`, "", newYork, "2026-11-01T01:30:00-04:00", hours.Open, ""},
		{"between the two", `{"sun": ["01:30-01:45"]}`, "", newYork, "2026-11-01T01:50:00-04:00", hours.Closed, "2026-11-08T01:30:00-05:00"},
		{"the second time", `{"sun": ["01:30-01:45"]}`, "", newYork, "2026-11-01T01:30:00-05:00", hours.Closed, "2026-11-08T01:30:00-05:00"},
		{"from the first of two on", `{"sun": ["01:30-09:00"]}`, "", newYork, "2026-11-01T01:15:00-05:00", hours.Open, ""},
		{"to the first of two", `{"sat": ["22:00-01:30"]}`, "", newYork, "2026-11-01T01:29:59-05:00", hours.Closed, "2026-11-07T22:00:00-05:00"},
		{"over both", `{"sun": ["00:30-03:00"]}`, "", newYork, "2026-11-01T01:30:00-05:00", hours.Open, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := schedule(t, c.week, c.holidays, c.zone)
			now := at(t, c.at)
			if got := s.At(now); got != c.want {
				t.Errorf("it is %s, want %s", got, c.want)
			}
			want := now
			if c.next != "" {
				want = at(t, c.next)
			}
			if got, ok := s.Next(now); !ok || !got.Equal(want) {
				t.Errorf("it opens at %v, %v; want %v", got.In(want.Location()), ok, want)
			}
		})
	}
}

func TestAPlaceWithoutSpansNeverOpens(t *testing.T) {
	for _, in := range []string{"UTC", "America/New_York"} {
		s := schedule(t, `{"mon": []}`, feast, in)
		now := at(t, "2026-12-21T12:00:00Z")
		if got := s.At(now); got != hours.Closed {
			t.Errorf("it is %s", got)
		}
		if opens, ok := s.Next(now); ok {
			t.Errorf("it opens at %v", opens)
		}
	}
}

func TestNothingSaidIsAlwaysOpen(t *testing.T) {
	now := at(t, "2026-12-25T12:00:00Z")
	for name, s := range map[string]*hours.Schedule{"nil": nil, "zero": {}} {
		if got := s.At(now); got != hours.Open {
			t.Errorf("%s: it is %s", name, got)
		}
		if next, ok := s.Next(now); !ok || !next.Equal(now) {
			t.Errorf("%s: it opens at %v, %v", name, next, ok)
		}
	}
}

// TestTheNextOpeningIsTheFirst walks through two weeks around each change of
// the clocks, minute by minute, in zones that change by an hour, by half an
// hour, by a whole day, and not at all.
func TestTheNextOpeningIsTheFirst(t *testing.T) {
	for _, c := range []struct{ zone, from string }{
		{"America/New_York", "2026-03-04T00:00:00Z"}, {"America/New_York", "2026-10-28T00:00:00Z"},
		{"Australia/Lord_Howe", "2026-03-31T00:00:00Z"}, {"Australia/Lord_Howe", "2026-09-30T00:00:00Z"},
		{"Pacific/Apia", "2011-12-27T00:00:00Z"}, {"Asia/Kolkata", "2026-03-04T00:00:00Z"},
	} {
		t.Run(c.zone+" "+c.from, func(t *testing.T) {
			s := schedule(t, `{"sat": ["22:00-02:30"], "sun": ["01:15-01:45", "02:10-02:20", "09:00-17:00"], "fri": ["01:30-03:30"], "wed": ["00:00-24:00"]}`,
				`["2026-03-11", "2026-11-04", "2011-12-31"]`, c.zone)
			from := at(t, c.from)
			const minutes = 14 * 24 * 60
			var next time.Time // backwards: what is open next is known
			known := false
			for i := minutes; i >= 0; i-- {
				now := from.Add(time.Duration(i) * time.Minute)
				if s.At(now) == hours.Open {
					next, known = now, true
				}
				if !known {
					continue
				}
				if got, ok := s.Next(now); !ok || !got.Equal(next) {
					t.Fatalf("at %v the next opening is %v, want %v", now.In(s.Zone), got.In(s.Zone), next.In(s.Zone))
				}
			}
		})
	}
}

func BenchmarkAt(b *testing.B) {
	s := schedule(b, office, feast, "America/New_York")
	now := at(b, "2026-12-24T12:00:00Z")
	b.ReportAllocs()
	for b.Loop() {
		s.At(now)
	}
}
