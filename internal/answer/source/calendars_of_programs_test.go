package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/source"
)

// inCalendar returns who is on call by a calendar at a time, as
// "Ann Example, ben@example.net", with the oddities that were told.
func inCalendar(t *testing.T, calendar, zone, at string) (people string, oddities []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rota.ics")
	writeFile(t, path, calendar)
	snapshot, err := calendarFile(t, path, zone, at)
	if err != nil {
		t.Fatal(err)
	}
	return identities(snapshot.People), snapshot.Oddities
}

func calendarFile(t *testing.T, path, zone, at string) (source.Snapshot, error) {
	t.Helper()
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	s, err := source.NewICal(source.ICalConfig{Path: path, Zone: location})
	if err != nil {
		t.Fatal(err)
	}
	return s.FetchAt(t.Context(), moment)
}

// identities returns what a map of numbers may know people by.
func identities(people []source.Person) string {
	var all []string
	for _, p := range people {
		all = append(all, p.ID)
	}
	return strings.Join(all, ", ")
}

// told fails where no oddity holds a text; an empty text: where there is one.
func told(t *testing.T, oddities []string, part string) {
	t.Helper()
	all := strings.Join(oddities, "\n")
	if part == "" && all != "" || !strings.Contains(all, part) {
		t.Errorf("oddities %q, wanted %q", oddities, part)
	}
}

// TestCalendarsThatPeopleReported reads calendars of public bug reports; see
// the address beside each.
func TestCalendarsThatPeopleReported(t *testing.T) {
	for _, row := range []struct{ file, zone, at, want, odd, source string }{
		{"quote", "Europe/Amsterdam", "2026-03-02T12:00:00Z", "Ann Example", "the event Lunch of 2025-01-01", "https://github.com/kewisch/ical.js/issues/1015"},
		{"word", "Europe/Amsterdam", "2026-03-02T12:00:00Z", "Ann Example", "the event Lunch of 2025-01-01", "https://github.com/ics-py/ics-py/issues/56"},
		{"one", "Europe/Amsterdam", "2026-03-07T12:00:00Z", "Ann Example", "", "https://github.com/derekantrican/GAS-ICS-Sync/pull/58"},
		{"one", "Europe/Amsterdam", "2026-03-07T23:30:00Z", "", "", "https://github.com/iobroker-community-adapters/ioBroker.ical/issues/81"},
		{"exchange", "UTC", "2026-02-18T12:00:00Z", "", "", "https://github.com/jens-maus/node-ical/issues/454"},
		{"exchange", "UTC", "2026-02-17T12:00:00Z", "Ann Example", "", "https://github.com/jens-maus/node-ical/issues/454"},
		{"exchange", "America/New_York", "2026-02-18T12:00:00Z", "", "", "https://github.com/jens-maus/node-ical/issues/454"},
		{"exchange", "Asia/Tokyo", "2026-02-19T12:00:00Z", "Ann Example", "", "https://github.com/jens-maus/node-ical/issues/454"},
		{"recurrence-id", "Europe/Amsterdam", "2026-03-06T12:00:00Z", "Ben Example", "", "https://github.com/niccokunzmann/python-recurring-ical-events/issues/36"},
		{"recurrence-id", "America/New_York", "2026-03-06T12:00:00Z", "Ben Example", "", "https://github.com/niccokunzmann/python-recurring-ical-events/issues/36"},
		{"recurrence-id", "America/New_York", "2026-03-05T12:00:00Z", "Ann Example", "", "https://github.com/niccokunzmann/python-recurring-ical-events/issues/36"},
		{"w-europe", "America/New_York", "2022-10-31T07:30:00Z", "Ann Example", "", "https://github.com/home-assistant/core/issues/179613"},
		{"ms-utc", "America/New_York", "2022-10-31T08:30:00Z", "Ann Example", "", "https://github.com/niccokunzmann/python-recurring-ical-events/issues/126"},
		{"property", "Europe/Amsterdam", "2026-03-02T12:00:00Z", "ben@example.net", "", "https://github.com/allenporter/ical/pull/501"},
		{"semicolon", "Europe/Amsterdam", "2026-03-09T12:00:00Z", "Ann Example", "", "https://github.com/libical/libical/pull/191"},
		{"two", "Europe/Amsterdam", "2026-03-02T12:00:00Z", "Ann Example", "", "https://github.com/pimutils/vdirsyncer/issues/78"},
		{"two", "Europe/Amsterdam", "2026-03-03T12:00:00Z", "Ben Example", "", "https://github.com/nextcloud/calendar/issues/336"},
		{"gap-new-york", "UTC", "2026-03-08T06:45:00Z", "", "", "https://github.com/libical/libical/issues/1402"},
		{"gap-new-york", "UTC", "2026-03-08T07:30:00Z", "Ann Example", "", "https://github.com/libical/libical/issues/1402"},
		{"start-in-gap", "UTC", "2026-03-30T00:45:00Z", "Ann Example", "", "https://github.com/ggaabe/rrule-temporal/issues/136"},
		{"start-in-gap", "UTC", "2026-03-29T01:15:00Z", "", "", "https://github.com/ggaabe/rrule-temporal/issues/136"},
		{"start-in-gap", "UTC", "2026-03-29T01:30:00Z", "Ann Example", "", "https://github.com/ggaabe/rrule-temporal/issues/136"},
		{"same-sequence", "UTC", "2017-12-21T12:00:00Z", "Ben Example", "", "https://github.com/nextcloud/calendar/issues/4580"},
		{"delegated", "UTC", "2026-03-02T12:00:00Z", "ben@example.net", "", "RFC 5545, section 3.2.12"},
		{"email-parameter", "UTC", "2026-03-02T12:00:00Z", "ann@example.net", "", "https://github.com/sebbo2002/ical-generator/issues/119"},
		{"declined", "UTC", "2026-03-02T12:00:00Z", "", "", "docs/on-call.md: people who declined are not on call"},
		{"this-and-future", "UTC", "2026-09-15T12:30:00Z", "Ben Example", "", "https://github.com/niccokunzmann/python-recurring-ical-events/pull/170"},
		{"this-and-future", "UTC", "2026-09-15T15:30:00Z", "Ben Example", "", "https://github.com/niccokunzmann/python-recurring-ical-events/pull/170"},
		{"this-and-future", "UTC", "2026-09-11T12:30:00Z", "Ann Example", "", "https://github.com/niccokunzmann/python-recurring-ical-events/pull/170"},
	} {
		t.Run(row.file+" "+row.at, func(t *testing.T) {
			calendar, err := os.ReadFile(filepath.Join("testdata", "cases", row.file+".ics"))
			if err != nil {
				t.Fatal(err)
			}
			people, oddities := inCalendar(t, string(calendar), row.zone, row.at)
			if people != row.want {
				t.Errorf("%q is on call, not %q: %s", people, row.want, row.source)
			}
			if row.file == "declined" {
				row.odd = "names nobody who takes part"
			}
			told(t, oddities, row.odd)
		})
	}
}

// good is an event that is on call at noonInMarch, whatever stands beside it.
const (
	good = "BEGIN:VEVENT\r\nUID:good\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T170000Z\r\nSUMMARY:Ann Example\r\nEND:VEVENT\r\n"

	noonInMarch = "2026-03-02T12:00:00Z"

	opening = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Rota//EN\r\n"
	closing = "END:VCALENDAR\r\n"
)

// lunch returns an event of last year with lines of its own.
func lunch(lines ...string) string {
	return "BEGIN:VEVENT\r\nUID:lunch\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20250101T090000Z\r\nDTEND:20250101T100000Z\r\nSUMMARY:Lunch\r\n" +
		strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n"
}

// TestOneBadLineSpoilsOneEvent reads an event beside one that programs, and
// people who were invited, have spoilt in a way of their own.
func TestOneBadLineSpoilsOneEvent(t *testing.T) {
	const ofLunch = "the event Lunch of 2025-01-01"
	for _, row := range []struct{ name, calendar, odd string }{
		{"quotes within a parameter", opening + good + lunch(`ATTENDEE;CN=Ben;X-RESPONSE-COMMENT="I said "no" today":mailto:ben@example.net`) + closing, ofLunch},
		{"a quote that nothing ends", opening + good + lunch(`ATTENDEE;CN="Ben Example:mailto:ben@example.net`) + closing, ofLunch},
		{"quotes in an address", opening + good + lunch(`LOCATION;ALTREP="CID:part1."x"@example.org:The "Hub"`) + closing, ofLunch},
		{"a parameter without a value", opening + good + lunch(`ATTENDEE;CN;PARTSTAT=ACCEPTED:mailto:ben@example.net`) + closing, ofLunch},
		{"an empty parameter", opening + good + lunch(`ATTENDEE;;CN=Ben:mailto:ben@example.net`) + closing, ""},
		{"a break within a text", opening + good + lunch("DESCRIPTION:Bring", "interrogations") + closing, ofLunch},
		{"a break, and a line with a colon", opening + good + lunch("DESCRIPTION:Bring", "Zoom: https://example.net/j/1") + closing, ofLunch},
		{"a break, and lines that look like others", opening + good + lunch("DESCRIPTION:Agenda", "Begin: nine", "End: ten", "=") + closing, ofLunch},
		{"a line between events", opening + "interrogations\r\n" + good + lunch() + closing, "interrogations"},
		{"a line after the last event", opening + good + lunch() + "and so on\r\n" + closing, "and so on"},
		{"a break within an alarm", opening + good + lunch("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Go", "now", "TRIGGER:-PT5M", "END:VALARM") + closing, ofLunch},
		{"an alarm without an end", opening + good + lunch("BEGIN:VALARM", "ACTION:DISPLAY") + closing, ofLunch},
		{"a break within a time zone", opening + "BEGIN:VTIMEZONE\r\nTZID:Here\r\nX-TEXT:a\r\nword\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" + good + closing, "the time zone Here"},
		{"no end", opening + strings.TrimSuffix(lunch(), "END:VEVENT\r\n") + good + closing, ofLunch},
		{"no end, as the last", opening + good + strings.TrimSuffix(lunch(), "END:VEVENT\r\n") + closing, ofLunch},
		{"the end of another", opening + strings.Replace(lunch(), "END:VEVENT", "END:VTODO", 1) + good + closing, ofLunch},
		{"an end too many", opening + good + "END:VEVENT\r\n" + lunch() + closing, "END:VEVENT"},
		{"no end of a calendar that another follows", opening + good + opening + lunch() + closing, "END:VCALENDAR"},
		{"letters of Latin-1", opening + good + lunch("LOCATION:Caf\xe9") + closing, ofLunch},
		{"half a letter", opening + good + lunch("LOCATION:Caf\xc3") + closing, ofLunch},
		{"a NUL", opening + good + lunch("LOCATION:a\x00b") + closing, ""},
		{"nothing but a NUL", opening + good + lunch("\x00") + closing, ""},
		{"empty lines", "\r\n\r\n" + strings.ReplaceAll(opening+good+lunch()+closing, "\r\n", "\r\n\r\n"), ""},
		{"three signs for a line end", strings.ReplaceAll(opening+good+lunch()+closing, "\r\n", "\r\r\n"), ""},
		{"line feeds alone", strings.ReplaceAll(opening+good+lunch()+closing, "\r\n", "\n"), ""},
		{"carriage returns alone", strings.ReplaceAll(opening+good+lunch()+closing, "\r\n", "\r"), ""},
		{"a carriage return within a text", opening + good + lunch("DESCRIPTION:Bring\rlunch") + closing, ofLunch},
		{"a tab as a fold", strings.Replace(opening+good+closing, "Ann Ex", "Ann Ex\r\n\t", 1), ""},
		{"a fold within a letter", strings.Replace(opening+good+closing, "SUMMARY:Ann", "X-NOTE:caf\xc3\r\n \xa9\r\nSUMMARY:Ann", 1), ""},
		{"no break at the end", strings.TrimSuffix(opening+good+lunch()+closing, "\r\n"), ""},
		{"a last line that broke off", strings.TrimSuffix(opening+good+lunch()+closing, "NDAR\r\n"), "ends in the middle of its last line"},
		{"a byte order mark", "\uFEFF" + opening + good + closing, ""},
		{"byte order marks between", opening + good + closing + "\uFEFF" + opening + lunch() + closing, ""},
		{"UTF-16", utf16Of(opening+good+lunch()+closing, true, true), ""},
		{"UTF-16, the larger byte first", utf16Of(opening+good+lunch()+closing, false, true), ""},
		{"UTF-16 without a mark", utf16Of(opening+good+lunch()+closing, true, false), ""},
		{"words before it", "Warning: include(): failed in /srv/cal.php\r\n" + opening + good + closing, "before"},
		{"a page's warning before it", "<br />\n<b>Notice</b>: Undefined index\n" + opening + good + closing, "before"},
		{"words before it on its line", "Notice: no such index" + opening + good + closing, "before"},
		{"the end of the calendar within a text", opening + lunch("DESCRIPTION:It ends so:", "END:VCALENDAR", "and begins so:") + good + closing, "after its end"},
		{"the end of an event within a text", opening + lunch("DESCRIPTION:It ends so:", "END:VEVENT", "CLASS:PUBLIC") + good + closing, "END:VEVENT"},
		{"the beginning of an event within a text", opening + lunch("DESCRIPTION:It begins so:", "BEGIN:VEVENT", "CLASS:PUBLIC") + good + closing, ofLunch},
		{"no beginning of the second calendar", opening + lunch() + closing + good + closing, "after its end"},
		{"words after it", opening + good + closing + "generated in 3 ms\r\n", "generated in"},
		{"spaces around", strings.ReplaceAll(opening+good+closing, "\r\n", "  \r\n"), ""},
		{"a text of a million signs", opening + good + lunch("DESCRIPTION:"+strings.Repeat("x", 1<<20)) + closing, ""},
		{"an attendee of a million signs", opening + good + lunch("ATTENDEE;CN="+strings.Repeat("x", 1<<20)+":mailto:ben@example.net") + closing, ofLunch},
		{"quotes by the hundred thousand", opening + good + lunch("ATTENDEE;"+strings.Repeat(`A="b;`, 1<<17)+":mailto:ben@example.net") + closing, ofLunch},
		{"two beginnings", opening + good + lunch("DTSTART:20250102T090000Z") + closing, ofLunch},
		{"two equal beginnings", opening + good + lunch("DTSTART:20250101T090000Z") + closing, ""},
		{"an unknown part", opening + good + lunch("BEGIN:PARTICIPANT", "UID:x", "SUMMARY:y", "END:PARTICIPANT") + closing, ""},
		{"an exception that is none", opening + good + lunch("RRULE:FREQ=DAILY;COUNT=2", "EXDATE:tomorrow") + closing, ofLunch},
	} {
		t.Run(row.name, func(t *testing.T) {
			people, oddities := inCalendar(t, row.calendar, "Europe/Amsterdam", noonInMarch)
			same(t, "people", people, "Ann Example")
			told(t, oddities, row.odd)
		})
	}
}

// utf16Of returns what a Windows editor saves as Unicode.
func utf16Of(text string, little, mark bool) string {
	var b strings.Builder
	put := func(r rune) {
		if little {
			b.WriteByte(byte(r))
			b.WriteByte(byte(r >> 8))
		} else {
			b.WriteByte(byte(r >> 8))
			b.WriteByte(byte(r))
		}
	}
	if mark {
		put(0xFEFF)
	}
	for _, r := range text { // of the basic plane
		put(r)
	}
	return b.String()
}

// TestAnEventCountsWhereItsOddLineSaysEnough reads the event with the odd line
// itself.
func TestAnEventCountsWhereItsOddLineSaysEnough(t *testing.T) {
	on := func(lines ...string) string {
		return opening + "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T170000Z\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT\r\n" + closing
	}
	for _, row := range []struct{ name, calendar, want, odd string }{
		{"quotes within a parameter", on("SUMMARY:Rota", `ATTENDEE;CN=Ben;X-RESPONSE-COMMENT="I said "no" today":mailto:ben@example.net`), "ben@example.net", "the event Rota of 2026-03-02"},
		{"a quote that nothing ends", on("SUMMARY:Rota", `ATTENDEE;CN="Ben Example;PARTSTAT=ACCEPTED:mailto:ben@example.net`), "ben@example.net", "the event Rota"},
		{"an address as a parameter without quotes", on("SUMMARY:Rota", `ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=mailto:ben@example.net:mailto:ann@example.net`), "ben@example.net", "the event Rota"},
		{"no end", strings.Replace(on("SUMMARY:Ben"), "END:VEVENT\r\n", "", 1), "Ben", "the event Ben"},
		{"Latin-1", on("SUMMARY:Andr\xe9"), "André", "the event André"},
		{"Windows-1252", on("SUMMARY:\x8Eofia \x93Z\x94"), "Žofia “Z”", "the event Žofia"},
		{"a letter that a fold cuts", on("SUMMARY:Andr\xc3", " \xa9"), "André", ""},
		{"letters that are put together", on("SUMMARY:Andre\u0301"), "André", ""},
		{"a comma that is escaped", on(`SUMMARY:Example\, Ann`), "Example, Ann", ""},
		{"a line break that is escaped", on(`SUMMARY:Ann\nExample`), "Ann Example", ""},
		{"a summary that is there twice", on("SUMMARY:Ann", "SUMMARY:Ben"), "Ann", "the event Ann"},
		{"numbers in a name are masked", on("SUMMARY:Ann +31611111111", "oops"), "Ann +31611111111", "the event Ann +3161•••1111"},
	} {
		t.Run(row.name, func(t *testing.T) {
			people, oddities := inCalendar(t, row.calendar, "UTC", noonInMarch)
			same(t, "people", people, row.want)
			told(t, oddities, row.odd)
		})
	}
}

// TestWhatIsNoWholeCalendarIsNotBelieved reads files that would mean that nobody
// is on call if they were taken for a calendar.
func TestWhatIsNoWholeCalendarIsNotBelieved(t *testing.T) {
	whole := opening + good + lunch() + closing
	for _, row := range []struct{ name, body, message string }{
		{"nothing", "", "is empty"},
		{"blanks", " \r\n\t\r\n", "is empty"},
		{"a byte order mark", "\uFEFF", "is empty"},
		{"a page to log in at", "<!DOCTYPE html>\n<html><body>Sign in</body></html>", "is a web page"},
		{"a page with a byte order mark", "\uFEFF<html></html>", "is a web page"},
		{"a page in UTF-16", utf16Of("<html></html>", true, true), "is a web page"},
		{"words", "Service unavailable", "it is no calendar"},
		{"JSON", `{"error":"BEGIN:VCALENDAR"}`, "it is no calendar"},
		{"an event alone", good, "it is no calendar"},
		{"no end", strings.TrimSuffix(whole, closing), "ends in the middle"},
		{"half an event", whole[:len(whole)-60], "ends in the middle"},
		{"half a line of an event", strings.TrimSuffix(whole, "T\r\n"+closing), "ends in the middle"},
		{"the end of an event alone", strings.TrimSuffix(whole, "VENT\r\n"+closing), "ends in the middle"},
		{"half the second of two", whole + opening + good, "ends in the middle"},
		{"half of what follows the end", whole + good, "ends in the middle"},
		{"half a UTF-16", utf16Of(opening+good, true, true), "ends in the middle"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "rota.ics")
			writeFile(t, path, row.body)
			_, err := calendarFile(t, path, "UTC", noonInMarch)
			if err == nil || !strings.Contains(err.Error(), row.message) {
				t.Errorf("%v does not hold %q", err, row.message)
			}
		})
	}
}

// TestNamesInCalendarsHaveNoCase: RFC 5545, section 1.3, and
// https://github.com/allenporter/ical/pull/501.
func TestNamesInCalendarsHaveNoCase(t *testing.T) {
	text := `begin:vcalendar
x-wr-timezone:america/new_york
begin:vtimezone
tzid:Ours
begin:standard
dtstart:19700101T000000
tzoffsetfrom:-0500
tzoffsetto:-0500
end:standard
end:vtimezone
Begin:vEvent
uid:1
dtstart;tzid=ours:20260302T070000
dtend;Tzid=OURS:20260302T080000
rrule:freq=daily;byday=mo,tu,we,th,fr;wkst=su;until=20260401t000000z
exdate;value=date:20260303
categories:LEVEL 2
summary:Rota
Attendee;Cn=Ann;PartStat=accepted:MAILTO:Ann@Example.net
attendee;cn=Room;cutype=room:mailto:room@example.net
attendee;role=non-participant:mailto:boss@example.net
attendee;partstat=Declined:mailto:ben@example.net
end:vevent
end:vcalendar
`
	for at, want := range map[string]string{
		"2026-03-02T12:30:00Z": "ann@example.net", "2026-03-03T12:30:00Z": "", "2026-03-04T12:30:00Z": "ann@example.net", "2026-03-07T12:30:00Z": "",
	} {
		people, oddities := inCalendar(t, text, "UTC", at)
		same(t, at, people, want)
		told(t, oddities, "")
		people, oddities = inCalendar(t, strings.ToUpper(text), "UTC", at)
		same(t, at, people, want)
		told(t, oddities, "")
	}
}

// TestEachCalendarOfAFileHasAZoneOfItsOwn reads three of them in a row.
func TestEachCalendarOfAFileHasAZoneOfItsOwn(t *testing.T) {
	event := func(uid, who string) string {
		return "BEGIN:VEVENT\nUID:" + uid + "\nDTSTART:20260302T090000\nDTEND:20260302T100000\nSUMMARY:" + who + "\nEND:VEVENT\n"
	}
	text := "BEGIN:VCALENDAR\nX-WR-TIMEZONE:America/New_York\n" + event("1", "York") + "END:VCALENDAR\n" +
		"BEGIN:VCALENDAR\nX-WR-TIMEZONE:Asia/Tokyo\n" + event("2", "Tokyo") + "END:VCALENDAR\n" +
		"BEGIN:VCALENDAR\n" + event("3", "Utrecht") + "END:VCALENDAR\n"
	for at, want := range map[string]string{"2026-03-02T14:30:00Z": "York", "2026-03-02T00:30:00Z": "Tokyo", "2026-03-02T08:30:00Z": "Utrecht"} {
		people, oddities := inCalendar(t, text, "Europe/Amsterdam", at)
		same(t, at, people, want)
		told(t, oddities, "")
	}
}
