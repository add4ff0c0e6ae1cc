package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/store"
)

// levelsTimeout is how long the database may take to return the levels.
// Prometheus waits ten seconds by default.
const levelsTimeout = 5 * time.Second

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

// register registers the metrics of the server and of its features.
func (a *Server) register(more ...prometheus.Collector) {
	a.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		a.requests, a.entriesProblems, a.databaseErrors, a.activityDropped,
		levelsCollector{read: func(ctx context.Context) (levels, error) { return readLevels(ctx, a.store) }, failed: a.databaseErrors.Inc},
	)
	a.registry.MustRegister(more...)
	for _, f := range a.features {
		a.registry.MustRegister(f.metrics...)
	}
}

// The metrics of the database's current numbers.
var (
	textsLevel        = level("switchhook_texts", "Texts that are kept, by state.", "state")
	deadLevel         = level("switchhook_texts_dead", "Texts that do not go on by themselves, by why.", "why")
	suppressionsLevel = level("switchhook_suppressions", "Numbers on the suppression list, by what they are not reached by.", "channel")
	entriesLevel      = level("switchhook_provisioned_entries", "Entries, by how the phone system stands.", "state")
	jobsLevel         = level("switchhook_jobs", "Jobs of the queue, by state.", "state")
	overdueLevel      = level("switchhook_oldest_due_text_seconds", "How long the queued text is due that waits longest; 0 where none is due.")
	freeLevel         = level("switchhook_disk_free_bytes", "Bytes that may still be written to the disk that the database is on.")
)

func level(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// levels are the database's current numbers.
type levels struct {
	texts    map[ledger.State]int
	due      time.Time // when the longest waiting queued text was due; zero: none is queued
	standing store.Standing
	entries  map[provision.Condition]int
	free     *uint64 // left on the database's disk, in bytes; nil: unknown
}

// readLevels reads them.
func readLevels(ctx context.Context, s *store.Store) (l levels, err error) {
	if l.texts, l.due, err = s.Counts(ctx); err != nil {
		return l, err
	}
	if l.standing, err = s.Standing(ctx); err != nil {
		return l, err
	}
	records, err := s.Provisioned().All(ctx)
	if err != nil {
		return l, err
	}
	l.entries = make(map[provision.Condition]int)
	for _, r := range records {
		l.entries[r.Condition()]++
	}
	if free, known := s.Free(); known {
		l.free = &free
	}
	return l, nil
}

// levelsCollector is the prometheus.Collector of levels, which it reads at each
// scrape.
type levelsCollector struct {
	read   func(context.Context) (levels, error)
	failed func() // called if they cannot be read
}

// Describe implements prometheus.Collector.
func (levelsCollector) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{textsLevel, deadLevel, suppressionsLevel, entriesLevel, jobsLevel, overdueLevel, freeLevel} {
		to <- desc
	}
}

// Collect implements prometheus.Collector. If the levels cannot be read, it
// sends none and counts the failure: old values would look as if all were well.
func (c levelsCollector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), levelsTimeout)
	defer cancel()
	l, err := c.read(ctx)
	if err != nil {
		c.failed()
		return
	}
	sendLevels(to, textsLevel, l.texts, ledger.Sending, ledger.Queued, ledger.Sent, ledger.Dead)
	sendLevels(to, deadLevel, l.standing.Dead, ledger.Refused, ledger.Failed, ledger.Uncertain, ledger.Late, ledger.Suppressed)
	sendLevels(to, suppressionsLevel, l.standing.Suppressions, ledger.Texts, ledger.Calls, ledger.AnyWay)
	sendLevels(to, entriesLevel, l.entries, provision.Unknown, provision.InOrder, provision.Failing, provision.Disputed, provision.Away)
	sendLevels(to, jobsLevel, map[string]int{"waiting": l.standing.Waiting, "running": l.standing.Running}, "waiting", "running")
	if l.free != nil {
		sendLevel(to, freeLevel, float64(*l.free))
	}
	age := 0.0
	if !l.due.IsZero() {
		age = max(0, time.Since(l.due).Seconds())
	}
	sendLevel(to, overdueLevel, age)
}

func sendLevel(to chan<- prometheus.Metric, desc *prometheus.Desc, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

// sendLevels sends a gauge for each value of a closed set, and one for the rest,
// if there are any.
func sendLevels[K ~string](to chan<- prometheus.Metric, desc *prometheus.Desc, counts map[K]int, set ...K) {
	rest := 0
	for _, n := range counts {
		rest += n
	}
	for _, value := range set {
		rest -= counts[value]
		sendLevel(to, desc, float64(counts[value]), string(value))
	}
	if rest > 0 {
		sendLevel(to, desc, float64(rest), part.Other)
	}
}
