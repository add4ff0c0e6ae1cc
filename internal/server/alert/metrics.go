package alert

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/part"
)

// Metrics count alerts for Prometheus.
type Metrics struct{ *prometheus.CounterVec }

// wayNames are the names of all ways.
var wayNames = []string{"webhook", "email", "ntfy"}

// NewMetrics returns Metrics with every kind at zero: alarms go by rates, and a
// series that begins at one has none.
func NewMetrics() Metrics {
	m := Metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchhook_alerts_total", Help: "Alerts, by kind, by how they went, and by whether they were sent or given up.",
	}, []string{"kind", "way", "result"})}
	for _, kind := range Kinds() {
		for _, way := range wayNames {
			m.WithLabelValues(string(kind), way, string(part.OK))
			m.WithLabelValues(string(kind), way, string(part.Failed))
		}
	}
	return m
}

// Ended counts an alert that was sent or given up. It is Config.Count.
func (m Metrics) Ended(kind Kind, way string, arrived bool) {
	if !slices.Contains(Kinds(), kind) {
		kind = part.Other
	}
	m.WithLabelValues(string(kind), way, string(part.ResultOf(arrived))).Inc()
}
