package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"
)

const (
	// jobTries is how often River tries a job, at least: with a pause of five
	// minutes between two tries a month. A text has given up long before, and
	// the queue of one that has not is swept.
	jobTries = 10_000

	// firstRetry and longestRetry bound the pause after a handler has failed.
	firstRetry   = time.Second
	longestRetry = 5 * time.Minute

	// jobsKept is how long River keeps jobs that are finished.
	jobsKept = 10 * time.Minute

	// pollPause is how often the database is asked for jobs that have become
	// due. One that is made to be begun at once is told of where that is
	// possible: to all processes on PostgreSQL, within the process on SQLite.
	pollPause = 500 * time.Millisecond

	// fetchPause is how long River waits between two fetches under load.
	fetchPause = 20 * time.Millisecond

	// recordPatience is how long it may take to record that a job is finished.
	// Where it takes longer the job is done again.
	recordPatience = 10 * time.Second
)

// chore is the one type of job that River knows.
type chore struct {
	Work  string `json:"work"` // the kind, as handlers have it
	About string `json:"about"`
}

// Kind is River's name for the type. Jobs in the database have it.
func (chore) Kind() string { return "chore" }

// riverQueue is the queue on one of River's drivers, whose transactions are T.
type riverQueue[T any] struct {
	driver riverdriver.Driver[T]
	alone  bool // this process is the only one that works jobs
	log    *slog.Logger

	// client makes jobs: that of the worker where there is one, whose jobs it
	// begins at once.
	client atomic.Pointer[river.Client[T]]
	idle   *river.Client[T] // makes jobs where there is no worker
}

// openQueue returns the queue that is in the store's database.
func (s *Store) openQueue() (queue, error) {
	if s.shared() {
		return newRiverQueue[pgx.Tx](riverpgxv5.New(s.pool), false, s.log)
	}
	return newRiverQueue[*sql.Tx](toldDirectly{riversqlite.New(s.jobs)}, true, s.log)
}

// toldDirectly is the driver without its notices, which it has to write to the
// database and to look for twenty times a second: in the only process that
// works jobs, River tells itself.
type toldDirectly struct{ *riversqlite.Driver }

func (toldDirectly) SupportsListener() bool     { return false }
func (toldDirectly) SupportsListenNotify() bool { return false }

func newRiverQueue[T any](driver riverdriver.Driver[T], alone bool, log *slog.Logger) (*riverQueue[T], error) {
	q := &riverQueue[T]{driver: driver, alone: alone, log: log}
	idle, err := river.NewClient(driver, q.config())
	if err != nil {
		return nil, fmt.Errorf("make the queue: %w", err)
	}
	q.idle = idle
	q.client.Store(idle)
	return q, nil
}

// config returns what all clients have in common.
func (q *riverQueue[T]) config() *river.Config {
	return &river.Config{
		Hooks:       []rivertype.Hook{new(waitInQueue)},
		Logger:      slog.New(warnings{q.log.Handler()}),
		MaxAttempts: jobTries,
	}
}

// waitInQueue makes a job that is for later wait among those that can be
// fetched, where it is not fetched before its time. River would put it aside,
// for its leader to move it when the time comes: late where it is a matter of
// seconds, and not at all for a while where the leader has died.
type waitInQueue struct{ river.HookDefaults }

func (*waitInQueue) InsertBegin(_ context.Context, params *rivertype.JobInsertParams) error {
	params.State = rivertype.JobStateAvailable
	return nil
}

// warnings passes on what is a warning or worse.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }

// unfinished are the states in which a kind and an id have one job.
func unfinished() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
		rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}
}

// once returns the options of a job that there is one of.
func once(at time.Time) *river.InsertOpts {
	options := &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished()}}
	if time.Until(at) > 0 {
		options.ScheduledAt = at.UTC()
	}
	return options
}

func (q *riverQueue[T]) add(ctx context.Context, kind, id string, at time.Time) error {
	var inserted *rivertype.JobInsertResult
	err := untilAlone(ctx, func() (bool, error) {
		var err error
		inserted, err = q.client.Load().Insert(ctx, chore{kind, id}, once(at))
		return inTheWay(err), err
	})
	if err != nil || !inserted.UniqueSkippedAsDuplicate {
		return err
	}
	return q.inTx(ctx, func(exec riverdriver.ExecutorTx, tx T) error { return q.hasten(ctx, exec, tx, chore{kind, id}, at) })
}

// hasten makes the job that is there earlier, or one where it is not there any
// more.
func (q *riverQueue[T]) hasten(ctx context.Context, exec riverdriver.ExecutorTx, tx T, c chore, at time.Time) error {
	client := q.client.Load()
	// What is there is locked by this too, until the transaction ends.
	inserted, err := client.InsertTx(ctx, tx, c, once(at))
	if err != nil || !inserted.UniqueSkippedAsDuplicate {
		return err
	}
	there := inserted.Job
	if there.State == rivertype.JobStateRunning {
		return ask(ctx, exec, there, at)
	}
	if !there.ScheduledAt.After(at) {
		return nil
	}
	if _, err := client.JobDeleteTx(ctx, tx, there.ID); err != nil {
		return err
	}
	_, err = client.InsertTx(ctx, tx, c, once(at))
	return err
}

func (q *riverQueue[T]) addMissing(ctx context.Context, kind string, ids []string) error {
	jobs := make([]river.InsertManyParams, 0, len(ids))
	for _, id := range ids {
		jobs = append(jobs, river.InsertManyParams{Args: chore{kind, id}, InsertOpts: once(time.Time{})})
	}
	return untilAlone(ctx, func() (bool, error) {
		_, err := q.client.Load().InsertMany(ctx, jobs)
		return inTheWay(err), err
	})
}

// inTx executes do in a transaction, more than once where others are in its
// way.
func (q *riverQueue[T]) inTx(ctx context.Context, do func(exec riverdriver.ExecutorTx, tx T) error) error {
	return untilAlone(ctx, func() (bool, error) {
		err := q.try(ctx, do)
		return inTheWay(err), err
	})
}

func (q *riverQueue[T]) try(ctx context.Context, do func(exec riverdriver.ExecutorTx, tx T) error) error {
	exec, err := q.driver.GetExecutor().Begin(ctx)
	if err != nil {
		return err
	}
	if err := do(exec, q.driver.UnwrapTx(exec)); err != nil {
		return errors.Join(err, exec.Rollback(context.WithoutCancel(ctx)))
	}
	return exec.Commit(ctx)
}

// wish is kept with a job that is running, and says that somebody wants it to
// be worked again.
type wish struct {
	Asked int   `json:"asked"` // how often
	Again int64 `json:"again"` // when, in Unix milliseconds: the earliest that was asked for
}

func wishOf(job *rivertype.JobRow) (wish, error) {
	var w wish
	if err := json.Unmarshal(job.Metadata, &w); err != nil {
		return w, fmt.Errorf("read what is kept with job %d: %w", job.ID, err)
	}
	return w, nil
}

// ask keeps a wish with a job, which has to be locked.
func ask(ctx context.Context, exec riverdriver.Executor, job *rivertype.JobRow, at time.Time) error {
	w, err := wishOf(job)
	if err != nil {
		return err
	}
	if again := millis(at); w.Asked == 0 || again < w.Again {
		w.Again = again
	}
	w.Asked++
	kept, err := json.Marshal(w)
	if err != nil {
		return err
	}
	_, err = exec.JobUpdate(ctx, &riverdriver.JobUpdateParams{ID: job.ID, MetadataDoMerge: true, Metadata: kept})
	return err
}
