package source_test

import (
	"testing"
	"time"
)

// TestZonesByTheirLettersAndAsTheyAreShown: the letters are those of the zone
// database's data, as far as one country alone has them
// (https://data.iana.org/time-zones/tzdb/NEWS has how they came to be);
// Google shows zones as "Eastern Time - New York"
// (https://support.google.com/calendar/answer/37064), vzic and others write a
// hyphen for the stroke. Lotus Notes leaves the end of Windows's names away
// (https://www.wikipedia.org/wiki/HCL_Notes).
func TestZonesByTheirLettersAndAsTheyAreShown(t *testing.T) {
	for name, hour := range map[string]int{ // 09:00 on 2026-07-01 there, in hours of UTC
		"JST": 0, "KST": 0, "MSK": 6, "SGT": 1, "HKT": 1, "PKT": 4, "WIB": 2, "SAST": 7, "EAT": 6, "WAT": 8, "NZST": -3, "NZDT": -3, "AEST": -1, "AEDT": -1, "AWST": 1, "AKST": 17, "AKDT": 17, "ADT": 12, "EEST": 6, "WEST": 8, "BRT": 12,
		"W. Europe": 7, "Romance": 7, "Central Europe": 7, "E. South America": 12, "AUS Eastern": -1, "China": 1, "E. Africa": 6, "Tokyo": 0, "US Mountain": 16, "SA Pacific": 14,
		"America-New_York": 13, "Europe-Amsterdam": 7, "US/Pacific-New": 16, "Western European Standard Time": 8, "Western European Time": 8, "Eastern European Summer Time": 6, "Japan Standard Time": 0,
		"Eastern Time - New York": 13, "Pacific Time - Los Angeles": 16, "(GMT-05:00) Eastern Time - New York": 13, "(GMT+01:00) Central European Time - Amsterdam": 7, "Central European Time - Amsterdam": 7, "Japan Standard Time - Tokyo": 0,
		"Moscow Standard Time - Moscow": 6, "Australian Eastern Standard Time": -1,
	} {
		at := time.Date(2026, time.July, 1, hour, 0, 0, 0, time.UTC)
		text := event("DTSTART;TZID="+name+":20260701T090000", "DURATION:PT1M")
		got, odd := inCalendar(t, text, "Pacific/Kiritimati", at.Format(time.RFC3339))
		if got != "Alice" {
			t.Errorf("%s: %q, %q", name, got, odd)
		}
	}
}

// Programs of the time of vCalendar 1.0 encode what is not ASCII:
// https://www.rfc-editor.org/rfc/rfc2045#section-6.7.
func TestASummaryInQuotedPrintable(t *testing.T) {
	for summary, want := range map[string]string{
		"SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Zo=C3=AB Example":     "Zoë Example",
		"SUMMARY;CHARSET=ISO-8859-1;ENCODING=quoted-printable:Zo=EB=20Example": "Zoë Example",
		"SUMMARY;ENCODING=QUOTED-PRINTABLE:Zo=C3=AB":                           "Zoë",
		"SUMMARY;ENCODING=QUOTED-PRINTABLE:1 = 2":                              "1 = 2",
		"SUMMARY:Zo=C3=AB":                                                         "Zo=C3=AB",
		"SUMMARY;CHARSET=UTF-8;LANGUAGE=nl:Zoë":                                    "Zoë",
		"SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=x-unknown:Ann=20Example":        "Ann Example",
		"SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=Shift_JIS:=83=41=83=93":         "アン",
		"SUMMARY;ENCODING=QUOTED-PRINTABLE;CHARSET=windows-1252:Ren=E9=2C Fran=E7": "René, Franç",
	} {
		text := calendarOf("BEGIN:VEVENT", "UID:1", summary, "DTSTART:20260701T090000Z", "DURATION:PT1H", "END:VEVENT")
		if got, odd := inCalendar(t, text, "UTC", "2026-07-01T09:00:00Z"); got != want {
			t.Errorf("%s is %q, want %q; %q", summary, got, want, odd)
		}
	}
}
