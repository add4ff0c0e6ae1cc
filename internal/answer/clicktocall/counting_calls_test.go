package clicktocall_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/test/scrape"
)

func TestWhatBecomesOfCallsIsCounted(t *testing.T) {
	m := clicktocall.NewMetrics()
	m.Requests.Count(clicktocall.Limited)
	for _, state := range []clicktocall.State{clicktocall.Placed, clicktocall.Failed, clicktocall.Failed, clicktocall.Over} {
		m.ScheduledEnded(clicktocall.Result{State: state})
	}
	want := []string{
		`switchhook_clicktocall_total{code="` + string(clicktocall.Limited) + `"} 1`,
		`switchhook_scheduled_calls_total{result="given_up"} 2`,
		`switchhook_scheduled_calls_total{result="other"} 1`,
		`switchhook_scheduled_calls_total{result="placed"} 1`,
		`switchhook_scheduled_calls_total{result="uncertain"} 0`,
	}
	if diff := cmp.Diff(want, scrape.Lines(t, m.Collectors()...)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}
