package source_test

import (
	"strings"
	"testing"
)

// TestTimeZonesHaveManyNames reads a turn from eight to nine in a zone that the
// calendar does not describe, in the autumn after summer time has ended in
// Europe and not yet in America. The names are those of the CLDR table
// windowsZones, of https://learn.microsoft.com/windows-hardware/manufacture/desktop/default-time-zones,
// and of https://github.com/niccokunzmann/python-recurring-ical-events/issues/126,
// https://github.com/home-assistant/core/issues/179613,
// https://github.com/iCalcreator/iCalcreator/issues/102.
func TestTimeZonesHaveManyNames(t *testing.T) {
	const (
		berlin, london, newYork, losAngeles = "07:30", "08:30", "12:30", "15:30"
		chicago, utc, tokyo, kolkata        = "13:30", "08:30", "23:30", "02:30"
	)
	for name, at := range map[string]string{
		"W. Europe Standard Time": berlin, "w. europe standard time": berlin, "W.Europe Standard Time": berlin, `"W. Europe Standard Time"`: berlin,
		"Romance Standard Time": berlin, "Central Europe Standard Time": berlin, "Central European Standard Time": berlin,
		"W. Europe Daylight Time": berlin, "W. Europe Summer Time": berlin, "W_Europe_Standard_Time": berlin,
		"GMT Standard Time": london, "Greenwich Standard Time": utc, "Eastern Standard Time": newYork, "Eastern Daylight Time": newYork,
		"US Eastern Standard Time": newYork, "Pacific Standard Time": losAngeles, "PACIFIC STANDARD TIME": losAngeles, "Central Standard Time": chicago,
		"Tokyo Standard Time": tokyo, "India Standard Time": kolkata,

		`"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"`:      berlin,
		`"(UTC+01:00) Amsterdam, Berlin, Bern"`:                               berlin,
		`"(GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"`:      berlin,
		`"(GMT+01.00) Amsterdam / Berlin / Bern / Rome / Stockholm / Vienna"`: berlin,
		`"(UTC+01:00) Brussels, Copenhagen, Madrid, Paris"`:                   berlin,
		`"(UTC+01:00) Sarajevo, Skopje, Warsaw, Zagreb"`:                      berlin,
		`"(UTC-05:00) Eastern Time (US & Canada)"`:                            newYork,
		`"(GMT-05.00) Eastern Time (US & Canada)"`:                            newYork,
		`"(UTC-08:00) Pacific Time (US & Canada)"`:                            losAngeles,
		`"(UTC-06:00) Central Time (US & Canada)"`:                            chicago,
		`"(UTC) Dublin, Edinburgh, Lisbon, London"`:                           london,
		`"(UTC+00:00) Dublin, Edinburgh, Lisbon, London"`:                     london,
		`"(UTC) Coordinated Universal Time"`:                                  utc,
		`"(UTC+09:00) Osaka, Sapporo, Tokyo"`:                                 tokyo,
		`"(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi"`:                   kolkata,
		"(UTC+01:00) Amsterdam, Berlin, Bern":                                 berlin, // without the quotes that it needs

		`"tzone://Microsoft/Utc"`: utc, "tzone://Microsoft/Utc": utc, `"TZONE://microsoft/UTC"`: utc,
		"/freeassociation.sourceforge.net/Europe/Amsterdam": berlin, "/freeassociation.sourceforge.net/Tzfile/Europe/Amsterdam": berlin,
		"/mozilla.org/2005/Europe/Berlin": berlin, "/mozilla.org/20070129_1/Europe/Berlin": berlin, "/softwarestudio.org/Olson_20011030_5/America/New_York": newYork,
		"/citadel.org/20210210_1/America/Argentina/Buenos_Aires": "11:30",

		"Europe/Amsterdam": berlin, "europe/amsterdam": berlin, "EUROPE/AMSTERDAM": berlin, "Europe / Amsterdam": berlin, "Europe\\/Amsterdam": berlin,
		"America/New York": newYork, "america/new_york": newYork, "America/New-York": newYork, "US/Eastern": newYork, "us/eastern": newYork,
		"america/port-au-prince": newYork, "AMERICA/PORT_OF_SPAIN": "12:30", "america/argentina/buenos_aires": "11:30", "Amsterdam": berlin, "New York": newYork,
		"Europe/Kyiv": "06:30", "Europe/Kiev": "06:30", "Asia/Calcutta": kolkata, "GB": london, "CET": berlin, "cet": berlin, "EST5EDT": newYork,

		"UTC": utc, "utc": utc, "Z": utc, "GMT": utc, "Etc/UTC": utc, "Etc/GMT": utc, "UTC+0": utc, "Zulu": utc, "Coordinated Universal Time": utc,
		"GMT+0200": "06:30", "GMT+02:00": "06:30", "UTC+2": "06:30", "UTC+02:00": "06:30", "UTC-05:00": "13:30", "+0200": "06:30", "+02:00": "06:30", "-0530": "14:00",
		`"(UTC+02:00)"`: "06:30", `"GMT +02:00"`: "06:30",
		"Etc/GMT-1": "07:30", "etc/gmt-1": "07:30", "Etc/GMT+5": "13:30", "UTC-11": "19:30", "UTC+12": "20:30",
	} {
		t.Run(name, func(t *testing.T) {
			day := "2022-11-01T"
			if at > "20:00" {
				day = "2022-10-31T"
			}
			calendar := opening + "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=" + name + ":20221101T080000\r\nDTEND;TZID=" + name + ":20221101T090000\r\nSUMMARY:Ann\r\nEND:VEVENT\r\n" + closing
			people, oddities := inCalendar(t, calendar, "Pacific/Chatham", day+at+":00Z")
			same(t, "people", people, "Ann")
			if strings.HasPrefix(name, "(") {
				oddities = nil // that quotes are missing may be told
			}
			told(t, oddities, "")
		})
	}
}

// TestATimeZoneThatNobodyKnowsIsThatOfTheCalendar says so, and whose event it
// is.
func TestATimeZoneThatNobodyKnowsIsThatOfTheCalendar(t *testing.T) {
	for _, name := range []string{"Customized Time Zone", "tzone://Microsoft/Custom", `"tzone://Microsoft/Custom"`, "Mars/Olympus", "", "Local", "../../etc/passwd", "GMT+99", "(UTC+01:00) "} {
		calendar := opening + "X-WR-TIMEZONE:Europe/Amsterdam\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=" + name + ":20221101T080000\r\nDTEND;TZID=" + name + ":20221101T090000\r\nSUMMARY:Ann\r\nEND:VEVENT\r\n" + closing
		people, oddities := inCalendar(t, calendar, "Pacific/Chatham", "2022-11-01T07:30:00Z")
		same(t, name, people, "Ann")
		if name != "" && name != "(UTC+01:00) " {
			told(t, oddities, "is not known: its times are read as those of Europe/Amsterdam")
		}
	}
}

// ownZone is a VTIMEZONE of three hours in winter, and two in summer.
func ownZone(name string, broken bool) string {
	offset := "+0300"
	if broken {
		offset = "three"
	}
	return "BEGIN:VTIMEZONE\r\nTZID:" + name + "\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:" + offset + "\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10;\r\nEND:STANDARD\r\n" +
		"BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:" + offset + "\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
}

// TestACalendarsOwnZoneCounts where it can be read.
func TestACalendarsOwnZoneCounts(t *testing.T) {
	event := func(name string) string {
		return "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=" + name + ":20221101T080000\r\nDTEND;TZID=" + name + ":20221101T090000\r\nSUMMARY:Ann\r\nEND:VEVENT\r\n"
	}
	for _, name := range []string{"W. Europe Standard Time", "Customized Time Zone", "GMT", "Eastern", "EST"} {
		people, oddities := inCalendar(t, opening+ownZone(name, false)+event(name)+closing, "UTC", "2022-11-01T05:30:00Z")
		same(t, name, people, "Ann")
		told(t, oddities, "")
	}
	people, _ := inCalendar(t, opening+ownZone("W. Europe Standard Time", true)+event("W. Europe Standard Time")+closing, "UTC", "2022-11-01T07:30:00Z")
	same(t, "broken", people, "Ann")
	people, oddities := inCalendar(t, opening+ownZone("Ours", true)+event("Ours")+closing, "UTC", "2022-11-01T08:30:00Z")
	same(t, "broken, of no known name", people, "Ann")
	told(t, oddities, "Ours")
	people, _ = inCalendar(t, opening+event("Ours")+ownZone("Ours", false)+closing, "UTC", "2022-11-01T05:30:00Z") // described after its use
	same(t, "after", people, "Ann")
	people, _ = inCalendar(t, opening+ownZone("(UTC+01:00) Amsterdam", false)+event(`"(UTC+01:00) Amsterdam"`)+closing, "UTC", "2022-11-01T05:30:00Z")
	same(t, "a name with a colon", people, "Ann")
}

// TestTimesThatAreNotOrAreTwice: RFC 5545, section 3.3.5: a time that does not
// exist is that of the offset before the gap, one that comes twice is the
// first; https://github.com/libical/libical/issues/1402,
// https://github.com/ggaabe/rrule-temporal/issues/136.
func TestTimesThatAreNotOrAreTwice(t *testing.T) {
	turn := func(zone, start, end string, more ...string) []string {
		return append(lines("UID:1", "SUMMARY:Ann", "DTSTART;TZID="+zone+":"+start, "DTEND;TZID="+zone+":"+end), more...)
	}
	for _, row := range []struct {
		name  string
		event []string
		want  instants
	}{
		{"ends in the gap, each day", turn("Europe/Amsterdam", "20260328T180000", "20260329T023000", "RRULE:FREQ=DAILY"),
			instants{"2026-03-29T01:29:59Z": "Ann", "2026-03-29T01:30:00Z": "", "2026-03-30T00:29:59Z": "Ann", "2026-03-30T00:30:00Z": ""}},
		{"begins in the gap, each day", turn("America/New_York", "20260308T023000", "20260308T090000", "RRULE:FREQ=DAILY"),
			instants{"2026-03-08T07:29:59Z": "", "2026-03-08T07:30:00Z": "Ann", "2026-03-09T06:29:59Z": "", "2026-03-09T06:30:00Z": "Ann", "2026-11-09T07:30:00Z": "Ann", "2026-11-09T07:29:59Z": ""}},
		{"begins in the gap of a later year", turn("America/New_York", "20250301T023000", "20250301T090000", "RRULE:FREQ=DAILY"),
			instants{"2026-03-08T07:29:59Z": "", "2026-03-08T07:30:00Z": "Ann", "2026-03-09T06:30:00Z": "Ann", "2036-03-09T06:59:59Z": "", "2036-03-09T07:30:00Z": "Ann"}},
		{"begins at what comes twice", turn("Europe/Amsterdam", "20261025T023000", "20261025T090000"),
			instants{"2026-10-25T00:29:59Z": "", "2026-10-25T00:30:00Z": "Ann", "2026-10-25T01:15:00Z": "Ann"}},
		{"ends at what comes twice", turn("Europe/Amsterdam", "20261024T180000", "20261025T023000", "RRULE:FREQ=DAILY"),
			instants{"2026-10-25T00:29:59Z": "Ann", "2026-10-25T00:30:00Z": "", "2026-10-25T01:15:00Z": "", "2026-10-26T01:29:59Z": "Ann"}},
		{"half an hour of Lord Howe", turn("Australia/Lord_Howe", "20261004T021500", "20261004T060000", "RRULE:FREQ=DAILY"), // 02:00 becomes 02:30
			instants{"2026-10-03T15:44:59Z": "", "2026-10-03T15:45:00Z": "Ann", "2026-10-04T15:14:59Z": "", "2026-10-04T15:15:00Z": "Ann"}},
		{"midnight in São Paulo", lines("UID:1", "SUMMARY:Ann", "DTSTART;VALUE=DATE:20181103", "RRULE:FREQ=DAILY;COUNT=2"), // the 4th begins at one
			instants{"2018-11-04T02:59:59Z": "Ann", "2018-11-04T03:00:00Z": "Ann", "2018-11-05T01:59:59Z": "Ann", "2018-11-05T02:00:00Z": ""}},
		{"midnight in Cairo", turn("Africa/Cairo", "20260424T000000", "20260425T000000"), // the 24th begins at one
			instants{"2026-04-23T21:59:59Z": "", "2026-04-23T22:00:00Z": "Ann", "2026-04-24T20:59:59Z": "Ann", "2026-04-24T21:00:00Z": ""}},
		{"to midnight in Beirut", turn("Asia/Beirut", "20260328T120000", "20260329T000000", "RRULE:FREQ=DAILY"),
			instants{"2026-03-28T21:59:59Z": "Ann", "2026-03-28T22:00:00Z": "", "2026-03-29T20:59:59Z": "Ann", "2026-03-29T21:00:00Z": ""}},
		{"the day that Samoa skipped", turn("Pacific/Apia", "20111229T120000", "20111229T180000", "RRULE:FREQ=DAILY;COUNT=3"),
			instants{"2011-12-29T22:00:00Z": "Ann", "2011-12-30T04:00:00Z": "", "2011-12-30T22:00:00Z": "Ann", "2011-12-31T04:00:00Z": ""}},
		{"a duration from the gap", lines("UID:1", "SUMMARY:Ann", "DTSTART;TZID=America/New_York:20260308T023000", "DURATION:PT1H"),
			instants{"2026-03-08T07:29:59Z": "", "2026-03-08T07:30:00Z": "Ann", "2026-03-08T08:29:59Z": "Ann", "2026-03-08T08:30:00Z": ""}},
		{"an exception in the gap", turn("America/New_York", "20260301T023000", "20260301T090000", "RRULE:FREQ=DAILY", "EXDATE;TZID=America/New_York:20260308T023000"),
			instants{"2026-03-08T08:00:00Z": "", "2026-03-09T08:00:00Z": "Ann"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			zone := "UTC"
			if strings.HasPrefix(row.name, "midnight in S") {
				zone = "America/Sao_Paulo"
			}
			onCall(t, zone, row.want, "", row.event)
		})
	}
}

// TestARotaFileReadsTimesAsCalendarsDo where clocks change.
func TestARotaFileReadsTimesAsCalendarsDo(t *testing.T) {
	const text = "zone = \"America/New_York\"\n[[person]]\nid = \"ann\"\n[[shift]]\npeople = [\"ann\"]\nstart = 2026-03-08T02:30:00\nend = 2026-03-08T09:00:00\nrepeat = \"daily\"\n"
	for name, text := range map[string]string{
		"rota.toml": text,
		"rota.json": `{"zone":"America/New_York","person":[{"id":"ann"}],"shift":[{"people":["ann"],"start":"2026-03-08 02:30","end":"2026-03-08T09:00:00","repeat":"daily"}]}`,
	} {
		for at, want := range (instants{
			"2026-03-08T07:29:59Z": "", "2026-03-08T07:30:00Z": "ann", "2026-03-08T13:00:00Z": "", "2026-03-09T06:30:00Z": "ann", "2026-03-09T06:29:59Z": "",
		}) {
			same(t, name+" "+at, inFileAt(t, name, text, at), want)
		}
	}
	const single = "zone = \"America/New_York\"\n[[person]]\nid = \"ann\"\n[[shift]]\npeople = [\"ann\"]\nstart = 2026-03-08T02:30:00\nend = 2026-11-01T01:30:00\n"
	for at, want := range (instants{"2026-03-08T07:29:59Z": "", "2026-03-08T07:30:00Z": "ann", "2026-11-01T05:29:59Z": "ann", "2026-11-01T05:30:00Z": ""}) {
		same(t, at, inFileAt(t, "rota.toml", single, at), want)
	}
}
