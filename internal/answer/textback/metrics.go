package textback

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/optout"
	"github.com/switchhook/switchhook/internal/part"
)

// Metrics count calls and texts for Prometheus.
type Metrics struct {
	Answers       *part.Counter[Reason]
	Inbound       *part.Counter[optout.Word]
	Subscriptions *part.Counter[part.Result] // checks of them, by whether they are in place
	attempts      *part.Counter[ledger.Why]
}

// sent counts an attempt that succeeded. It stands in the place of a why.
const sent = ledger.Why(ledger.Sent)

// NewMetrics returns Metrics that have counted nothing.
func NewMetrics() *Metrics {
	return &Metrics{
		Answers: part.NewCounter[Reason]("switchhook_textback_total", "Calls that text-back answered, by what became of them.", "outcome"),
		Inbound: part.NewCounter("switchhook_inbound_texts_total", "Texts that people sent, by the word they are understood as.", "word",
			optout.Stop, optout.Start, optout.Help, part.Other),
		Subscriptions: part.NewCounter("switchhook_subscription_checks_total",
			"Times that the subscription to a domain's texts was looked after, by whether it holds.", "result", part.OK, part.Failed),
		attempts: part.NewCounter("switchhook_text_attempts_total", "Attempts at texts, by what they came to.", "result",
			sent, ledger.Refused, ledger.Failed, ledger.Uncertain, ledger.Late, ledger.Suppressed),
	}
}

// Collectors returns what Prometheus reads.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.Answers, m.Inbound, m.Subscriptions, m.attempts}
}

// Attempted counts an attempt at a text, unless it was postponed for a reason of
// our own, such as quiet hours.
func (m *Metrics) Attempted(r ledger.Result) {
	switch {
	case r.State == ledger.Sent:
		m.attempts.Count(sent)
	case r.Why != "":
		m.attempts.Count(r.Why)
	}
}
