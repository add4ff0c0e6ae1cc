package dialplan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestRulesHoldWithinTheirTimes(t *testing.T) {
	const (
		wednesdayNoon   = "2026-03-04 12:00"
		sundayNight     = "2026-03-01 23:59"
		saturdayMorning = "2026-03-07 05:30"
	)
	for _, c := range []struct {
		days, startDate, endDate, startTime, endTime string
		at                                           string
		want                                         bool
	}{
		{"*", "*", "*", "*", "*", wednesdayNoon, true},
		{"", "", "", "", "", wednesdayNoon, true},
		{"*", "0000-00-00", "0000-00-00", "00:00", "23:99", sundayNight, true},
		{"[0-6]", "*", "*", "00:00", "23:59", sundayNight, true},
		{"[1-5]", "*", "*", "*", "*", wednesdayNoon, true},
		{"[1-5]", "*", "*", "*", "*", sundayNight, false},
		{"0", "*", "*", "*", "*", sundayNight, true},
		{"[06]", "*", "*", "*", "*", saturdayMorning, true},
		{"[06]", "*", "*", "*", "*", wednesdayNoon, false},
		{"?", "*", "*", "*", "*", wednesdayNoon, true},
		{"*", "2026-03-04", "2026-03-04", "*", "*", wednesdayNoon, true},
		{"*", "2026-03-05", "*", "*", "*", wednesdayNoon, false},
		{"*", "*", "2026-03-03", "*", "*", wednesdayNoon, false},
		{"*", "2025-12-31", "2026-12-31", "*", "*", wednesdayNoon, true},
		{"*", "2025-12-31", "0000-00-00", "*", "*", wednesdayNoon, true},
		{"*", "*", "*", "12:00", "12:00", wednesdayNoon, true},
		{"*", "*", "*", "12:01", "13:00", wednesdayNoon, false},
		{"*", "*", "*", "9:00", "17:30", wednesdayNoon, true},
		{"*", "*", "*", "17:00", "23:99", wednesdayNoon, false},
		{"*", "*", "*", "17:00", "23:99", sundayNight, true},
		{"*", "*", "*", "*", "11:59", wednesdayNoon, false},
		{"*", "*", "*", "22:00", "06:00", sundayNight, true},
		{"*", "*", "*", "22:00", "06:00", saturdayMorning, true},
		{"*", "*", "*", "22:00", "06:00", wednesdayNoon, false},
		{"[1-5]", "2026-03-01", "2026-03-31", "09:00", "17:00", wednesdayNoon, true},
	} {
		v, err := dialplan.ParseValidity(c.days, c.startDate, c.endDate, c.startTime, c.endTime)
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		at, err := time.Parse("2006-01-02 15:04", c.at)
		if err != nil {
			t.Fatal(err)
		}
		s := textBack(t)
		rule := s.web("webresponder8001", "https://in.example/")
		rule.Valid = v
		s.plan(domain, domain, rule)
		got := dialplan.Route(s, dialplan.Query{To: "2125550100", At: at}).Kind == dialplan.ToWeb
		if got != c.want {
			t.Errorf("%s at %s: holds %v, want %v", v, c.at, got, c.want)
		}
	}
}

func TestValiditiesAreSaidInWords(t *testing.T) {
	for want, fields := range map[string][5]string{
		"always":                              {"*", "*", "*", "*", "*"},
		"Mon Tue Wed Thu Fri, 09:00 to 17:30": {"[1-5]", "", "", "09:00", "17:30"},
		"2026-12-25 to 2026-12-26":            {"*", "2026-12-25", "2026-12-26", "00:00", "23:59"},
		"from 2026-01-01, until 12:00":        {"*", "2026-01-01", "*", "*", "12:00"},
		"until 2026-01-01, from 18:00":        {"*", "*", "2026-01-01", "18:00", "*"},
	} {
		v, err := dialplan.ParseValidity(fields[0], fields[1], fields[2], fields[3], fields[4])
		if err != nil || v.String() != want {
			t.Errorf("%v: %q, %v, want %q", fields, v, err, want)
		}
	}
}

func TestBadTimesAreRefusedWithASentence(t *testing.T) {
	for _, c := range []struct {
		fields [5]string
		want   string
	}{
		{[5]string{"7"}, "not a day of the week"},
		{[5]string{"Mon"}, "not a day"},
		{[5]string{"1,2"}, "not a day"},
		{[5]string{"[6-1]"}, "not a day"},
		{[5]string{"1*"}, "not a day"},
		{[5]string{"*", "31.12.2026"}, "not a date"},
		{[5]string{"*", "*", "2026-02-30"}, "not a date"},
		{[5]string{"*", "2026-03-02", "2026-03-01"}, "cannot end"},
		{[5]string{"*", "*", "*", "24:00"}, "not a time"},
		{[5]string{"*", "*", "*", "12:60"}, "not a time"},
		{[5]string{"*", "*", "*", "*", "noon"}, "not a time"},
		{[5]string{"*", "*", "*", "*", "-1:00"}, "not a time"},
	} {
		_, err := dialplan.ParseValidity(c.fields[0], c.fields[1], c.fields[2], c.fields[3], c.fields[4])
		if err == nil || !strings.Contains(err.Error(), c.want) || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%v: %v, want an error with %q", c.fields, err, c.want)
		}
	}
}

func FuzzValidity(f *testing.F) {
	f.Add("[1-5]", "2026-01-01", "2026-12-31", "09:00", "17:00", int64(0))
	f.Add("*", "0000-00-00", "0000-00-00", "00:00", "23:99", int64(1772625600))
	f.Add("?", "*", "*", "22:00", "6:00", int64(-1))
	f.Fuzz(func(t *testing.T, days, startDate, endDate, startTime, endTime string, unix int64) {
		v, err := dialplan.ParseValidity(days, startDate, endDate, startTime, endTime)
		if err != nil {
			return
		}
		_ = v.String()
		s := textBack(t)
		rule := s.web("webresponder8001", "https://in.example/")
		rule.Valid = v
		s.plan(domain, domain, rule)
		dialplan.Route(s, dialplan.Query{To: "2125550100", At: time.Unix(unix, 0)})
	})
}
