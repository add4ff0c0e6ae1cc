package source_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/answer/source"
)

// rules draws rules as RFC 5545 has them, and some that it has not.
func rules() *rapid.Generator[string] {
	list := func(name string, least, most int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			numbers := rapid.SliceOfN(rapid.IntRange(least, most), 1, 3).Draw(t, name)
			return name + "=" + strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]")
		})
	}
	parts := []*rapid.Generator[string]{
		list("BYMONTH", 0, 13), list("BYMONTHDAY", -32, 32), list("BYYEARDAY", -367, 367), list("BYWEEKNO", -54, 54),
		list("BYHOUR", 0, 24), list("BYMINUTE", 0, 60), list("BYSECOND", 0, 60), list("BYSETPOS", -367, 367), list("BYEASTER", -400, 400),
		list("INTERVAL", -1, 60), list("COUNT", -1, 600),
		rapid.SampledFrom([]string{"BYDAY=MO", "BYDAY=SU,SA", "BYDAY=-1FR", "BYDAY=2TU,-5WE", "BYDAY=+54MO", "WKST=SU", "UNTIL=20300101", "UNTIL=20100101T000000Z", "UNTIL=20300101T120000", "BYDAY="}),
	}
	return rapid.Custom(func(t *rapid.T) string {
		rule := "FREQ=" + rapid.SampledFrom([]string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"}).Draw(t, "freq")
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			rule += ";" + rapid.OneOf(parts...).Draw(t, "part")
		}
		return rule
	})
}

func TestEveryRuleIsFollowedOrRefused(t *testing.T) {
	path := t.TempDir() + "/rota.ics"
	rapid.Check(t, func(r *rapid.T) {
		rule := rules().Draw(r, "rule")
		start := rapid.SampledFrom([]string{"19000101T000000Z", "20160229T113000Z", "20251231T233000Z"}).Draw(r, "start")
		zone := rapid.SampledFrom([]string{"", ";TZID=Europe/Amsterdam", ";TZID=Australia/Lord_Howe"}).Draw(r, "zone")
		if zone != "" {
			start = strings.TrimSuffix(start, "Z")
		}
		calendar := event("DTSTART"+zone+":"+start, "DURATION:PT2H", "RRULE:"+rule)
		if err := os.WriteFile(path, []byte(calendar), 0o600); err != nil {
			r.Fatal(err)
		}
		s, err := source.NewICal(source.ICalConfig{Path: path, Zone: time.UTC})
		if err != nil {
			r.Fatal(err)
		}
		began := time.Now()
		snapshot, err := s.Fetch(t.Context())
		sound(t, snapshot, err)
		if strings.Contains(strings.Join(snapshot.Oddities, ""), "its rule cannot be followed") && valid(rule) {
			r.Errorf("%s from %s%s trips the library", rule, start, zone)
		}
		if took := time.Since(began); took > 10*time.Second {
			r.Errorf("%s from %s%s took %s", rule, start, zone, took)
		}
	})
}

// valid says whether a rule keeps the bounds of the standard, as far as the
// library looks at them.
func valid(rule string) bool {
	option, err := rrule.StrToROption(rule)
	if err != nil {
		return false
	}
	_, err = rrule.NewRRule(*option)
	return err == nil
}
