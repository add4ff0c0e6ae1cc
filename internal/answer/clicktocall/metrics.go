package clicktocall

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/part"
)

// Metrics count calls for Prometheus.
type Metrics struct {
	Requests  *part.Counter[Code]
	scheduled *part.Counter[State]
}

// givenUp counts a scheduled call that is not placed. A state it is not: it says
// Failed.
const givenUp State = "given_up"

// NewMetrics returns Metrics that have counted nothing.
func NewMetrics() *Metrics {
	return &Metrics{
		Requests: part.NewCounter[Code]("switchhook_clicktocall_total", "Requests of visitors to be called, by what they were answered.", "code"),
		scheduled: part.NewCounter("switchhook_scheduled_calls_total", "Calls that visitors scheduled, by what they came to.", "result",
			Placed, Uncertain, givenUp),
	}
}

// Collectors returns what Prometheus reads.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.Requests, m.scheduled}
}

// ScheduledEnded counts how a scheduled call ended.
func (m *Metrics) ScheduledEnded(r Result) {
	if r.State == Failed {
		r.State = givenUp
	}
	m.scheduled.Count(r.State)
}
