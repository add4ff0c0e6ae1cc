package alert_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/server/alert"
)

func TestAPhoneSystemIsDownWhenItStaysDown(t *testing.T) {
	type attempt struct {
		at       time.Duration
		answered bool
		want     alert.Change
	}
	const m = time.Minute
	for _, c := range []struct {
		name     string
		attempts []attempt
	}{
		{"up", []attempt{{0, true, 0}, {m, true, 0}}},
		{"three failures in two minutes", []attempt{{0, false, 0}, {m, false, 0}, {2 * m, false, alert.Down}}},
		{"many failures in less", []attempt{{0, false, 0}, {1, false, 0}, {2, false, 0}, {2*m - 1, false, 0}, {2 * m, false, alert.Down}}},
		{"two failures in a day", []attempt{{0, false, 0}, {24 * 60 * m, false, 0}}},
		{"failures that are not in a row", []attempt{{0, false, 0}, {m, false, 0}, {m + 1, true, 0}, {2 * m, false, 0}, {3 * m, false, 0}, {4 * m, false, alert.Down}}},
		{"still down", []attempt{{0, false, 0}, {m, false, 0}, {2 * m, false, alert.Down}, {2*m + 1, false, alert.Down}}},
		{"up again", []attempt{{0, false, 0}, {m, false, 0}, {2 * m, false, alert.Down}, {3 * m, true, alert.Up}, {4 * m, true, 0}, {5 * m, false, 0}}},
		{"attempts that are told out of order", []attempt{{m, false, 0}, {0, false, 0}, {2 * m, false, alert.Down}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
			var w alert.Watch
			for i, a := range c.attempts {
				var got alert.Change
				if w, got = w.Attempt(a.answered, begin.Add(a.at)); got != a.want {
					t.Errorf("attempt %d: %d, want %d", i+1, got, a.want)
				}
				if a.answered != w.Since().IsZero() {
					t.Errorf("attempt %d: failing since %s", i+1, w.Since())
				}
			}
		})
	}
}

func TestAPhoneSystemThatStaysDownIsToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it begins at midnight UTC
		d := open(t, 15*time.Minute)
		p := alert.NewPhoneSystem(d.Sender, "ucportal.example.net")
		for range 5 {
			p.Attempt(t.Context(), false)
			elapse(time.Minute)
		}
		p.Attempt(t.Context(), true)
		elapse(time.Hour)
		const down = "The phone system ucportal.example.net has not answered since 00:00 UTC: callers get no texts. switchhook doctor says what is the matter."
		if diff := cmp.Diff([]string{"2m0s " + down, "5m0s Resolved: " + down}, d.texts()); diff != "" {
			t.Errorf("posted (-want +got):\n%s", diff)
		}
	})
}
