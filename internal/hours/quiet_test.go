package hours_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/hours"
)

// unix keeps moments within the years that calendars have.
func unix(second int64) time.Time { return time.Unix(second%(1<<38), 0).UTC() }

func quiet(t testing.TB, text, in string) *hours.Quiet {
	t.Helper()
	q, err := hours.ParseQuiet(text)
	if err != nil {
		t.Fatal(err)
	}
	return q.In(zone(t, in))
}

func TestQuietHoursEnd(t *testing.T) {
	for _, c := range []struct{ name, text, at, end string }{ // without an end it is not quiet
		{"the evening", "21:00-08:00", "2026-01-05T21:00:00-05:00", "2026-01-06T08:00:00-05:00"},
		{"the night", "21:00-08:00", "2026-01-06T03:00:00-05:00", "2026-01-06T08:00:00-05:00"},
		{"the last second", "21:00-08:00", "2026-01-06T07:59:59-05:00", "2026-01-06T08:00:00-05:00"},
		{"the morning", "21:00-08:00", "2026-01-06T08:00:00-05:00", ""},
		{"just before", "21:00-08:00", "2026-01-06T20:59:59-05:00", ""},
		{"noon", "12:00-13:00", "2026-01-06T12:30:00-05:00", "2026-01-06T13:00:00-05:00"},
		{"past noon", "12:00-13:00", "2026-01-06T13:00:00-05:00", ""},
		{"from midnight", "00:00-08:00", "2026-01-06T00:00:00-05:00", "2026-01-06T08:00:00-05:00"},
		{"before midnight", "00:00-08:00", "2026-01-05T23:59:59-05:00", ""},
		{"to midnight", "21:00-24:00", "2026-01-05T23:59:59-05:00", "2026-01-06T00:00:00-05:00"},
		{"past midnight", "21:00-24:00", "2026-01-06T00:00:00-05:00", ""},
		{"the short night", "21:00-02:30", "2026-03-08T01:59:00-05:00", "2026-03-08T03:30:00-04:00"},
		{"the long night", "21:00-08:00", "2026-11-01T01:30:00-04:00", "2026-11-01T08:00:00-05:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := quiet(t, c.text, "America/New_York")
			now := at(t, c.at)
			if got, want := q.Contains(now), c.end != ""; got != want {
				t.Errorf("it is quiet: %v", got)
			}
			want := now
			if c.end != "" {
				want = at(t, c.end)
			}
			if end := q.End(now); !end.Equal(want) {
				t.Errorf("it ends at %v, want %v", end, want)
			}
			if q.String() != c.text {
				t.Errorf("it is written %s", q)
			}
		})
	}
}

func TestNoQuietHoursAreNever(t *testing.T) {
	q := quiet(t, "", "America/New_York")
	now := at(t, "2026-01-05T03:00:00-05:00")
	if q != nil || q.Contains(now) || !q.End(now).Equal(now) || q.String() != "" {
		t.Errorf("they are %v", q)
	}
}

func TestQuietHoursAreOfAPlace(t *testing.T) {
	q, err := hours.ParseQuiet("21:00-08:00")
	if err != nil {
		t.Fatal(err)
	}
	now := at(t, "2026-01-06T12:00:00Z") // 7:00 in New York, 4:00 in Los Angeles
	for in, want := range map[string]string{"America/New_York": "2026-01-06T13:00:00Z", "America/Los_Angeles": "2026-01-06T16:00:00Z", "Europe/Berlin": "2026-01-06T12:00:00Z"} {
		if end := q.In(zone(t, in)).End(now); !end.Equal(at(t, want)) {
			t.Errorf("in %s they end at %v, want %s", in, end, want)
		}
	}
}

func TestWhatAreNoQuietHoursIsTold(t *testing.T) {
	for text, want := range map[string]string{
		"night":       `"night" is not a span such as 09:00-17:00`,
		"21:00-21:00": `"21:00-21:00" begins and ends at the same time; the whole day is 00:00-24:00`,
		"00:00-24:00": "a day that is quiet from its beginning to its end never ends",
	} {
		if _, err := hours.ParseQuiet(text); err == nil || err.Error() != want {
			t.Errorf("%q: the error is\n%v, want\n%s", text, err, want)
		}
	}
}

// FuzzQuiet reads any text: what is quiet ends within a day and some.
func FuzzQuiet(f *testing.F) {
	for _, seed := range []string{"21:00-08:00", "", "00:00-24:00", "23:59-00:00", "12:00-12:01"} {
		f.Add(seed, int64(1_800_000_000))
	}
	newYork := zone(f, "America/New_York")
	f.Fuzz(func(t *testing.T, text string, second int64) {
		q, err := hours.ParseQuiet(text)
		if err != nil {
			return
		}
		q = q.In(newYork)
		now := unix(second)
		end := q.End(now)
		if q.Contains(end) || q.Contains(now) == end.Equal(now) || end.Sub(now) > 26*time.Hour {
			t.Errorf("%s: from %v it ends at %v", text, now, end)
		}
	})
}
