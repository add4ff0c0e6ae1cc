package source_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/answer/sourcetest"
	"github.com/switchhook/switchhook/test/await"
)

func attendees(n int) string {
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "ATTENDEE;CN=Person %d:mailto:person-%d@example.net\r\n", i, i)
	}
	return strings.TrimSuffix(lines.String(), "\r\n")
}

// Events that were sent to everybody, also such as happen again and again and
// last for long.
func TestAnEventOfThousandsIsBounded(t *testing.T) {
	for name, lines := range map[string][]string{
		"once":      {"DTSTART:20261118T110000Z", "DTEND:20261118T130000Z"},
		"each hour": {"DTSTART:20250101T110000Z", "DURATION:P399D", "RRULE:FREQ=HOURLY"},
	} {
		t.Run(name, func(t *testing.T) {
			virtual(t, func(t *testing.T) {
				s, _ := feed(t, event(append(lines, attendees(5000))...), source.ICalConfig{})
				snapshot := fetched(t, s)
				if n := len(snapshot.People); n == 0 || n > 300 {
					t.Errorf("%d people are on call", n)
				}
				if !strings.Contains(strings.Join(snapshot.Oddities, "\n"), "more than 300 people") {
					t.Errorf("it is not told: %q", snapshot.Oddities)
				}
			})
		})
	}
}

// Rules that never come true take no time worth mentioning, and those whom the
// other rules put on call are on call.
func TestRulesThatNeverComeTrueCostNothing(t *testing.T) {
	var lines []string
	for i := range 100 {
		for _, rule := range []string{"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4", "FREQ=YEARLY;BYMONTH=6;BYWEEKNO=1"} {
			lines = append(lines, "BEGIN:VEVENT", fmt.Sprint("UID:", i, rule), "SUMMARY:Nobody", "DTSTART:20150101T110000Z", "DURATION:PT2H", "RRULE:"+rule, "END:VEVENT")
		}
	}
	lines = append(lines, "BEGIN:VEVENT", "UID:alice", "SUMMARY:Alice", "DTSTART:20250101T110000Z", "DURATION:PT2H", "RRULE:FREQ=DAILY", "END:VEVENT")
	virtual(t, func(t *testing.T) {
		s, _ := feed(t, calendarOf(lines...), source.ICalConfig{})
		ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
		defer cancel()
		snapshot, err := s.Fetch(ctx)
		if err != nil || who(snapshot.People) != "Alice 1" {
			t.Errorf("on call are %s, %v", who(snapshot.People), err)
		}
	})
}

// A vendor that has thousands on call is asked for the numbers of as many as
// can be rung.
func TestAVendorIsNotAskedAboutThousandsOfPeople(t *testing.T) {
	virtual(t, func(t *testing.T) {
		standIn := sourcetest.NewPagerDuty("PT54U20")
		client, _ := connect(t, standIn)
		var people []sourcetest.Person
		for i := range 1500 {
			one := alice
			one.ID, one.Name = fmt.Sprintf("P%05d", i), fmt.Sprint("Person ", i)
			people = append(people, one)
		}
		people = append(people, bob)
		standIn.OnCall(people...)
		s, err := source.NewPagerDuty(source.PagerDutyConfig{URL: "http://api.pagerduty.test", Key: hide(sourcetest.PagerDutyKey), Policy: "PT54U20", Client: client})
		if err != nil {
			t.Fatal(err)
		}
		snapshot := fetched(t, s)
		if n := len(standIn.Requests()); n > 350 {
			t.Errorf("it was asked %d times", n)
		}
		levels := map[int]int{}
		for _, p := range snapshot.People {
			levels[p.Level]++
			if len(p.Numbers) == 0 {
				t.Errorf("%s has no number", p.Name)
			}
		}
		same(t, "people by level", levels, map[int]int{1: 300, 2: 1})
	})
}

// Rules are followed in other years than their own, with the same days: the
// result is what the library says for their own years.
func TestRulesAreFollowedAsInTheirOwnYears(t *testing.T) {
	path := t.TempDir() + "/rota.ics"
	for _, rule := range []string{
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=YEARLY;BYWEEKNO=1,53", "FREQ=YEARLY;BYYEARDAY=-1,366", "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,TH", "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=31",
	} {
		for _, first := range []int{1900, 1960, 2024} {
			begin := time.Date(first, time.January, 5, 9, 0, 0, 0, time.UTC)
			if err := os.WriteFile(path, []byte(event("DTSTART:"+begin.Format("20060102T150405Z"), "DURATION:PT2H", "RRULE:"+rule)), 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := source.NewICal(source.ICalConfig{Path: path, Zone: time.UTC})
			if err != nil {
				t.Fatal(err)
			}
			option, err := rrule.StrToROption(rule)
			if err != nil {
				t.Fatal(err)
			}
			option.Dtstart = begin
			library, err := rrule.NewRRule(*option)
			if err != nil {
				t.Fatal(err)
			}
			for _, year := range []int{2000, 2026, 2099, 2400} {
				for _, at := range library.Between(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC), true) {
					for hours, want := range map[int]string{-1: "", 1: "Alice 1", 3: ""} {
						snapshot, err := s.FetchAt(t.Context(), at.Add(time.Duration(hours)*time.Hour))
						if got := who(snapshot.People); err != nil || got != want {
							t.Errorf("%s from %d: %d h from %s %q is on call, %v; want %q", rule, first, hours, at, got, err, want)
						}
					}
				}
			}
		}
	}
}
