package hours_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/hours"
)

func TestAWeekIsRead(t *testing.T) {
	week, err := hours.ParseWeek([]byte(`{"mon": ["09:00-12:00", " 13:00 - 17:00 "], "fri": ["22:00-02:00", "00:00-24:00"], "sun": ["18:00-00:00"]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &hours.Week{
		0: {{18 * 60, 24 * 60}},
		1: {{9 * 60, 12 * 60}, {13 * 60, 17 * 60}},
		5: {{22 * 60, 26 * 60}, {0, 24 * 60}},
	}
	if diff := cmp.Diff(want, week); diff != "" {
		t.Errorf("the week (- want, + got):\n%s", diff)
	}
}

func TestWhatIsNotAWeekIsToldByDay(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                                            `it is not an object of days, such as {"mon": ["09:00-17:00"]}`,
		`"9-5"`:                                         `it is not an object of days, such as {"mon": ["09:00-17:00"]}`,
		`{"mon": "09:00-17:00"}`:                        `mon: it is not a list of spans, such as ["09:00-17:00"]`,
		`{"mon": [9]}`:                                  `mon: it is not a list of spans, such as ["09:00-17:00"]`,
		`{"mon": [], "tue": true}`:                      `tue: it is not a list of spans, such as ["09:00-17:00"]`,
		`{"monday": [], "mon":[]}`:                      `"monday" is not a day: they are mon, tue, wed, thu, fri, sat and sun`,
		`{"Mon": ["09:00-17:00"]}`:                      `"Mon" is not a day: they are mon, tue, wed, thu, fri, sat and sun`,
		`{"tue": ["9-5"]}`:                              `tue: "9-5" is not a span such as 09:00-17:00`,
		`{"tue": ["9:00-17:00"]}`:                       `tue: "9:00-17:00" is not a span such as 09:00-17:00`,
		`{"tue": ["09:00"]}`:                            `tue: "09:00" is not a span such as 09:00-17:00`,
		`{"tue": ["09:60-10:00"]}`:                      `tue: "09:60-10:00" is not a span such as 09:00-17:00`,
		`{"tue": ["09:00-24:01"]}`:                      `tue: "09:00-24:01" is not a span such as 09:00-17:00`,
		`{"tue": ["24:00-02:00"]}`:                      `tue: "24:00-02:00" is not a span such as 09:00-17:00`,
		`{"tue": ["+9:00-1٣:00"]}`:                      `tue: "+9:00-1٣:00" is not a span such as 09:00-17:00`,
		`{"tue": ["09:00-09:00"]}`:                      `tue: "09:00-09:00" begins and ends at the same time; the whole day is 00:00-24:00`,
		`{"tue": ["` + strings.Repeat("9", 500) + `"]}`: `tue: "` + strings.Repeat("9", 40) + `…" is not a span such as 09:00-17:00`,
		`{"tue": [` + strings.Repeat(`"09:00-10:00",`, 24) + `"09:00-10:00"]}`: `tue: it has more than 24 spans`,
	} {
		if _, err := hours.ParseWeek([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.60s: the error is\n%v, want\n%s", text, err, want)
		}
	}
}

func TestHolidaysAreReadInOrder(t *testing.T) {
	holidays, err := hours.ParseHolidays([]byte(`["2027-01-01", "2026-12-25", "2027-01-01", "1969-12-31", "2028-02-29"]`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(holidays), "[1969-12-31 2026-12-25 2027-01-01 2028-02-29]"; got != want {
		t.Errorf("they are %s, want %s", got, want)
	}
	many, err := json.Marshal(make([]string, 1001))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{}`:             `it is not a list of dates, such as ["2026-12-25"]`,
		`[20261225]`:     `it is not a list of dates, such as ["2026-12-25"]`,
		`["12/25/2026"]`: `"12/25/2026" is not a date such as 2026-12-25`,
		`["2026-02-29"]`: `"2026-02-29" is not a date such as 2026-12-25`,
		string(many):     `it has more than 1000 dates`,
	} {
		if _, err := hours.ParseHolidays([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.60s: the error is\n%v, want\n%s", text, err, want)
		}
	}
}

func TestZonesAreThoseOfTheDatabase(t *testing.T) {
	for _, name := range []string{"", "Local", "Eastern", "../../etc/passwd", "America/New York"} {
		if got, err := hours.ParseZone(name); err == nil {
			t.Errorf("%q is %v", name, got)
		}
	}
}

// FuzzWeek reads any JSON: nothing panics, and what is read can be asked.
func FuzzWeek(f *testing.F) {
	f.Add([]byte(office), []byte(feast), int64(1_800_000_000))
	f.Add([]byte(bar), []byte(`[]`), int64(-1))
	f.Add([]byte(`{"mon": ["09:00-17:00" ,"18:00-20:00"] , "tue":[]}`), []byte(`[]`), int64(0))
	f.Add([]byte(`{"mon": ["09:00-17:00",]}`), []byte(`[]`), int64(0))
	f.Add([]byte(`{"mon": [], "mon": ["09:00-17:00"]} x`), []byte(`[]`), int64(0))
	f.Add([]byte(`{"mon": null}`), []byte(`null`), int64(1)<<40)
	newYork := zone(f, "America/New_York")
	f.Fuzz(func(t *testing.T, week, holidays []byte, second int64) {
		s := hours.Schedule{Zone: newYork}
		var err error
		s.Week, err = hours.ParseWeek(week)
		var given map[string][]string
		if json.Unmarshal(week, &given) == nil && len(given) > 0 {
			escaped, marshalErr := json.Marshal(given) // no one writes one like this
			if marshalErr != nil {
				t.Fatal(marshalErr)
			}
			other, otherErr := hours.ParseWeek([]byte(strings.ReplaceAll(string(escaped), "-", `\u002d`)))
			if diff := cmp.Diff(other, s.Week); diff != "" || fmt.Sprint(err) != fmt.Sprint(otherErr) {
				t.Errorf("%s: %v, but with escapes %v (- escapes, + without):\n%s", week, err, otherErr, diff)
			}
		} else if err == nil && s.Week != nil {
			t.Errorf("%s is read, and is no JSON", week)
		}
		if err != nil {
			return
		}
		if s.Holidays, err = hours.ParseHolidays(holidays); err != nil {
			return
		}
		now := unix(second)
		opens, ok := s.Next(now)
		if ok && (s.At(opens) != hours.Open || opens.Before(now)) {
			t.Errorf("after %v it opens at %v, when it is %s", now, opens, s.At(opens))
		}
		if ok && opens.After(now) && (s.At(now) == hours.Open || s.At(unix(opens.Unix()-1)) == hours.Open) {
			t.Errorf("after %v it opens at %v, but was open before", now, opens)
		}
	})
}

func BenchmarkParseWeek(b *testing.B) {
	week := []byte(`{"mon": ["09:00-17:00"], "tue": ["09:00-17:00"], "wed": ["09:00-17:00"], "thu": ["09:00-17:00"], "fri": ["09:00-17:00"]}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hours.ParseWeek(week); err != nil {
			b.Fatal(err)
		}
	}
}
