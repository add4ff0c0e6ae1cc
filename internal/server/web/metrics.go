package web

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics count requests for Prometheus.
type Metrics struct{ *prometheus.HistogramVec }

// NewMetrics returns Metrics that have counted nothing.
func NewMetrics() Metrics {
	return Metrics{prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "switchhook_request_seconds", Help: "Requests by route and class of status, and how long they took.",
		Buckets: []float64{.001, .005, .02, .1, .5, 1, 2, 4, 8, 30},
	}, []string{"route", "status"})}
}

// Request counts a request. It is Config.Observe.
func (m Metrics) Request(route string, status int, took time.Duration) {
	m.WithLabelValues(route, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}
