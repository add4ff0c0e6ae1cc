package alert_test

import (
	"slices"
	"testing"

	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/test/scrape"
)

func TestAlertsAreCounted(t *testing.T) {
	m := alert.NewMetrics()
	m.Ended(alert.TextDead, "webhook", true)
	m.Ended(alert.TextDead, "email", false)
	m.Ended("colour", "ntfy", true)
	got := scrape.Lines(t, m)
	if len(got) != 6*len(alert.Kinds())+1 {
		t.Errorf("%d series: %q", len(got), got)
	}
	for _, want := range []string{
		`switchhook_alerts_total{kind="text_dead",result="ok",way="webhook"} 1`, `switchhook_alerts_total{kind="text_dead",result="failed",way="email"} 1`,
		`switchhook_alerts_total{kind="database_trouble",result="ok",way="ntfy"} 0`, `switchhook_alerts_total{kind="other",result="ok",way="ntfy"} 1`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("there is no %s in %q", want, got)
		}
	}
}
