package web

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// Levels are the database's current numbers. What is nil is unknown, and not
// shown; what a map lacks is zero.
type Levels struct {
	Texts        map[ledger.State]int
	Dead         map[ledger.Why]int // dead texts, by why
	Suppressions map[ledger.Channel]int
	Entries      map[EntryState]int
	Jobs         map[JobState]int

	// OldestDue is when the longest waiting queued text was due; the zero time:
	// none is queued.
	OldestDue time.Time

	Free *uint64 // left on the database's disk, in bytes
}

// EntryState is an entry's state of provisioning.
type EntryState string

// The states; see package provision.
const (
	EntryUnknown  EntryState = "unknown" // nothing was tried yet
	EntryInOrder  EntryState = "in_order"
	EntryFailed   EntryState = "failed"   // a step failed
	EntryConflict EntryState = "conflict" // somebody else's configuration is in the way
	EntryRemoved  EntryState = "removed"  // removed on somebody's order
)

// JobState says where in the queue a job is.
type JobState string

// The states of interest; finished jobs have none.
const (
	JobWaiting JobState = "waiting" // it can be worked on, now or when it is due
	JobRunning JobState = "running"
)

// levelsTimeout is how long the database may take to return the levels.
// Prometheus waits ten seconds by default.
const levelsTimeout = 5 * time.Second

// levels is the prometheus.Collector of Levels.
type levels struct {
	read   atomic.Pointer[func(context.Context) (Levels, error)]
	failed func() // called if they cannot be read

	texts, dead, suppressions, entries, jobs, overdue, free *prometheus.Desc
}

func newLevels(failed func()) *levels {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &levels{
		failed:       failed,
		texts:        describe("switchhook_texts", "Texts that are kept, by state.", "state"),
		dead:         describe("switchhook_texts_dead", "Texts that do not go on by themselves, by why.", "why"),
		suppressions: describe("switchhook_suppressions", "Numbers on the suppression list, by what they are not reached by.", "channel"),
		entries:      describe("switchhook_provisioned_entries", "Entries, by how the phone system stands.", "state"),
		jobs:         describe("switchhook_jobs", "Jobs of the queue, by state.", "state"),
		overdue:      describe("switchhook_oldest_due_text_seconds", "How long the queued text is due that waits longest; 0 where none is due."),
		free:         describe("switchhook_disk_free_bytes", "Bytes that may still be written to the disk that the database is on."),
	}
}

// Describe implements prometheus.Collector.
func (l *levels) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{l.texts, l.dead, l.suppressions, l.entries, l.jobs, l.overdue, l.free} {
		to <- desc
	}
}

// Collect implements prometheus.Collector. If the levels cannot be read, it
// sends none and counts the failure: old values would look as if all were well.
func (l *levels) Collect(to chan<- prometheus.Metric) {
	read := l.read.Load()
	if read == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), levelsTimeout)
	defer cancel()
	now, err := (*read)(ctx)
	if err != nil {
		l.failed()
		return
	}
	collect(to, l.texts, now.Texts, ledger.Sending, ledger.Queued, ledger.Sent, ledger.Dead)
	collect(to, l.dead, now.Dead, ledger.Refused, ledger.Failed, ledger.Uncertain, ledger.Late, ledger.Suppressed)
	collect(to, l.suppressions, now.Suppressions, ledger.Texts, ledger.Calls, ledger.AnyWay)
	collect(to, l.entries, now.Entries, EntryUnknown, EntryInOrder, EntryFailed, EntryConflict, EntryRemoved)
	collect(to, l.jobs, now.Jobs, JobWaiting, JobRunning)
	if now.Free != nil {
		to <- prometheus.MustNewConstMetric(l.free, prometheus.GaugeValue, float64(*now.Free))
	}
	if now.Texts != nil {
		age := 0.0
		if !now.OldestDue.IsZero() {
			age = max(0, time.Since(now.OldestDue).Seconds())
		}
		to <- prometheus.MustNewConstMetric(l.overdue, prometheus.GaugeValue, age)
	}
}

// collect sends a gauge for each value of a closed set, and one for the rest,
// if there are any.
func collect[K ~string](to chan<- prometheus.Metric, desc *prometheus.Desc, counts map[K]int, set ...K) {
	if counts == nil {
		return
	}
	rest := 0
	for _, n := range counts {
		rest += n
	}
	for _, value := range set {
		rest -= counts[value]
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(counts[value]), string(value))
	}
	if rest > 0 {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(rest), other)
	}
}
