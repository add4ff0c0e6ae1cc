package web

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// onCallMetrics count whom phone systems were told to call, and the state of
// the on-call sources.
type onCallMetrics struct {
	decisions *prometheus.CounterVec
	fetches   *prometheus.CounterVec
	age       *prometheus.GaugeVec
}

func newOnCallMetrics() onCallMetrics {
	return onCallMetrics{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchhook_oncall_decisions_total", Help: "Calls that asked who is on call, by why they got what they got, and whether that was the fallback.",
		}, []string{"reason", "fallback"}),
		fetches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchhook_oncall_fetches_total", Help: "Questions to sources of on-call people, by source as the settings name it, and by what came of them.",
		}, []string{"source", "result"}),
		age: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "switchhook_oncall_answer_age_seconds", Help: "How old the answer of a source was when it was last asked for a new one.",
		}, []string{"source"}),
	}
}

func (m onCallMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.decisions, m.fetches, m.age}
}

// OnCall counts a decision. Its reason is of a closed set.
func (m *Metrics) OnCall(reason string, fallback bool) {
	yes := "no"
	if fallback {
		yes = "yes"
	}
	m.onCall.decisions.WithLabelValues(reason, yes).Inc()
}

// Source counts a query of an on-call source: failure is from a closed set,
// empty if it answered. Age is that of its last answer, if it was ever heard.
func (m *Metrics) Source(name, failure string, age time.Duration, heard bool) {
	if failure == "" {
		failure = okOrFailed(true)
	}
	m.onCall.fetches.WithLabelValues(name, failure).Inc()
	if heard {
		m.onCall.age.WithLabelValues(name).Set(age.Seconds())
	}
}
