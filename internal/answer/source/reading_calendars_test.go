package source_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/answer/sourcetest"
)

// rota is a weekly rota of three people with a change, an exception and an
// extra turn, over the beginning and the end of summer time.
func rota(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("testdata/rota.ics")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// feed returns a source that reads a calendar from a feed.
func feed(t *testing.T, calendar string, c source.ICalConfig) (source.Source, *sourcetest.Feed) {
	t.Helper()
	standIn := sourcetest.NewFeed(calendar)
	client, _ := connect(t, standIn)
	t.Cleanup(func() { wellBehaved(t, standIn) })
	c.URL, c.Client = hide("http://calendar.test"+sourcetest.FeedPath), client
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	s, err := source.NewICal(c)
	if err != nil {
		t.Fatal(err)
	}
	return s, standIn
}

// who returns who is on call, as "name level".
func who(people []source.Person) string {
	var names []string
	for _, p := range people {
		name, _, _ := strings.Cut(p.Name, " ")
		names = append(names, name+" "+string(rune('0'+p.Level)))
	}
	return strings.Join(names, ", ")
}

// sleepUntil waits on the bubble's clock.
func sleepUntil(t *testing.T, at string) {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	if moment.Before(time.Now()) {
		t.Fatalf("%s has been", at)
	}
	time.Sleep(time.Until(moment))
}

// TestTheRightPersonIsOnCall asks a rota at instants around each of its turns.
// It is read with a time zone of the database and with one that the calendar
// describes in its own words.
func TestTheRightPersonIsOnCall(t *testing.T) {
	instants := []struct{ at, want string }{
		{"2026-03-01T12:00:00Z", ""},                        // before it all
		{"2026-03-02T07:59:59Z", ""},                        // a second before the first turn: 08:59:59 in winter
		{"2026-03-02T08:00:00Z", "Alice 1"},                 // the first one
		{"2026-03-07T12:00:00+01:00", "Alice 1, Weekend 2"}, // an all-day event of two days
		{"2026-03-08T23:59:59+01:00", "Alice 1, Weekend 2"},
		{"2026-03-09T00:00:00+01:00", "Alice 1"},
		{"2026-03-09T07:59:59Z", "Alice 1"},
		{"2026-03-09T08:00:00Z", "Bob 1"},
		{"2026-03-16T08:00:00Z", "Carol 1"},
		{"2026-03-23T08:00:00Z", "Alice 1"}, // the week in which summer time begins
		{"2026-03-29T01:30:00Z", "Alice 1, Weekend 2"},
		{"2026-03-30T06:59:59Z", "Alice 1"}, // 08:59:59 in summer
		{"2026-03-30T07:00:00Z", "Dave 1"},  // has taken over from Bob, for three days
		{"2026-04-02T06:59:59Z", "Dave 1"},
		{"2026-04-02T07:00:00Z", ""},        // and nobody has the rest of the week
		{"2026-04-06T07:00:00Z", ""},        // the exception: Carol has no turn
		{"2026-04-13T07:00:00Z", "Alice 1"}, // it goes on
		{"2026-04-20T07:00:00Z", "Bob 1"},
		{"2026-04-27T07:00:00Z", "Carol 1"},
		{"2026-06-08T12:00:00+02:00", "Bob 1, Carol 1"}, // an extra week of Bob's, from a Tuesday on
		{"2026-06-09T09:00:00+02:00", "Carol 1"},
		{"2026-10-25T01:30:00Z", "Alice 1, Weekend 2"}, // half past two, for the second time
		{"2026-10-26T07:59:59Z", "Alice 1"},            // winter again
		{"2026-10-26T08:00:00Z", "Bob 1"},
		{"2036-03-03T08:00:00Z", "Alice 1"}, // week 522
	}
	for name, zone := range map[string]string{"its own zone": "Customized Time Zone", "a known zone": "Europe/Amsterdam", "a known zone with a path": "/example.org/Europe/Amsterdam"} {
		t.Run(name, func(t *testing.T) {
			virtualAt(t, time.Date(2026, time.February, 28, 0, 0, 0, 0, time.UTC), func(t *testing.T) {
				amsterdam, err := time.LoadLocation("Europe/Amsterdam")
				if err != nil {
					t.Fatal(err)
				}
				s, _ := feed(t, strings.ReplaceAll(rota(t), "Customized Time Zone", zone), source.ICalConfig{Zone: amsterdam})
				for _, instant := range instants {
					sleepUntil(t, instant.at)
					got := fetched(t, s)
					if who(got.People) != instant.want {
						t.Errorf("at %s: %q, not %q", instant.at, who(got.People), instant.want)
					}
					same(t, "oddities", got.Oddities, []string(nil))
				}
			})
		})
	}
}

// event returns a calendar of one event that Alice attends from noon on.
func event(lines ...string) string {
	return calendarOf(append([]string{"BEGIN:VEVENT", "UID:1", "SUMMARY:Alice"}, append(lines, "END:VEVENT")...)...)
}

func calendarOf(lines ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n"
}

// TestEventsAreReadAsTheyAreMeant reads one event at a Wednesday's noon, UTC.
func TestEventsAreReadAsTheyAreMeant(t *testing.T) {
	for _, row := range []struct {
		name, calendar string
		want           string // who, and until when
		odd            string // a part of the only oddity
	}{
		{"from now on", event("DTSTART:20261118T120000Z", "DTEND:20261118T130000Z"), "Alice 1 until 18 13:00", ""},
		{"until now", event("DTSTART:20261118T110000Z", "DTEND:20261118T120000Z"), "", ""},
		{"later", event("DTSTART:20261118T120001Z", "DTEND:20261118T130000Z"), "", ""},
		{"for a duration", event("DTSTART:20261118T110000Z", "DURATION:PT90M"), "Alice 1 until 18 12:30", ""},
		{"for days", event("DTSTART:20261117T130000Z", "DURATION:P1DT2H"), "Alice 1 until 18 15:00", ""},
		{"for a week", event("DTSTART:20261112T130000Z", "DURATION:P1W"), "Alice 1 until 19 13:00", ""},
		{"for a moment", event("DTSTART:20261118T120000Z"), "", ""},
		{"for a whole day", event("DTSTART;VALUE=DATE:20261118"), "Alice 1 until 19 00:00", ""},
		{"for two whole days", event("DTSTART;VALUE=DATE:20261117", "DTEND;VALUE=DATE:20261119"), "Alice 1 until 19 00:00", ""},
		{"in a zone", event("DTSTART;TZID=America/New_York:20261118T070000", "DTEND;TZID=America/New_York:20261118T080000"), "Alice 1 until 18 13:00", ""},
		{"in two zones", event("DTSTART;TZID=America/New_York:20261118T070000", "DTEND;TZID=Europe/Amsterdam:20261118T150000"), "Alice 1 until 18 14:00", ""},
		{"in no zone", event("DTSTART:20261118T120000", "DTEND:20261118T130000"), "Alice 1 until 18 13:00", ""},
		{"in the calendar's zone", calendarOf("X-WR-TIMEZONE:America/New_York", "BEGIN:VEVENT", "SUMMARY:Alice", "DTSTART:20261118T070000", "DTEND:20261118T080000", "END:VEVENT"), "Alice 1 until 18 13:00", ""},
		{"a whole day of the calendar's zone", calendarOf("X-WR-TIMEZONE:America/New_York", "BEGIN:VEVENT", "SUMMARY:Alice", "DTSTART;VALUE=DATE:20261118", "END:VEVENT"), "Alice 1 until 19 05:00", ""},
		{"in a zone of Windows", event("DTSTART;TZID=W. Europe Standard Time:20261118T130000", "DTEND;TZID=W. Europe Standard Time:20261118T140000"), "Alice 1 until 18 13:00", ""},
		{"in a zone of nobody's", event("DTSTART;TZID=Mars Standard Time:20261118T120000", "DTEND;TZID=Mars Standard Time:20261118T130000"), "Alice 1 until 18 13:00", "the time zone Mars Standard Time is not known"},
		{"each day", event("DTSTART:20160101T110000Z", "DTEND:20160101T123000Z", "RRULE:FREQ=DAILY"), "Alice 1 until 18 12:30", ""},
		{"each working day", event("DTSTART:20160101T110000Z", "DTEND:20160101T123000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"), "Alice 1 until 18 12:30", ""},
		{"each weekend", event("DTSTART:20160102T110000Z", "DTEND:20160102T123000Z", "RRULE:FREQ=WEEKLY;BYDAY=SA,SU"), "", ""},
		{"each third Wednesday", event("DTSTART:20160120T110000Z", "DTEND:20160120T123000Z", "RRULE:FREQ=MONTHLY;BYDAY=3WE"), "Alice 1 until 18 12:30", ""},
		{"each last Wednesday", event("DTSTART:20160127T110000Z", "DTEND:20160127T123000Z", "RRULE:FREQ=MONTHLY;BYDAY=-1WE"), "", ""},
		{"each year", event("DTSTART:20161118T110000Z", "DTEND:20161118T123000Z", "RRULE:FREQ=YEARLY"), "Alice 1 until 18 12:30", ""},
		{"each twelve hours", event("DTSTART:20161118T110000Z", "DTEND:20161118T123000Z", "RRULE:FREQ=HOURLY;INTERVAL=12"), "Alice 1 until 18 12:30", ""},
		{"over night", event("DTSTART:20161118T180000Z", "DTEND:20161119T123000Z", "RRULE:FREQ=DAILY"), "Alice 1 until 18 12:30", ""},
		{"ten times", event("DTSTART:20261109T110000Z", "DTEND:20261109T123000Z", "RRULE:FREQ=DAILY;COUNT=10"), "Alice 1 until 18 12:30", ""},
		{"nine times", event("DTSTART:20261109T110000Z", "DTEND:20261109T123000Z", "RRULE:FREQ=DAILY;COUNT=9"), "", ""},
		{"until a day", event("DTSTART:20261109T110000Z", "DTEND:20261109T123000Z", "RRULE:FREQ=DAILY;UNTIL=20261118"), "Alice 1 until 18 12:30", ""},
		{"until the day before", event("DTSTART:20261109T110000Z", "DTEND:20261109T123000Z", "RRULE:FREQ=DAILY;UNTIL=20261117"), "", ""},
		{"but not today", event("DTSTART:20261109T110000Z", "DTEND:20261109T123000Z", "RRULE:FREQ=DAILY", "EXDATE:20261117T110000Z,20261118T110000Z"), "", ""},
		{"but not this day", event("DTSTART:20261109T110000Z", "DTEND:20261109T123000Z", "RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20261118"), "", ""},
		{"today too", event("DTSTART:20261109T110000Z", "DTEND:20261109T123000Z", "RDATE:20261118T110000Z"), "Alice 1 until 18 12:30", ""},
		{"today too, for longer", event("DTSTART:20261109T110000Z", "DTEND:20261109T123000Z", "RDATE;VALUE=PERIOD:20261118T110000Z/PT6H"), "Alice 1 until 18 17:00", ""},
		{"today too, until then", event("DTSTART:20261109T110000Z", "DTEND:20261109T123000Z", "RDATE;VALUE=PERIOD:20261118T110000Z/20261118T180000Z"), "Alice 1 until 18 18:00", ""},
		{"called off", event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z", "STATUS:CANCELLED"), "", ""},
		{"one turn called off", calendarOf(
			"BEGIN:VEVENT", "UID:1", "SUMMARY:Alice", "DTSTART:20261109T110000Z", "DTEND:20261109T123000Z", "RRULE:FREQ=DAILY", "END:VEVENT",
			"BEGIN:VEVENT", "UID:1", "SUMMARY:Alice", "RECURRENCE-ID:20261118T110000Z", "DTSTART:20261118T110000Z", "DTEND:20261118T123000Z", "STATUS:CANCELLED", "END:VEVENT"), "", ""},
		{"a newer version", calendarOf(
			"BEGIN:VEVENT", "UID:1", "SEQUENCE:2", "SUMMARY:Bob", "DTSTART:20261118T110000Z", "DTEND:20261118T123000Z", "END:VEVENT",
			"BEGIN:VEVENT", "UID:1", "SEQUENCE:1", "SUMMARY:Alice", "DTSTART:20261118T110000Z", "DTEND:20261118T123000Z", "END:VEVENT"), "Bob 1 until 18 12:30", ""},
		{"a turn of nothing else", event("RECURRENCE-ID:20261111T110000Z", "DTSTART:20261118T110000Z", "DTEND:20261118T130000Z"), "Alice 1 until 18 13:00", ""},
		{"this and all later ones", event("RECURRENCE-ID;RANGE=THISANDFUTURE:20261111T110000Z", "DTSTART:20261118T110000Z", "DTEND:20261118T130000Z"), "Alice 1 until 18 13:00", "the event Alice of 2026-11-18 is a change of all turns from one on"},
		{"by category", event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z", "CATEGORIES:Support,Backup"), "Alice 3 until 18 13:00", ""},
		{"by a category's number", event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z", "CATEGORIES:L2"), "Alice 2 until 18 13:00", ""},
		{"attended by two", event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z", "ATTENDEE;CN=Zoe:mailto:zoe@example.net", "ATTENDEE;CN=Bob:mailto:bob@example.net"), "Zoe 1 until 18 13:00, Bob 1 until 18 13:00", ""},
		{"declined by one", event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z", "ATTENDEE;CN=Zoe;PARTSTAT=DECLINED:mailto:zoe@example.net", "ATTENDEE;CN=Bob:MAILTO:bob@example.net"), "Bob 1 until 18 13:00", ""},
		{"attended by a number", event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z", "ATTENDEE;CN=Zoe:tel:+31611111111"), "Zoe 1 until 18 13:00 +31611111111", ""},
		{"attended by no number", event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z", "ATTENDEE;CN=Zoe:tel:0611"), "Alice 1 until 18 13:00", "Zoe: •••11 is no telephone number"},
		{"of nobody", calendarOf("BEGIN:VEVENT", "DTSTART:20261118T110000Z", "DTEND:20261118T130000Z", "END:VEVENT"), "", "the event without a name of 2026-11-18 names nobody"},
		{"a summary over two lines", calendarOf("BEGIN:VEVENT", "SUMMARY:Ali", " ce", "DTSTART:20261118T110000Z", "DTEND:20261118T130000Z", "END:VEVENT"), "Alice 1 until 18 13:00", ""},
		{"a byte order mark", "\uFEFF" + event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z"), "Alice 1 until 18 13:00", ""},
		{"other things", calendarOf("BEGIN:VTODO", "SUMMARY:Alice", "END:VTODO"), "", ""},
		{"a property between events", calendarOf("BEGIN:VTODO", "END:VTODO", "X-ODD:1", "BEGIN:VEVENT", "SUMMARY:Alice", "DTSTART:20261118T110000Z", "DTEND:20261118T130000Z", "END:VEVENT"), "Alice 1 until 18 13:00", ""},

		{"without a beginning", event("DTEND:20261118T130000Z"), "", "the event Alice is left out: it does not say when it begins"},
		{"backwards", event("DTSTART:20261118T110000Z", "DTEND:20261118T100000Z"), "", "it ends before it begins"},
		{"at no time", event("DTSTART:yesterday noon"), "", "a time of it cannot be read"},
		{"on no day", event("DTSTART:20261399"), "", "a day of it cannot be read"},
		{"for no duration", event("DTSTART:20261118T110000Z", "DURATION:P"), "", "its duration cannot be read"},
		{"each second", event("DTSTART:20161118T110000Z", "DTEND:20161118T123000Z", "RRULE:FREQ=SECONDLY"), "", "it happens again within the hour"},
		{"at hours that never come", event("DTSTART:20161118T110000Z", "DTEND:20161118T123000Z", "RRULE:FREQ=HOURLY;INTERVAL=2;BYHOUR=10"), "", "it happens again within the hour"},
		{"all the time", event("DTSTART:20161118T110000Z", "DTEND:20161118T123000Z", "RRULE:FREQ=YEARLY;BYHOUR=1,2,3,4,5,6,7;BYMINUTE=1,2,3,4,5,6,7"), "", "it happens again within the hour"},
		{"by no rule", event("DTSTART:20161118T110000Z", "DTEND:20161118T123000Z", "RRULE:FREQ=SOMETIMES"), "", "the rule cannot be read"},
		{"by a rule out of bounds", event("DTSTART:20161118T110000Z", "DTEND:20161118T123000Z", "RRULE:FREQ=DAILY;BYMONTH=13"), "", "its rule cannot be followed"},
		{"too rarely", event("DTSTART:20161118T110000Z", "DTEND:20161118T123000Z", "RRULE:FREQ=DAILY;INTERVAL=4611686018427387904"), "", "its interval is above 1000"},
		{"too often", event("DTSTART:20161118T110000Z", "DTEND:20161118T123000Z", "RRULE:FREQ=DAILY;COUNT=1000000000"), "", "it happens more than 10000 times"},
		{"by two rules", event("DTSTART:20161118T110000Z", "DTEND:20161118T123000Z", "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), "Alice 1 until 18 12:30", ""},
		{"except by a rule", event("DTSTART:20161118T110000Z", "DTEND:20161118T123000Z", "RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"), "Alice 1 until 18 12:30", ""},
		{"for years, again and again", event("DTSTART:20161118T110000Z", "DTEND:20181118T123000Z", "RRULE:FREQ=DAILY"), "", "a turn of it lasts longer than"},
		{"since the Romans", event("DTSTART:00010101T110000Z", "DTEND:00010101T123000Z", "RRULE:FREQ=DAILY"), "", "it begins before the year 1900"},
		{"on a day that never comes", event("DTSTART:20160101T110000Z", "DTEND:20160101T123000Z", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"), "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				s, _ := feed(t, row.calendar, source.ICalConfig{Categories: map[string]int{"backup": 3}})
				got := fetched(t, s)
				var told []string
				for _, p := range got.People {
					one := who([]source.Person{p}) + " until " + p.Until.UTC().Format("2 15:04") + " " + strings.Join(p.Numbers, " ")
					told = append(told, strings.TrimSpace(one))
				}
				same(t, "people", strings.Join(told, ", "), row.want)
				switch {
				case row.odd == "":
					same(t, "oddities", got.Oddities, []string(nil))
				case len(got.Oddities) != 1 || !strings.Contains(got.Oddities[0], row.odd):
					t.Errorf("oddities %q do not hold %q", got.Oddities, row.odd)
				}
			})
		})
	}
}

func TestAttendeesAreKnownByTheirAddress(t *testing.T) {
	virtual(t, func(t *testing.T) {
		s, _ := feed(t, event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z", `ATTENDEE;CN="Example, Alice":mailto:Alice@Example.net`), source.ICalConfig{Level: 2})
		same(t, "people", untimed(fetched(t, s).People), []source.Person{{ID: "alice@example.net", Name: "Example, Alice", Email: "alice@example.net", Level: 2}})
	})
}

func TestACalendarIsReadAgainOnlyWhereItChanged(t *testing.T) {
	virtual(t, func(t *testing.T) {
		s, standIn := feed(t, event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z"), source.ICalConfig{})
		same(t, "people", who(fetched(t, s).People), "Alice 1")
		same(t, "people", who(fetched(t, s).People), "Alice 1")
		requests := standIn.Requests()
		if len(requests) != 2 || requests[1].Status != 304 {
			t.Errorf("requests %+v", requests)
		}
		time.Sleep(time.Hour)
		same(t, "people", who(fetched(t, s).People), "") // what was kept is read for each time
		standIn.Write(strings.ReplaceAll(event("DTSTART:20261118T110000Z", "DTEND:20261118T180000Z"), "Alice", "Bob"))
		same(t, "people", who(fetched(t, s).People), "Bob 1")
	})
}

func TestACalendarThatCannotBeReadIsTold(t *testing.T) {
	whole := event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z")
	for _, row := range []struct{ name, calendar, message string }{
		{"empty", "", "is empty"},
		{"a page", "<!DOCTYPE html><html></html>", "is a web page"},
		{"words", "Alice, then Bob", "it is no calendar"},
		{"JSON", `{"people":[]}`, "it is no calendar"},
		{"half", whole[:len(whole)/2], "it ends in the middle"},
		{"half, between events", strings.TrimSuffix(whole, "END:VCALENDAR\r\n"), "it ends in the middle"},
		{"deep", strings.Repeat("BEGIN:X\r\n", 1<<18), "it is no calendar"},
		{"deep, in a calendar", "BEGIN:VCALENDAR\r\n" + strings.Repeat("BEGIN:X\r\n", 1<<18), "it ends in the middle"},
		{"large", calendarOf(strings.Repeat("BEGIN:VEVENT\r\nEND:VEVENT\r\n", 20_001)), "more than 20000 events"},
	} {
		t.Run(row.name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				s, standIn := feed(t, row.calendar, source.ICalConfig{})
				e := failed(t.Context(), t, s)
				if e.Source != source.KindICal || !strings.Contains(e.Message, row.message) {
					t.Errorf("%q does not hold %q", e.Message, row.message)
				}
				tellsNothing(t, e, "private-5f1b2c3d4e")
				standIn.Write(whole)
				same(t, "people", who(fetched(t, s).People), "Alice 1")
			})
		})
	}
}

func TestAFeedThatFailsIsTold(t *testing.T) {
	for _, f := range failures {
		if f.status == 0 && !f.temporary || strings.Contains(f.name, "JSON") || f.name == "a page" || strings.Contains(f.name, "null") {
			continue // of JSON
		}
		t.Run(f.name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				s, standIn := feed(t, event("DTSTART:20261118T110000Z", "DTEND:20261118T130000Z"), source.ICalConfig{})
				standIn.Break(sourcetest.Always, f.fault)
				e := failed(t.Context(), t, s)
				if e.Status != f.status || temporary(e) != f.temporary || e.After != f.after {
					t.Errorf("%+v", e)
				}
				tellsNothing(t, e, "private-5f1b2c3d4e")
				standIn.Heal()
				same(t, "people", who(fetched(t, s).People), "Alice 1")
			})
		})
	}
}

func TestACalendarMayBeAFile(t *testing.T) {
	path := t.TempDir() + "/rota.ics"
	s, err := source.NewICal(source.ICalConfig{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if e := failed(t.Context(), t, s); !strings.Contains(e.Message, "is not there") {
		t.Errorf("%+v", e)
	}
	write := func(summary string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(calendarOf("BEGIN:VEVENT", "SUMMARY:"+summary, "DTSTART:20200101T000000Z", "DTEND:20990101T000000Z", "END:VEVENT")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("Alice")
	same(t, "people", who(fetched(t, s).People), "Alice 1")
	write("Robert")
	same(t, "people", who(fetched(t, s).People), "Robert 1")
}
