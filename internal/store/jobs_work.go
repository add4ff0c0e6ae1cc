package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

const (
	// jobPatience is how long a handler may take unless WorkOptions say
	// otherwise: a little longer than a text's lease. On PostgreSQL a job whose
	// worker died is restarted after this time.
	jobPatience = 45 * time.Second

	// jobsAtOnce is how many handlers run at once unless WorkOptions say
	// otherwise: they mostly wait for phone systems.
	jobsAtOnce = 16

	// firstRetry and longestRetry bound the pause after a handler has failed.
	firstRetry   = time.Second
	longestRetry = 5 * time.Minute

	// pollPause is how often we poll the database for due jobs. A job that this
	// process makes to be begun at once does not wait for it.
	pollPause = 500 * time.Millisecond

	// troubledPause is the same after the database could not be asked.
	troubledPause = 5 * time.Second

	// rescueGrace is how much longer than its patience a job is left to a
	// worker: handlers need a moment to notice that their time is up, and the
	// clocks of two machines differ.
	rescueGrace = 3 * time.Second

	// recordPatience is how long recording a job's end may take. If it takes
	// longer, the job is done again.
	recordPatience = 10 * time.Second

	// stopGrace is how long handlers may take to return once their context has
	// ended. The server's stop waits for them.
	stopGrace = 10 * time.Second
)

// WorkOptions say how jobs are worked. The zero value is right.
type WorkOptions struct {
	AtOnce   int                      // how many handlers run at once; 0: 16
	Patience map[string]time.Duration // by kind of job, how long a handler may take; absent: 45 s
}

// patience returns how long a handler of this kind may take.
func (o WorkOptions) patience(kind string) time.Duration {
	if p := o.Patience[kind]; p > 0 {
		return p
	}
	return jobPatience
}

// Worker works jobs until it is stopped.
type Worker struct {
	store    *Store
	handlers map[string]Handler
	options  WorkOptions
	due      string // the query for jobs with a handler
	kinds    []any  // its last parameters

	wake    chan struct{} // of capacity one
	quit    chan struct{} // closed by Stop
	looking chan struct{} // closed once no further job is begun
	ctx     context.Context
	cancel  context.CancelFunc // of handlers

	mu      sync.Mutex
	at      map[job]bool // what handlers of this worker are working on
	running sync.WaitGroup
}

// job identifies a job.
type job struct{ kind, id string }

// Work begins to work jobs: it calls the handler of a job's kind within about a
// second of its due time. A job whose kind has no handler waits for a program
// that has one. Jobs interrupted in other processes are restarted: on SQLite at
// once, as this is the only worker, on PostgreSQL when the patience of their
// kind is over.
//
// A Store has one Worker at a time. The end of ctx does not stop it; call Stop
// before the Store is closed.
func (s *Store) Work(ctx context.Context, handlers map[string]Handler, options WorkOptions) (*Worker, error) {
	if options.AtOnce <= 0 {
		options.AtOnce = jobsAtOnce
	}
	if !s.shared() {
		err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, takeJobs, dueAt(time.Time{}))
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("work jobs: %w", err)
		}
	}
	w := &Worker{
		store: s, handlers: handlers, options: options, at: make(map[job]bool),
		wake: make(chan struct{}, 1), quit: make(chan struct{}), looking: make(chan struct{}),
	}
	var places []string
	for kind := range handlers {
		w.kinds = append(w.kinds, kind)
		places = append(places, fmt.Sprintf("$%d", 2+len(w.kinds)))
	}
	w.due = fmt.Sprintf(dueJobs, strings.Join(places, ", "))
	w.ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	s.worker.Store(w)
	go w.keepLooking()
	return w, nil
}

// Stop begins no further job and waits for running handlers. If ctx ends first,
// their contexts end too, and Stop returns ctx's error once they have returned;
// the next Worker restarts their jobs. Nothing of the Worker runs after Stop.
func (w *Worker) Stop(ctx context.Context) error {
	w.store.worker.CompareAndSwap(w, nil)
	close(w.quit)
	<-w.looking
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.running.Wait()
	}()
	defer w.cancel()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	w.cancel()
	err := fmt.Errorf("wait for jobs that are being worked: %w", ctx.Err())
	late := time.NewTimer(stopGrace)
	defer late.Stop()
	select {
	case <-ended:
		return err
	case <-late.C:
		return errors.Join(err, errors.New("a handler does not return"))
	}
}

// look makes the worker look for jobs now.
func (w *Worker) look() {
	select {
	case w.wake <- struct{}{}:
	default: // it is about to
	}
}

// keepLooking begins due jobs, as long as a handler is free.
func (w *Worker) keepLooking() {
	defer close(w.looking)
	for {
		pause := pollPause
		if err := w.beginDue(); err != nil {
			w.store.log.Warn("due jobs not read", "error", err)
			pause = troubledPause
		}
		wait := time.NewTimer(pause)
		select {
		case <-w.wake:
			wait.Stop()
		case <-wait.C:
		case <-w.quit:
			wait.Stop()
			return
		}
	}
}

// beginDue begins the jobs that are due.
func (w *Worker) beginDue() error {
	ctx, cancel := context.WithTimeout(w.ctx, recordPatience)
	defer cancel()
	busy := w.busy()
	free := w.options.AtOnce - len(busy)
	if free <= 0 {
		return nil // the next one that ends makes it look again
	}
	var due []job
	parameters := append([]any{millis(w.store.now()), w.options.AtOnce + 1}, w.kinds...)
	err := w.store.readOne(ctx, func(ctx context.Context, q querier) error {
		due = nil
		return each(ctx, q, w.due, parameters, func(row scanner) error {
			var j job
			err := row.Scan(&j.kind, &j.id)
			if !busy[j] {
				due = append(due, j)
			}
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, j := range due[:min(free, len(due))] {
		if err := w.begin(ctx, j); err != nil {
			return err
		}
	}
	if len(due) > free {
		w.look()
	}
	return nil
}

// busy returns what handlers are working on.
func (w *Worker) busy() map[job]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.at)
}

// begin works a job, unless another worker has begun it.
func (w *Worker) begin(ctx context.Context, j job) error {
	patience := w.options.patience(j.kind)
	claim, failures := ledger.NewID(), 0
	err := w.store.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		now := w.store.now()
		row := tx.QueryRowContext(ctx, claimJob, claim, millis(now.Add(patience+rescueGrace)), j.kind, j.id, millis(now))
		return row.Scan(&failures)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.at[j] = true
	w.mu.Unlock()
	w.running.Go(func() {
		defer w.end(j)
		w.work(j, claim, failures, patience)
	})
	return nil
}

func (w *Worker) end(j job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.at, j)
	w.look()
}

// work calls the handler, and records the result.
func (w *Worker) work(j job, claim string, failures int, patience time.Duration) {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	again, err := w.handle(ctx, j)
	ways, due := []string{endJob, againJob}, millis(again)
	switch now := w.store.now(); {
	case err == nil && due > 0:
		ways = []string{againJob}
	case err != nil && w.ctx.Err() != nil: // the worker is being stopped: not the handler's failure
		ways, due = []string{leaveJob}, dueAt(now)
	case err != nil:
		w.store.log.WarnContext(ctx, "job failed; retrying", "kind", j.kind, "id", j.id, "attempt", failures+1, "error", err)
		ways, due = []string{failJob}, dueAt(now.Add(retryAfter(failures)))
	}
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), recordPatience)
	defer cancel()
	if err := w.record(ctx, j, claim, due, ways); err != nil {
		w.store.log.WarnContext(ctx, "end of a job not recorded; it runs again", "kind", j.kind, "id", j.id, "error", err)
	}
}

// record records how a job ended, with the first statement that finds it.
func (w *Worker) record(ctx context.Context, j job, claim string, due int64, ways []string) error {
	return w.store.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, way := range ways {
			parameters := []any{j.kind, j.id, claim}
			if way != endJob {
				parameters = append(parameters, due)
			}
			if n, err := execCount(ctx, tx, way, parameters...); err != nil || n > 0 {
				return err
			}
		}
		return nil // it was taken for dead, and another worker has it
	})
}

// handle calls a job's handler. A panic in it is a bug of ours, and a failure
// of the job.
func (w *Worker) handle(ctx context.Context, j job) (again time.Time, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return w.handlers[j.kind](ctx, j.id)
}

// retryAfter returns the pause after a failure, given those before it.
func retryAfter(failures int) time.Duration {
	if failures > 8 { // 256 s is the last that is shorter
		return longestRetry
	}
	return firstRetry << failures
}
