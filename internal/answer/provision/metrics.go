package provision

import "github.com/prometheus/client_golang/prometheus"

// Metrics count steps for Prometheus.
type Metrics struct{ *prometheus.CounterVec }

// NewMetrics returns Metrics that have counted nothing.
func NewMetrics() Metrics {
	return Metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchhook_provision_steps_total", Help: "Steps of provisioning, by what became of them.",
	}, []string{"step", "result"})}
}

// Step counts a step. It is Provisioner.Count.
func (m Metrics) Step(step, result string) { m.WithLabelValues(step, result).Inc() }
