package textback_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/optout"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/test/scrape"
)

func TestWhatBecomesOfTextsIsCounted(t *testing.T) {
	m := textback.NewMetrics()
	m.Answers.Count("sent")
	for _, r := range []ledger.Result{
		{State: ledger.Sent}, {State: ledger.Sent, Why: ledger.Uncertain}, {State: ledger.Dead, Why: ledger.Refused},
		{State: ledger.Queued, Why: ledger.Failed}, {State: ledger.Queued}, {State: ledger.Dead, Why: "+12125550100"},
	} {
		m.Attempted(r)
	}
	for _, word := range []optout.Word{optout.Stop, optout.None, "+12125550100"} {
		m.Inbound.Count(word)
	}
	m.Subscriptions.Count(part.OK)
	m.Subscriptions.Count(part.Failed)
	want := []string{
		`switchhook_inbound_texts_total{word="help"} 0`,
		`switchhook_inbound_texts_total{word="other"} 2`,
		`switchhook_inbound_texts_total{word="start"} 0`,
		`switchhook_inbound_texts_total{word="stop"} 1`,
		`switchhook_subscription_checks_total{result="failed"} 1`,
		`switchhook_subscription_checks_total{result="ok"} 1`,
		`switchhook_text_attempts_total{result="failed"} 1`,
		`switchhook_text_attempts_total{result="late"} 0`,
		`switchhook_text_attempts_total{result="other"} 1`,
		`switchhook_text_attempts_total{result="refused"} 1`,
		`switchhook_text_attempts_total{result="sent"} 2`,
		`switchhook_text_attempts_total{result="suppressed"} 0`,
		`switchhook_text_attempts_total{result="uncertain"} 0`,
		`switchhook_textback_total{outcome="sent"} 1`,
	}
	if diff := cmp.Diff(want, scrape.Lines(t, m.Collectors()...)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}
