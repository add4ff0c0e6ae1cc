package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/optout"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/setting/guess"
)

// Metrics counts what the server does, and shows current levels. Labels are
// closed sets: any other value counts as other.
type Metrics struct {
	registry      *prometheus.Registry
	requests      *prometheus.HistogramVec
	texts         *prometheus.CounterVec
	steps         *prometheus.CounterVec
	entries       prometheus.Counter
	attempts      *prometheus.CounterVec
	inbound       *prometheus.CounterVec
	subscriptions *prometheus.CounterVec
	database      prometheus.Counter
	alerts        *prometheus.CounterVec
	levels        *levels
	onCall        onCallMetrics
	callBacks     *prometheus.CounterVec
	scheduled     *prometheus.CounterVec
	wrongSecrets  *prometheus.CounterVec
}

// NewMetrics returns counters at zero.
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
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchhook_text_attempts_total", Help: "Attempts at texts, by what they came to.",
		}, []string{"result"}),
		inbound: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchhook_inbound_texts_total", Help: "Texts that people sent, by the word they are understood as.",
		}, []string{"word"}),
		subscriptions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchhook_subscription_checks_total", Help: "Times that the subscription to a domain's texts was looked after, by whether it holds.",
		}, []string{"result"}),
		database: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "switchhook_database_errors_total", Help: "Times that the database failed.",
		}),
		alerts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "switchhook_alerts_total", Help: "Alerts, by kind and by whether they were sent or given up.",
		}, []string{"kind", "result"}),
	}
	m.levels = newLevels(m.database.Inc)
	m.onCall = newOnCallMetrics()
	m.callBacks = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchhook_clicktocall_total", Help: "Requests of visitors to be called, by what they were answered.",
	}, []string{"code"})
	m.scheduled = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchhook_scheduled_calls_total", Help: "Calls that visitors scheduled, by what they came to.",
	}, []string{"result"})
	m.wrongSecrets = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "switchhook_wrong_secrets_total", Help: "Wrong secrets that were compared, by place.",
	}, []string{"place"})
	m.beginAtZero()
	m.registry.MustRegister(m.onCall.collectors()...)
	m.registry.MustRegister(m.callBacks, m.scheduled, m.wrongSecrets)
	m.registry.MustRegister(m.requests, m.texts, m.steps, m.entries, m.attempts, m.inbound, m.subscriptions, m.database, m.alerts, m.levels,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// other is the label for values outside a closed set.
const other = "other"

// GivenUp is the result of a scheduled call that is not placed.
const GivenUp = "given_up"

// The closed sets.
var (
	scheduledResults = []string{"placed", "uncertain", GivenUp}
	attemptResults   = []string{
		string(ledger.Sent), string(ledger.Refused), string(ledger.Failed), string(ledger.Uncertain), string(ledger.Late), string(ledger.Suppressed),
	}
	inboundWords = []string{string(optout.Stop), string(optout.Start), string(optout.Help), other}
)

// beginAtZero creates the series that alarms may use before anything is
// counted: a series that begins at one has no rate.
func (m *Metrics) beginAtZero() {
	for _, result := range attemptResults {
		m.attempts.WithLabelValues(result)
	}
	for _, result := range scheduledResults {
		m.scheduled.WithLabelValues(result)
	}
	for _, place := range guess.Places() {
		m.wrongSecrets.WithLabelValues(string(place))
	}
	for _, word := range inboundWords {
		m.inbound.WithLabelValues(word)
	}
	for _, holds := range []bool{true, false} {
		m.subscriptions.WithLabelValues(okOrFailed(holds))
		for _, kind := range alert.Kinds() {
			m.alerts.WithLabelValues(string(kind), okOrFailed(holds))
		}
	}
}

func okOrFailed(ok bool) string {
	if ok {
		return "ok"
	}
	return "failed"
}

// among returns a value of a closed set, or other.
func among(set []string, value string) string {
	if slices.Contains(set, value) {
		return value
	}
	return other
}

// Request counts a request. It is Config.Observe.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// Text counts an answer of text-back.
func (m *Metrics) Text(outcome string) { m.texts.WithLabelValues(outcome).Inc() }

// Step counts a step of provisioning.
func (m *Metrics) Step(step, result string) { m.steps.WithLabelValues(step, result).Inc() }

// CallBack counts a visitor's request to be called. The code is of a closed set.
func (m *Metrics) CallBack(code string) { m.callBacks.WithLabelValues(code).Inc() }

// ScheduledCall counts the result of a call that a visitor scheduled.
func (m *Metrics) ScheduledCall(result string) {
	m.scheduled.WithLabelValues(among(scheduledResults, result)).Inc()
}

// WrongSecrets counts secrets that were compared and wrong. It is
// guess.Config.Wrong.
func (m *Metrics) WrongSecrets(place guess.Place, secrets int) {
	m.wrongSecrets.WithLabelValues(string(place)).Add(float64(secrets))
}

// ReadWaiting sets the function that returns how many networks wait because of
// wrong secrets.
func (m *Metrics) ReadWaiting(read func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "switchhook_wrong_secrets_waiting", Help: "Networks that wait because wrong secrets came from them.",
	}, func() float64 { return float64(read()) }))
}

// EntriesProblem counts an entries file that cannot be used.
func (m *Metrics) EntriesProblem() { m.entries.Inc() }

// Attempt counts an attempt at a text, unless it was postponed for a reason of
// our own, such as quiet hours.
func (m *Metrics) Attempt(r ledger.Result) {
	result := string(r.Why)
	if r.State == ledger.Sent {
		result = string(ledger.Sent)
	}
	if result != "" {
		m.attempts.WithLabelValues(among(attemptResults, result)).Inc()
	}
}

// Inbound counts an incoming text.
func (m *Metrics) Inbound(word optout.Word) {
	m.inbound.WithLabelValues(among(inboundWords, string(word))).Inc()
}

// Subscription counts a check of the subscription to a domain's texts, by
// whether it is in place.
func (m *Metrics) Subscription(holds bool) {
	m.subscriptions.WithLabelValues(okOrFailed(holds)).Inc()
}

// DatabaseError counts a failure of the database.
func (m *Metrics) DatabaseError() { m.database.Inc() }

// Alert counts an alert that was sent or given up. It is alert.Config.Count.
func (m *Metrics) Alert(kind alert.Kind, arrived bool) {
	name := other
	if slices.Contains(alert.Kinds(), kind) {
		name = string(kind)
	}
	m.alerts.WithLabelValues(name, okOrFailed(arrived)).Inc()
}

// ReadLevels sets the function that reads the levels at each scrape. Before
// that there are none.
func (m *Metrics) ReadLevels(read func(context.Context) (Levels, error)) { m.levels.read.Store(&read) }

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
