package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/fault/state"
)

// Querier is what Read passes.
type Querier = querier

// Write exports write.
func (s *Store) Write(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	return s.writeSerial(ctx, do)
}

// Put exports writeTx.
func (s *Store) Put(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	return s.writeTx(ctx, do)
}

// Scanner is a row.
type Scanner = scanner

// Shared exports shared.
func (s *Store) Shared() bool { return s.shared() }

// Batch is what a step queues statements in.
type Batch = batch

// Exec exports exec.
func (b *Batch) Exec(query string, args ...any) { b.exec(query, args...) }

// Query exports query.
func (b *Batch) Query(scan func(Scanner) error, query string, args ...any) {
	b.query(scan, query, args...)
}

// Count exports count.
func (b *Batch) Count(changed *int, query string, args ...any) { b.count(changed, query, args...) }

// Lock exports lock.
func (b *Batch) Lock(names ...string) { b.lock(names...) }

// Then exports then.
func (b *Batch) Then(next func(*Batch) error) { b.then(next) }

// Steps exports writeSteps.
func (s *Store) Steps(ctx context.Context, first func(*Batch) error) error {
	return s.writeSteps(ctx, first)
}

// Read exports read.
func (s *Store) Read(ctx context.Context, do func(ctx context.Context, q Querier) error) error {
	return s.readTx(ctx, do)
}

// ScrubWithin is Scrub with other timeouts.
func (s *Store) ScrubWithin(ctx context.Context, rewriting, cutting time.Duration) ([]string, error) {
	return s.scrub(ctx, rewriting, cutting)
}

// MoveJob takes a step of a job, whose one worker is never done in time.
func (s *Store) MoveJob(ctx context.Context, step state.Step, kind, id string) error {
	const worker, past, future = "w", 1, 1 << 60
	switch step {
	case jobHasten, jobWant: // Schedule is one of them, as the job's state has it
		is, err := s.JobState(ctx, kind, id)
		if err != nil || !slices.Contains(JobSteps.Of(step).From, is) {
			return err
		}
		return s.Schedule(ctx, kind, id, time.Time{})
	}
	return s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		switch held := []any{kind, id, worker}; step {
		case jobClaim:
			_, err = tx.ExecContext(ctx, claimJob, worker, past, kind, id, future)
		case jobEnd:
			_, err = tx.ExecContext(ctx, endJob, held...)
		case jobRepeat:
			_, err = tx.ExecContext(ctx, againJob, append(held, past)...)
		case jobFail:
			_, err = tx.ExecContext(ctx, failJob, append(held, past)...)
		case jobLeave:
			_, err = tx.ExecContext(ctx, leaveJob, append(held, past)...)
		case jobTake:
			_, err = tx.ExecContext(ctx, takeJobs, past)
		}
		return err
	})
}

// JobState returns where a job is; "": there is none.
func (s *Store) JobState(ctx context.Context, kind, id string) (found JobState, err error) {
	query := "SELECT CASE"
	for is, condition := range jobIs {
		query += " WHEN " + condition + " THEN '" + string(is) + "'"
	}
	err = s.readTx(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, query+" END FROM jobs WHERE kind = $1 AND id = $2", kind, id).Scan(&found)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return found, err
}

// SetFewActivity sets how many items of a range of numbers are few.
func (s *Store) SetFewActivity(n int) { s.fewActivity = n }

// TellIn exports tell.
func (s *Store) TellIn(ctx context.Context, tx *sql.Tx, items ...activity.Item) error {
	return s.tell(ctx, tx, items...)
}

// Statement is a statement with its parameters.
type Statement struct {
	SQL  string
	Args []any
}

// ActivityStatements returns the last statement of a query, and those that it
// asked before.
func (s *Store) ActivityStatements(t testing.TB, query activity.Query) (all []Statement) {
	t.Helper()
	err := s.readTx(t.Context(), func(ctx context.Context, q querier) error {
		all = nil
		p := activityPlan{Query: query, few: s.fewActivity}
		seen := &noted{querier: q}
		statement, err := p.statement(ctx, seen)
		all = seen.all
		if statement != "" {
			all = append(all, Statement{statement, p.args})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// noted is a querier that notes what it is asked.
type noted struct {
	querier
	all []Statement
}

func (n *noted) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	n.all = append(n.all, Statement{query, args})
	return n.querier.QueryContext(ctx, query, args...)
}

func (n *noted) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	n.all = append(n.all, Statement{query, args})
	return n.querier.QueryRowContext(ctx, query, args...)
}
