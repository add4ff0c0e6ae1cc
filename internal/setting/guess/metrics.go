package guess

import "github.com/prometheus/client_golang/prometheus"

// Metrics count wrong secrets for Prometheus.
type Metrics struct{ wrong *prometheus.CounterVec }

// NewMetrics returns Metrics that have counted nothing. The series begin at
// zero: alarms go by rates, and a series that begins at one has none.
func NewMetrics() Metrics {
	m := Metrics{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchhook_wrong_secrets_total", Help: "Wrong secrets that were compared, by place.",
	}, []string{"place"})}
	for _, place := range Places() {
		m.wrong.WithLabelValues(string(place))
	}
	return m
}

// Wrong counts secrets that were compared and wrong. It is Config.Wrong.
func (m Metrics) Wrong(place Place, secrets int) {
	m.wrong.WithLabelValues(string(place)).Add(float64(secrets))
}

// Collectors returns what Prometheus reads, the networks that wait at a Watch
// among it.
func (m Metrics) Collectors(w *Watch) []prometheus.Collector {
	return []prometheus.Collector{m.wrong, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchhook_wrong_secrets_waiting", Help: "Networks that wait because wrong secrets came from them.",
	}, func() float64 { return float64(w.Waiting()) })}
}
