package source_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/await"
	"github.com/switchhook/switchhook/internal/oncall/source"
	"github.com/switchhook/switchhook/internal/oncall/sourcetest"
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
				if n := len(snapshot.People); n == 0 || n > 100 {
					t.Errorf("%d people are on call", n)
				}
				if !strings.Contains(strings.Join(snapshot.Oddities, "\n"), "more than 100 people") {
					t.Errorf("it is not told: %q", snapshot.Oddities)
				}
			})
		})
	}
}

// Rules that never come true take no time worth mentioning, and whoever is on
// call by the others is.
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
		if n := len(standIn.Requests()); n > 200 {
			t.Errorf("it was asked %d times", n)
		}
		levels := map[int]int{}
		for _, p := range snapshot.People {
			levels[p.Level]++
			if len(p.Numbers) == 0 {
				t.Errorf("%s has no number", p.Name)
			}
		}
		same(t, "people by level", levels, map[int]int{1: 100, 2: 1})
	})
}
