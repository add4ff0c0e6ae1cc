package oncall

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
)

// Record is a decision and its outcome, as it is stored. Numbers are masked.
type Record struct {
	ID       string
	At       time.Time
	Route    string
	Attempt  int
	Level    int
	Reason   Reason
	Fallback bool
	Caller   string
	Number   string // empty: nobody was to be rung
	Key      string // of the person
	Name     string
	Source   string
	Age      time.Duration
	Stale    bool
	Steps    []Step

	Outcome Outcome   // what the phone system reported; empty: nothing
	Ended   time.Time // when that was

	// CallerNumber is the caller's, whole, for the Item alone; empty: they hide it, or
	// the record was read back.
	CallerNumber string `json:"-"`
}

// Item tells of the decision, or of its outcome once there is one. A decision for
// somebody on call has the outcome of its last step.
func (r *Record) Item() activity.Item {
	i := activity.Item{
		At: r.At, Kind: activity.OnCall, Outcome: string(r.Reason), Number: r.CallerNumber, Story: r.ID, About: r.ID, Steps: activity.Steps(append([]Step{{Code: stepRoute, Args: why.Args{"route": r.Route}}}, r.Steps...)...),
	}
	if r.Reason == OnCall {
		i.Outcome = string(stepRung)
	}
	if r.Outcome != "" {
		args := why.Args{"person": r.Name}
		if r.Outcome == Elsewhere || r.Name == "" {
			args = why.Args{"number": r.Number}
		}
		i.At, i.Outcome, i.Steps = r.Ended, string(r.Outcome), activity.Steps(Step{Code: StepCode(r.Outcome), Args: args})
	}
	return i
}

// Outcome is how a call ended. The set is closed.
type Outcome string

// The outcomes.
const (
	Answered   Outcome = "answered"   // who was rung picked up
	Elsewhere  Outcome = "elsewhere"  // another telephone of the phone system picked up
	Unanswered Outcome = "unanswered" // the call ended before anybody did
	Talked     Outcome = "talked"     // who had picked up has hung up
)

// Journal stores records: store.OnCallJournal. No caller waits for it.
type Journal interface {
	// Save stores records, and the Item of each. One whose ID is known replaces the
	// previous one.
	Save(ctx context.Context, records []Record) error

	// Recent returns up to limit records, the newest last.
	Recent(ctx context.Context, limit int) ([]Record, error)
}

const (
	// keptRecords is how many decisions we hold in memory for display.
	keptRecords = 500

	// waitingRecords is how many may wait for the journal. Past it the oldest
	// are lost, which is logged: the calls themselves go on.
	waitingRecords = 5000

	// journalTimeout is how long one attempt to store records may take.
	journalTimeout = 5 * time.Second

	// journalPause is how long a journal that failed is left alone.
	journalPause = 10 * time.Second
)

// decisionLog is the log of decisions: the last of them in memory, all of them on
// their way to the journal.
type decisionLog struct {
	journal Journal
	log     part.Log
	wake    chan struct{} // holds one where records wait

	mu      sync.Mutex
	ring    []*Record // the newest last
	waiting []*Record
	lost    int
}

func newDecisionLog(journal Journal, log part.Log) *decisionLog {
	return &decisionLog{journal: journal, log: log, wake: make(chan struct{}, 1)}
}

// recordOf returns a decision as it is stored.
func recordOf(id string, d *Decision, caller string, n phone.Number) *Record {
	return &Record{
		ID: id, At: d.At, Route: d.Route, Attempt: d.Attempt, Level: d.Level, Reason: d.Reason, Fallback: d.Fallback,
		Caller: clip(phone.Mask(caller)), CallerNumber: n.Digits(), Number: phone.Mask(d.Number), Key: d.Key, Name: d.Name,
		Source: d.Source, Age: d.Age, Stale: d.Stale, Steps: d.Steps,
	}
}

// addRecord takes a record in.
func (l *decisionLog) addRecord(r *Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring = append(l.ring, r)
	if len(l.ring) >= 2*keptRecords { // compact now and then rather than each time
		l.ring = append(make([]*Record, 0, 2*keptRecords), l.ring[len(l.ring)-keptRecords:]...)
	}
	l.send(r)
}

// remember puts earlier records before those of this process.
func (l *decisionLog) remember(records []Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ring := make([]*Record, 0, 2*keptRecords)
	for i := range records {
		ring = append(ring, &records[i])
	}
	l.ring = append(ring, l.ring...)
}

// recordOutcome records the outcome of a decision, and returns its record as it is
// then.
func (l *decisionLog) recordOutcome(r *Record, outcome Outcome, at time.Time) *Record {
	next := *r // readers have the other
	next.Outcome, next.Ended = outcome, at
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.ring, r); i >= 0 {
		l.ring[i] = &next
	}
	l.send(&next)
	return &next
}

// send queues a record for the journal; the caller holds the lock.
func (l *decisionLog) send(r *Record) {
	if l.journal == nil {
		return
	}
	if len(l.waiting) >= waitingRecords {
		l.waiting = append(l.waiting[:0], l.waiting[waitingRecords/2:]...)
		l.lost += waitingRecords / 2
	}
	l.waiting = append(l.waiting, r)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// recent returns the last decisions, the newest first.
func (l *decisionLog) recent(limit int) []Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(limit, len(l.ring), keptRecords)
	found := make([]Record, 0, max(n, 0))
	for i := range n {
		found = append(found, *l.ring[len(l.ring)-1-i])
	}
	return found
}

// run hands records to the journal until the context ends, and then what is
// left, once.
func (l *decisionLog) run(ctx context.Context) {
	if l.journal == nil {
		return
	}
	for {
		select {
		case <-ctx.Done():
			l.flush(ctx)
			return
		case <-l.wake:
		}
		if l.flush(ctx) {
			continue
		}
		timer := time.NewTimer(journalPause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		select {
		case l.wake <- struct{}{}: // for what was put back
		default:
		}
	}
}

// flush saves what waits; what the journal does not take goes on waiting. The end
// of the context does not interrupt it.
func (l *decisionLog) flush(ctx context.Context) (ok bool) {
	l.mu.Lock()
	batch, lost := l.waiting, l.lost
	l.waiting, l.lost = nil, 0
	l.mu.Unlock()
	if lost > 0 {
		l.log.LogAttrs(ctx, slog.LevelError, "on-call decisions dropped: the journal failed for too long", slog.Int("decisions", lost))
	}
	if len(batch) == 0 {
		return true
	}
	records := make([]Record, 0, len(batch))
	for _, r := range batch {
		records = append(records, *r)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), journalTimeout)
	defer cancel()
	err := l.journal.Save(ctx, records)
	if err == nil {
		return true
	}
	l.log.LogAttrs(ctx, slog.LevelError, "on-call decisions not stored", slog.Int("decisions", len(records)), slog.String("error", err.Error()))
	l.mu.Lock()
	defer l.mu.Unlock()
	room := max(waitingRecords-len(l.waiting), 0)
	if len(batch) > room {
		l.lost += len(batch) - room
		batch = batch[len(batch)-room:]
	}
	l.waiting = append(batch, l.waiting...)
	return false
}
