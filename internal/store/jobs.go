package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// Handler does the work that one kind of job stands for, about the thing with
// this id. It returns when to be called again; the zero time is never. Where it
// fails it is called again too, after a pause that grows from a second to five
// minutes, for as long as it fails. Its context ends when the kind's patience
// is over.
//
// A handler may be called again after it has done its work, where a process
// died before that was recorded.
type Handler func(ctx context.Context, id string) (again time.Time, err error)

// A job is a row. It is due at a time; while it is worked, worker says by whom,
// and due is when that is taken for dead. Whoever schedules it meanwhile leaves
// in again when it is to be worked once more.
const (
	addJob = `INSERT INTO jobs (kind, id, due) VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO UPDATE SET
		due = CASE WHEN jobs.worker = '' AND excluded.due < jobs.due THEN excluded.due ELSE jobs.due END,
		again = CASE WHEN jobs.worker = '' THEN 0 WHEN jobs.again = 0 OR excluded.due < jobs.again THEN excluded.due ELSE jobs.again END`
	addMissingJob = `INSERT INTO jobs (kind, id, due) VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO NOTHING`

	dueJobs  = `SELECT kind, id FROM jobs WHERE due <= $1 AND kind IN (%s) ORDER BY due LIMIT $2`
	claimJob = `UPDATE jobs SET worker = $1, due = $2, again = 0 WHERE kind = $3 AND id = $4 AND due <= $5 RETURNING failures`

	// Of these the first that finds a row is the one: a worker that was taken for
	// dead finds none.
	endJob   = `DELETE FROM jobs WHERE kind = $1 AND id = $2 AND worker = $3 AND again = 0`
	againJob = `UPDATE jobs SET worker = '', failures = 0, again = 0, due = CASE WHEN again > 0 AND (again < $4 OR $4 = 0) THEN again ELSE $4 END
		WHERE kind = $1 AND id = $2 AND worker = $3`
	failJob  = `UPDATE jobs SET worker = '', failures = failures + 1, again = 0, due = $4 WHERE kind = $1 AND id = $2 AND worker = $3`
	leaveJob = `UPDATE jobs SET worker = '', again = 0, due = $4 WHERE kind = $1 AND id = $2 AND worker = $3`

	// takeJobs begins again what a process was at that is known to have died.
	takeJobs = `UPDATE jobs SET worker = '', again = 0, due = $1 WHERE worker <> ''`
)

// Schedule makes a job of this kind for this id, to be begun at a time: at once
// where that has passed. Of jobs that are not finished there is one for each
// kind and id. One that waits already is made earlier where it is for later;
// where one is being worked, the handler is called again after it, so that
// whatever changed before Schedule is seen.
//
// The job is made where Schedule returns no error, and survives the process.
func (s *Store) Schedule(ctx context.Context, kind, id string, at time.Time) error {
	err := s.put(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, addJob, kind, id, dueAt(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("schedule job %s of %s: %w", kind, id, err)
	}
	s.wakeWorker()
	return nil
}

// addMissing makes jobs to be begun now, where there are none.
func (s *Store) addMissing(ctx context.Context, kind string, ids []string) error {
	slices.Sort(ids) // two servers that do so at once do not wait for each other
	err := s.put(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, addMissingJob, kind, id, dueAt(time.Time{})); err != nil {
				return err
			}
		}
		return nil
	})
	s.wakeWorker()
	return err
}

// dueAt is a time as jobs have it, where 0 is none.
func dueAt(at time.Time) int64 { return max(millis(at), 1) }

// wakeWorker has the worker of this process, if there is one, look for jobs.
func (s *Store) wakeWorker() {
	if w := s.worker.Load(); w != nil {
		w.look()
	}
}
