package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics counts what the server does. Labels are closed sets.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	texts    *prometheus.CounterVec
	steps    *prometheus.CounterVec
	entries  prometheus.Counter
}

// NewMetrics returns counters that stand at zero.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "switchhook_request_seconds", Help: "Requests by route and class of status, and how long they took.",
			Buckets: []float64{.001, .005, .02, .1, .5, 1, 2, 4, 8, 30},
		}, []string{"route", "status"}),
		texts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchhook_textback_total", Help: "Calls that text-back answered, by what became of them.",
		}, []string{"outcome"}),
		steps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchhook_provision_steps_total", Help: "Steps of provisioning, by what became of them.",
		}, []string{"step", "result"}),
		entries: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchhook_entries_problems_total", Help: "Times that the file of entries was found broken or gone.",
		}),
	}
	m.registry.MustRegister(m.requests, m.texts, m.steps, m.entries, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Request counts a request. It is Config.Observe.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// Text counts an answer of text-back.
func (m *Metrics) Text(outcome string) { m.texts.WithLabelValues(outcome).Inc() }

// Step counts a step of provisioning.
func (m *Metrics) Step(step, result string) { m.steps.WithLabelValues(step, result).Inc() }

// EntriesProblem counts a file of entries that cannot be used.
func (m *Metrics) EntriesProblem() { m.entries.Inc() }

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
