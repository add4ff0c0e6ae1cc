package alert

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/part"
)

// Metrics count alerts for Prometheus.
type Metrics struct{ *prometheus.CounterVec }

// NewMetrics returns Metrics with every kind at zero: alarms go by rates, and a
// series that begins at one has none.
func NewMetrics() Metrics {
	m := Metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchhook_alerts_total", Help: "Alerts, by kind and by whether they were sent or given up.",
	}, []string{"kind", "result"})}
	for _, kind := range Kinds() {
		m.WithLabelValues(string(kind), string(part.OK))
		m.WithLabelValues(string(kind), string(part.Failed))
	}
	return m
}

// Ended counts an alert that was sent or given up. It is Config.Count.
func (m Metrics) Ended(kind Kind, arrived bool) {
	if !slices.Contains(Kinds(), kind) {
		kind = part.Other
	}
	m.WithLabelValues(string(kind), string(part.ResultOf(arrived))).Inc()
}
