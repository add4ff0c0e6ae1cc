package oncall

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/part"
)

// Metrics count decisions for Prometheus, and say how the sources do.
type Metrics struct {
	decisions *prometheus.CounterVec
	fetches   *prometheus.CounterVec
	age       *prometheus.GaugeVec
}

// NewMetrics returns Metrics that have counted nothing.
func NewMetrics() *Metrics {
	return &Metrics{
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

// Collectors returns what Prometheus reads.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.decisions, m.fetches, m.age}
}

// Decided counts a decision.
func (m *Metrics) Decided(d Decision) {
	fallback := "no"
	if d.Fallback {
		fallback = "yes"
	}
	m.decisions.WithLabelValues(string(d.Reason), fallback).Inc()
}

// Fetched counts a query of a source.
func (m *Metrics) Fetched(s SourceState, now time.Time) {
	result := string(part.OK)
	if s.Failure != "" {
		result = string(s.Failure)
	}
	m.fetches.WithLabelValues(s.Source, result).Inc()
	if age, heard := s.Age(now); heard {
		m.age.WithLabelValues(s.Source).Set(age.Seconds())
	}
}
