package source_test

import (
	"strings"
	"testing"
)

// instants are who is on call when.
type instants map[string]string

// onCall checks a calendar of events, each given by its lines, at several
// instants.
func onCall(t *testing.T, zone string, want instants, odd string, events ...[]string) {
	t.Helper()
	calendar := opening
	for _, lines := range events {
		calendar += "BEGIN:VEVENT\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
	}
	for at, who := range want {
		people, oddities := inCalendar(t, calendar+closing, zone, at)
		same(t, at, people, who)
		told(t, oddities, odd)
	}
}

func lines(all ...string) []string { return all }

// TestHowLongAnEventLasts: RFC 5545, sections 3.6.1, 3.3.6 and 3.8.2.2;
// https://github.com/derekantrican/GAS-ICS-Sync/pull/58.
func TestHowLongAnEventLasts(t *testing.T) {
	for _, row := range []struct {
		name  string
		lines []string
		want  instants
		odd   string
	}{
		{"a day that ends where it begins", lines("DTSTART;VALUE=DATE:20260307", "DTEND;VALUE=DATE:20260307"),
			instants{"2026-03-06T22:59:59Z": "", "2026-03-06T23:00:00Z": "Ann", "2026-03-07T22:59:59Z": "Ann", "2026-03-07T23:00:00Z": ""}, ""},
		{"each Saturday that ends where it begins", lines("DTSTART;VALUE=DATE:20260307", "DTEND;VALUE=DATE:20260307", "RRULE:FREQ=WEEKLY"),
			instants{"2026-03-14T12:00:00Z": "Ann", "2026-03-15T12:00:00Z": "", "2026-04-04T21:30:00Z": "Ann"}, ""},
		{"a day by a duration of none", lines("DTSTART;VALUE=DATE:20260307", "DURATION:PT0S"), instants{"2026-03-07T12:00:00Z": "Ann", "2026-03-08T12:00:00Z": ""}, ""},
		{"a day by a duration of no day", lines("DTSTART;VALUE=DATE:20260307", "DURATION:P0D"), instants{"2026-03-07T12:00:00Z": "Ann"}, ""},
		{"a day by hours", lines("DTSTART;VALUE=DATE:20260307", "DURATION:PT24H"), instants{"2026-03-07T12:00:00Z": "Ann", "2026-03-08T12:00:00Z": ""}, ""},
		{"a week", lines("DTSTART;VALUE=DATE:20260307", "DURATION:P1W"), instants{"2026-03-13T12:00:00Z": "Ann", "2026-03-14T12:00:00Z": ""}, ""},
		{"a week from nine", lines("DTSTART:20260326T080000Z", "DURATION:P1W"), instants{"2026-04-02T07:59:59Z": "Ann", "2026-04-02T08:00:00Z": ""}, ""},
		{"days and hours", lines("DTSTART:20260302T090000Z", "DURATION:P1DT12H"), instants{"2026-03-03T20:59:59Z": "Ann", "2026-03-03T21:00:00Z": ""}, ""},
		{"a duration in small letters, with a plus", lines("DTSTART:20260302T090000Z", "DURATION:+p1dt12h"), instants{"2026-03-03T20:59:59Z": "Ann"}, ""},
		{"weeks and days, which the standard keeps apart", lines("DTSTART:20260302T090000Z", "DURATION:P1W1D"), instants{"2026-03-10T08:59:59Z": "Ann", "2026-03-10T09:00:00Z": ""}, ""},
		{"no time", lines("DTSTART:20260302T090000Z", "DURATION:PT0S"), instants{"2026-03-02T09:00:00Z": ""}, ""},
		{"a negative duration", lines("DTSTART:20260302T090000Z", "DURATION:-PT1H"), instants{"2026-03-02T09:00:00Z": "", "2026-03-02T08:30:00Z": ""}, "it ends before it begins"},
		{"an end before the beginning", lines("DTSTART:20260302T090000Z", "DTEND:20260302T080000Z"), instants{"2026-03-02T08:30:00Z": ""}, "it ends before it begins"},
		{"a day that ends before it", lines("DTSTART;VALUE=DATE:20260307", "DTEND;VALUE=DATE:20260305"), instants{"2026-03-06T12:00:00Z": ""}, "it ends before it begins"},
		{"from a time to a day", lines("DTSTART:20260302T090000Z", "DTEND;VALUE=DATE:20260304"), instants{"2026-03-03T23:59:59Z": "Ann", "2026-03-04T00:00:00Z": ""}, ""},
		{"from a time to the same day", lines("DTSTART:20260302T090000Z", "DTEND;VALUE=DATE:20260302"), instants{"2026-03-02T12:00:00Z": "Ann", "2026-03-03T00:00:00Z": ""}, ""},
		{"from a day to a time", lines("DTSTART;VALUE=DATE:20260302", "DTEND;TZID=Europe/Amsterdam:20260302T170000"), instants{"2026-03-02T15:59:59Z": "Ann", "2026-03-02T16:00:00Z": ""}, ""},
		{"days written as midnights", lines("DTSTART;VALUE=DATE:20260307T000000", "DTEND;VALUE=DATE:20260309T000000"), instants{"2026-03-06T23:00:00Z": "Ann", "2026-03-08T22:59:59Z": "Ann", "2026-03-08T23:00:00Z": ""}, ""},
		{"a day called a time", lines("DTSTART;VALUE=DATE-TIME:20260307"), instants{"2026-03-07T12:00:00Z": "Ann"}, ""},
		{"an end without a zone", lines("DTSTART;TZID=America/New_York:20260302T090000", "DTEND:20260302T170000"), instants{"2026-03-02T21:59:59Z": "Ann", "2026-03-02T22:00:00Z": ""}, ""},
		{"without seconds", lines("DTSTART:20260302T0900Z", "DTEND:20260302T1700Z"), instants{"2026-03-02T12:00:00Z": "Ann", "2026-03-02T17:00:00Z": ""}, ""},
		{"with dashes and colons", lines("DTSTART:2026-03-02T09:00:00Z", "DTEND:2026-03-02T17:00:00Z"), instants{"2026-03-02T12:00:00Z": "Ann", "2026-03-02T17:00:00Z": ""}, ""},
		{"with an offset", lines("DTSTART:20260302T090000+0200", "DTEND:20260302T170000+0200"), instants{"2026-03-02T07:00:00Z": "Ann", "2026-03-02T15:00:00Z": ""}, ""},
		{"at twenty-four hours", lines("DTSTART:20260302T090000Z", "DTEND:20260302T240000Z"), instants{"2026-03-02T23:59:59Z": "Ann", "2026-03-03T00:00:00Z": ""}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			zone := "Europe/Amsterdam"
			if strings.HasPrefix(row.name, "from a time") {
				zone = "UTC"
			}
			onCall(t, zone, row.want, row.odd, append(lines("UID:1", "SUMMARY:Ann"), row.lines...))
		})
	}
}

// TestExceptionsOfAnotherTypeOrZone: RFC 5545, section 3.8.5.1;
// https://github.com/jens-maus/node-ical/issues/454,
// https://github.com/niccokunzmann/python-recurring-ical-events/issues/36.
func TestExceptionsOfAnotherTypeOrZone(t *testing.T) {
	days := lines("UID:1", "SUMMARY:Ann", "DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;UNTIL=20260320")
	nine := lines("UID:1", "SUMMARY:Ann", "DTSTART;TZID=America/New_York:20260302T090000", "DTEND;TZID=America/New_York:20260302T170000", "RRULE:FREQ=DAILY")
	for _, row := range []struct {
		name      string
		event     []string
		exception string
		out, in   string // instants at which nobody, and Ann, is on call
	}{
		{"a day of a day", days, "EXDATE;VALUE=DATE:20260306", "2026-03-06T12:00:00Z", "2026-03-07T12:00:00Z"},
		{"a day that says it not", days, "EXDATE:20260306", "2026-03-06T12:00:00Z", "2026-03-05T12:00:00Z"},
		{"midnight in UTC of a day", days, "EXDATE:20260306T000000Z", "2026-03-06T12:00:00Z", "2026-03-05T12:00:00Z"},
		{"midnight here in UTC of a day", days, "EXDATE:20260305T230000Z", "2026-03-06T12:00:00Z", "2026-03-05T12:00:00Z"},
		{"midnight in another zone of a day", days, "EXDATE;TZID=America/New_York:20260306T000000", "2026-03-06T12:00:00Z", "2026-03-05T12:00:00Z"},
		{"midnight in Exchange's zone of a day", days, "EXDATE;TZID=W. Europe Standard Time:20260306T000000", "2026-03-06T12:00:00Z", "2026-03-07T12:00:00Z"},
		{"midnight nowhere of a day", days, "EXDATE:20260306T000000", "2026-03-06T12:00:00Z", "2026-03-07T12:00:00Z"},
		{"some time of a day", days, "EXDATE:20260306T093000", "2026-03-06T12:00:00Z", "2026-03-07T12:00:00Z"},
		{"several in one line", days, "EXDATE;VALUE=DATE:20260304, 20260306,,20260308", "2026-03-06T12:00:00Z", "2026-03-07T12:00:00Z"},
		{"the last of several", days, "EXDATE;VALUE=DATE:20260304, 20260306,,20260308", "2026-03-08T12:00:00Z", "2026-03-05T12:00:00Z"},
		{"a day of a time", nine, "EXDATE;VALUE=DATE:20260306", "2026-03-06T16:00:00Z", "2026-03-05T16:00:00Z"},
		{"UTC of a time", nine, "EXDATE:20260306T140000Z", "2026-03-06T16:00:00Z", "2026-03-05T16:00:00Z"},
		{"another zone of a time", nine, "EXDATE;TZID=Europe/Amsterdam:20260306T150000", "2026-03-06T16:00:00Z", "2026-03-05T16:00:00Z"},
		{"no zone of a time", nine, "EXDATE:20260306T090000", "2026-03-06T16:00:00Z", "2026-03-05T16:00:00Z"},
		{"a name of Windows of a time", nine, "EXDATE;TZID=Eastern Standard Time:20260306T090000", "2026-03-06T16:00:00Z", "2026-03-05T16:00:00Z"},
		{"Exchange's midnight of a time", nine, "EXDATE;TZID=America/New_York:20260306T000000", "2026-03-06T16:00:00Z", "2026-03-05T16:00:00Z"},
		{"several in one line of a time", nine, "EXDATE;TZID=America/New_York:20260304T090000,20260306T090000", "2026-03-06T16:00:00Z", "2026-03-05T16:00:00Z"},
		{"in summer", nine, "EXDATE:20260406T130000Z", "2026-04-06T16:00:00Z", "2026-04-07T16:00:00Z"},
		{"another time", nine, "EXDATE:20260306T130000Z", "2026-03-06T02:00:00Z", "2026-03-06T16:00:00Z"},
		{"a rule of exceptions", nine, "EXRULE:FREQ=WEEKLY;BYDAY=FR", "2026-03-06T16:00:00Z", "2026-03-05T16:00:00Z"},
	} {
		t.Run(row.name, func(t *testing.T) {
			onCall(t, "Europe/Amsterdam", instants{row.out: "", row.in: "Ann"}, "", append(row.event, row.exception))
		})
	}
}

func TestAChangedTurnOfAnotherTypeOrZone(t *testing.T) {
	days := lines("UID:1", "SUMMARY:Ann", "DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;UNTIL=20260320")
	nine := lines("UID:1", "SUMMARY:Ann", "DTSTART;TZID=America/New_York:20260302T090000", "DTEND;TZID=America/New_York:20260302T170000", "RRULE:FREQ=DAILY")
	for _, id := range []string{"RECURRENCE-ID;VALUE=DATE:20260306", "RECURRENCE-ID:20260306", "RECURRENCE-ID:20260306T000000Z", "RECURRENCE-ID:20260305T230000Z", "RECURRENCE-ID;TZID=Asia/Tokyo:20260306T000000", "RECURRENCE-ID:20260306T000000"} {
		t.Run("a day by "+id, func(t *testing.T) {
			onCall(t, "Europe/Amsterdam", instants{"2026-03-06T12:00:00Z": "Ben", "2026-03-05T12:00:00Z": "Ann", "2026-03-07T12:00:00Z": "Ann"}, "",
				days, lines("UID:1", id, "DTSTART;VALUE=DATE:20260306", "SUMMARY:Ben"))
		})
	}
	for _, id := range []string{"RECURRENCE-ID;VALUE=DATE:20260306", "RECURRENCE-ID:20260306T140000Z", "RECURRENCE-ID;TZID=Europe/Amsterdam:20260306T150000", "RECURRENCE-ID:20260306T090000", "recurrence-id;tzid=america/new_york:20260306T090000"} {
		t.Run("a time by "+id, func(t *testing.T) {
			onCall(t, "Europe/Amsterdam", instants{"2026-03-06T16:00:00Z": "Ben", "2026-03-05T16:00:00Z": "Ann", "2026-03-07T16:00:00Z": "Ann"}, "",
				nine, lines("UID:1", id, "DTSTART:20260306T150000Z", "DTEND:20260306T170000Z", "SUMMARY:Ben"))
			onCall(t, "Europe/Amsterdam", instants{"2026-03-06T16:00:00Z": "", "2026-03-05T16:00:00Z": "Ann"}, "",
				nine, lines("UID:1", id, "DTSTART:20260306T150000Z", "DTEND:20260306T170000Z", "SUMMARY:Ben", "STATUS:Cancelled"))
		})
	}
}

func TestExtraTurnsOfAnotherType(t *testing.T) {
	days := lines("UID:1", "SUMMARY:Ann", "DTSTART;VALUE=DATE:20260302")
	nine := lines("UID:1", "SUMMARY:Ann", "DTSTART;TZID=America/New_York:20260302T090000", "DTEND;TZID=America/New_York:20260302T170000")
	onCall(t, "Europe/Amsterdam", instants{"2026-03-06T12:00:00Z": "Ann", "2026-03-08T12:00:00Z": "Ann", "2026-03-07T12:00:00Z": ""}, "",
		append(days, "RDATE:20260306T000000Z,20260308T000000Z"))
	onCall(t, "Europe/Amsterdam", instants{"2026-03-06T16:00:00Z": "Ann", "2026-03-06T12:00:00Z": "", "2026-03-06T22:00:00Z": ""}, "",
		append(nine, "RDATE;VALUE=DATE:20260306"))
	onCall(t, "Europe/Amsterdam", instants{"2026-03-06T16:00:00Z": "Ann", "2026-03-06T12:00:00Z": ""}, "", append(nine, "RDATE:20260306T090000"))
	onCall(t, "Europe/Amsterdam", instants{"2026-03-02T16:00:00Z": "Ann", "2026-03-06T16:00:00Z": "", "2026-03-07T16:00:00Z": "Ann"}, "the event Ann of 2026-03-02",
		append(nine, "RDATE:someday,20260307T090000"))
	onCall(t, "Europe/Amsterdam", instants{"2026-03-06T16:00:00Z": ""}, "", append(nine, "RDATE:20260306T090000", "EXDATE:20260306T090000"))
}

// TestThisAndAllLaterTurns: RFC 5545, sections 3.2.13 and 3.8.4.4.
func TestThisAndAllLaterTurns(t *testing.T) {
	daily := lines("UID:1", "SUMMARY:Ann", "DTSTART;TZID=Europe/Amsterdam:20260302T090000", "DTEND;TZID=Europe/Amsterdam:20260302T170000", "RRULE:FREQ=DAILY", "EXDATE;TZID=Europe/Amsterdam:20260315T090000")
	ben := lines("UID:1", "SUMMARY:Ben", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Amsterdam:20260310T090000",
		"DTSTART;TZID=Europe/Amsterdam:20260310T120000", "DTEND;TZID=Europe/Amsterdam:20260310T140000")
	cas := lines("UID:1", "SUMMARY:Cas", "Recurrence-Id;Range=ThisAndFuture:20260320T080000Z",
		"DTSTART;TZID=Europe/Amsterdam:20260320T080000", "DURATION:PT2H")
	dee := lines("UID:1", "SUMMARY:Dee", "RECURRENCE-ID;TZID=Europe/Amsterdam:20260312T090000", "DTSTART;TZID=Europe/Amsterdam:20260312T200000", "DURATION:PT1H")
	want := instants{
		"2026-03-09T10:00:00Z": "Ann", "2026-03-10T10:00:00Z": "", "2026-03-10T12:00:00Z": "Ben", "2026-03-10T14:00:00Z": "",
		"2026-03-11T12:00:00Z": "Ben", "2026-03-12T12:00:00Z": "", "2026-03-12T19:30:00Z": "Dee", "2026-03-13T12:00:00Z": "Ben",
		"2026-03-15T12:00:00Z": "", // the exception stays one
		"2026-03-19T12:00:00Z": "Ben", "2026-03-20T07:30:00Z": "Cas", "2026-03-20T12:00:00Z": "", "2026-04-20T06:30:00Z": "Cas", "2026-04-20T08:30:00Z": "",
	}
	onCall(t, "UTC", want, "", daily, ben, cas, dee)
	onCall(t, "UTC", want, "", dee, cas, ben, daily)
	onCall(t, "UTC", instants{"2026-03-09T10:00:00Z": "Ann", "2026-03-10T10:00:00Z": "", "2026-03-11T12:00:00Z": ""}, "", daily, append(ben, "STATUS:CANCELLED"))
	onCall(t, "UTC", instants{"2026-03-12T12:00:00Z": "", "2026-03-12T10:00:00Z": ""}, "", daily, ben, // a change by the shifted time
		lines("UID:1", "SUMMARY:Dee", "RECURRENCE-ID;TZID=Europe/Amsterdam:20260312T120000", "DTSTART;TZID=Europe/Amsterdam:20260312T200000", "DURATION:PT1H"))

	days := lines("UID:1", "SUMMARY:Ann", "DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=WEEKLY")
	two := lines("UID:1", "SUMMARY:Ben", "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260316", "DTSTART;VALUE=DATE:20260317", "DTEND;VALUE=DATE:20260319")
	onCall(t, "UTC", instants{
		"2026-03-09T12:00:00Z": "Ann", "2026-03-16T12:00:00Z": "", "2026-03-17T12:00:00Z": "Ben", "2026-03-18T12:00:00Z": "Ben",
		"2026-03-19T12:00:00Z": "", "2026-03-24T12:00:00Z": "Ben", "2026-03-23T12:00:00Z": "",
	}, "", days, two)
	// An earlier turn, and by weeks.
	early := lines("UID:1", "SUMMARY:Ben", "RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20260316", "DTSTART;VALUE=DATE:20260309")
	onCall(t, "UTC", instants{"2026-03-09T12:00:00Z": "Ann, Ben", "2026-03-16T12:00:00Z": "Ben"}, "", days, early)
}

// TestVersionsOfAnEvent: RFC 5546, section 2.1.5;
// https://github.com/nextcloud/calendar/issues/4580.
func TestVersionsOfAnEvent(t *testing.T) {
	version := func(who string, more ...string) []string {
		return append(lines("UID:1", "DTSTART:20260302T090000Z", "DTEND:20260302T170000Z", "SUMMARY:"+who), more...)
	}
	for _, row := range []struct {
		name   string
		ben    []string
		others [][]string
	}{
		{"a higher sequence", version("Ben", "SEQUENCE:2", "DTSTAMP:20260101T000000Z"), [][]string{version("Ann", "SEQUENCE:1", "DTSTAMP:20260201T000000Z")}},
		{"a later stamp", version("Ben", "SEQUENCE:1", "DTSTAMP:20260201T000000Z"), [][]string{version("Ann", "SEQUENCE:1", "DTSTAMP:20260101T000000Z")}},
		{"a later stamp without a sequence", version("Ben", "DTSTAMP:20260201T000000Z"), [][]string{version("Ann", "DTSTAMP:20260101T000000Z", "SEQUENCE:0")}},
		{"a later change", version("Ben", "DTSTAMP:20260101T000000Z", "LAST-MODIFIED:20260301T000000Z"), [][]string{version("Ann", "DTSTAMP:20260101T000000Z", "LAST-MODIFIED:20260201T000000Z")}},
		{"a later stamp than a change", version("Ben", "DTSTAMP:20260102T000000Z", "LAST-MODIFIED:20250301T000000Z"), [][]string{version("Ann", "DTSTAMP:20260101T000000Z", "LAST-MODIFIED:20260201T000000Z")}},
		{"of three", version("Ben", "SEQUENCE:10"), [][]string{version("Ann", "SEQUENCE:9"), version("Cas", "SEQUENCE:2")}},
		{"a sequence that is none", version("Ben", "SEQUENCE:1"), [][]string{version("Ann", "SEQUENCE:many")}},
	} {
		t.Run(row.name, func(t *testing.T) {
			onCall(t, "UTC", instants{noonInMarch: "Ben"}, "", append(row.others, row.ben)...)
			onCall(t, "UTC", instants{noonInMarch: "Ben"}, "", append([][]string{row.ben}, row.others...)...)
		})
	}
	onCall(t, "UTC", instants{noonInMarch: "Ben"}, "has the UID of another event", version("Ann"), version("Ben")) // the later in the file
	onCall(t, "UTC", instants{noonInMarch: ""}, "", version("Ann", "SEQUENCE:1"), version("Ann", "SEQUENCE:2", "STATUS:CANCELLED"))
	onCall(t, "UTC", instants{noonInMarch: "Ann"}, "", version("Ann", "SEQUENCE:3"), version("Ann", "SEQUENCE:2", "STATUS:CANCELLED"))

	// The same turn, by names of its time that differ.
	daily := lines("UID:1", "SUMMARY:Ann", "DTSTART:20260301T090000Z", "DTEND:20260301T170000Z", "RRULE:FREQ=DAILY")
	onCall(t, "UTC", instants{noonInMarch: "Cas"}, "", daily,
		lines("UID:1", "SEQUENCE:2", "SUMMARY:Cas", "RECURRENCE-ID:20260302T090000Z", "DTSTART:20260302T090000Z", "DTEND:20260302T170000Z"),
		lines("UID:1", "SEQUENCE:1", "SUMMARY:Ben", "RECURRENCE-ID;TZID=Europe/Amsterdam:20260302T100000", "DTSTART:20260302T090000Z", "DTEND:20260302T170000Z"))

	// Of two calendars in a file.
	two := opening + "BEGIN:VEVENT\r\n" + strings.Join(version("Ben", "SEQUENCE:2"), "\r\n") + "\r\nEND:VEVENT\r\n" + closing +
		opening + "BEGIN:VEVENT\r\n" + strings.Join(version("Ann", "SEQUENCE:1"), "\r\n") + "\r\nEND:VEVENT\r\n" + closing
	people, _ := inCalendar(t, two, "UTC", noonInMarch)
	same(t, "people", people, "Ben")

	// A turn of one calendar may be changed in another.
	two = opening + "BEGIN:VEVENT\r\n" + strings.Join(daily, "\r\n") + "\r\nEND:VEVENT\r\n" + closing +
		opening + "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Ben\r\nRECURRENCE-ID:20260302T090000Z\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T170000Z\r\nEND:VEVENT\r\n" + closing
	people, _ = inCalendar(t, two, "UTC", noonInMarch)
	same(t, "people", people, "Ben")

	// A calendar that only takes back.
	two = opening + "BEGIN:VEVENT\r\n" + strings.Join(version("Ann"), "\r\n") + "\r\nEND:VEVENT\r\n" + closing +
		strings.TrimSuffix(opening, "\r\n") + "\r\nMETHOD:CANCEL\r\nBEGIN:VEVENT\r\n" + strings.Join(version("Ann", "SEQUENCE:1"), "\r\n") + "\r\nEND:VEVENT\r\n" + closing
	people, _ = inCalendar(t, two, "UTC", noonInMarch)
	same(t, "people", people, "")
}

// TestRulesAsProgramsWriteThem: https://github.com/libical/libical/pull/191,
// https://github.com/ical-org/ical.net/issues/709,
// https://github.com/u01jmg3/ics-parser/issues/306; RFC 7529.
func TestRulesAsProgramsWriteThem(t *testing.T) {
	const monday, tuesday = "2026-03-09T12:00:00Z", "2026-03-10T12:00:00Z"
	for _, row := range []struct{ name, rule, monday, tuesday, odd string }{
		{"a semicolon at the end", "FREQ=WEEKLY;BYDAY=MO;", "Ann", "", ""},
		{"several semicolons", ";FREQ=WEEKLY;;BYDAY=MO;;", "Ann", "", ""},
		{"small letters", "freq=weekly;byday=mo", "Ann", "", ""},
		{"spaces", " FREQ = WEEKLY ; BYDAY = MO , WE ", "Ann", "", ""},
		{"its own name", "RRULE:FREQ=WEEKLY;BYDAY=MO", "Ann", "", ""},
		{"a part of a vendor", "FREQ=WEEKLY;BYDAY=MO;X-EVOLUTION-ENDDATE=20300101T000000Z", "Ann", "", ""},
		{"the calendar that all mean", "RSCALE=GREGORIAN;FREQ=WEEKLY;BYDAY=MO;SKIP=OMIT", "Ann", "", ""},
		{"another calendar", "RSCALE=CHINESE;FREQ=WEEKLY;BYDAY=MO", "", "", "the rule counts by another calendar"},
		{"a part that nobody knows", "FREQ=WEEKLY;BYDAY=MO;BYMOON=FULL", "Ann", "", "BYMOON"},
		{"a part without a value", "FREQ=WEEKLY;BYDAY=MO;BYMONTH=", "Ann", "", "BYMONTH"},
		{"an interval of none", "FREQ=WEEKLY;BYDAY=MO;INTERVAL=0", "Ann", "", ""},
		{"a count of none", "FREQ=WEEKLY;COUNT=0", "", "", "COUNT"},
		{"a first day of the week that is none", "FREQ=WEEKLY;BYDAY=MO;WKST=XX", "Ann", "", "WKST"},
		{"a first day of the week in small letters", "FREQ=WEEKLY;INTERVAL=1;WKST=su;BYDAY=MO", "Ann", "", ""},
		{"an end in UTC", "FREQ=DAILY;UNTIL=20260309T090000Z", "Ann", "", ""},
		{"an end in UTC, a second too early", "FREQ=DAILY;UNTIL=20260309T085959Z", "", "", ""},
		{"an end that is a day", "FREQ=DAILY;UNTIL=20260309", "Ann", "", ""},
		{"an end without a zone", "FREQ=DAILY;UNTIL=20260309T090000", "Ann", "", ""},
		{"an end with dashes", "FREQ=DAILY;UNTIL=2026-03-09T09:00:00Z", "Ann", "", ""},
		{"an end that is none", "FREQ=DAILY;UNTIL=never", "", "", "the rule cannot be read"},
		{"a frequency twice", "FREQ=DAILY;FREQ=WEEKLY", "", "", "the rule cannot be read"},
		{"no frequency", "BYDAY=MO", "", "", "the rule cannot be read"},
		{"plus signs", "FREQ=MONTHLY;BYDAY=+2MO", "Ann", "", ""},
		{"zeros", "FREQ=DAILY;INTERVAL=07", "Ann", "", ""},
		{"no commas at the end", "FREQ=WEEKLY;BYDAY=MO,", "Ann", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			onCall(t, "UTC", instants{monday: row.monday, tuesday: row.tuesday}, row.odd,
				lines("UID:1", "SUMMARY:Ann", "DTSTART:20260302T090000Z", "DTEND:20260302T170000Z", "RRULE:"+row.rule))
		})
	}
	onCall(t, "UTC", instants{monday: "Ann", tuesday: "Ann", "2026-03-11T12:00:00Z": ""}, "",
		lines("UID:1", "SUMMARY:Ann", "DTSTART:20260302T090000Z", "DTEND:20260302T170000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO", "RRULE:FREQ=WEEKLY;BYDAY=TU"))
	for until, on := range map[string]string{"20260309": "Ann", "20260309T000000Z": "Ann", "20260308T230000Z": "Ann", "20260308T120000Z": "", "20260309T000000": "Ann"} {
		onCall(t, "Europe/Amsterdam", instants{monday: on, tuesday: ""}, "",
			lines("UID:1", "SUMMARY:Ann", "DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;UNTIL="+until))
	}
}

// TestRulesAreFollowedForABoundedTime reads calendars that were made to keep
// a server busy.
func TestRulesAreFollowedForABoundedTime(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without large inputs")
	}
	rules := []string{"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;COUNT=10000", "FREQ=HOURLY;INTERVAL=1", "FREQ=MONTHLY;INTERVAL=1000;BYMONTHDAY=31;BYMONTH=2"}
	calendar := opening
	for i := range 40 {
		calendar += "BEGIN:VEVENT\r\nUID:" + strings.Repeat("x", i) + "\r\nDTSTART:19000101T000000Z\r\nDTEND:19010101T000000Z\r\nRRULE:" + rules[i%len(rules)] +
			"\r\nEXRULE:" + rules[(i+1)%len(rules)] + "\r\nSUMMARY:x\r\nEND:VEVENT\r\n"
	}
	_, _ = inCalendar(t, calendar+closing, "America/New_York", noonInMarch) // it ends
}
