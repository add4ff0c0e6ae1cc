package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// Handler does the work of one kind of job, for the thing with this id. It
// returns when to be called again; the zero time is never. If it fails, it is
// called again after a pause that grows from a second to five minutes, for as
// long as it fails. Its context ends when the kind's patience is over.
//
// A handler may be called again after it has done its work, if a process died
// before that was recorded.
type Handler func(ctx context.Context, id string) (again time.Time, err error)

// A job is a row. It is due at a time; while it is worked on, worker says by
// whom, and due is when that worker counts as dead. Scheduling it meanwhile
// sets again, so that it is worked once more. JobSteps says from which states a
// statement leads.
var (
	//nolint:gosec // the conditions are jobIs
	addJob = `INSERT INTO jobs (kind, id, due) VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO UPDATE SET ` +
		jobSQL(jobHasten, `due = CASE WHEN (from) AND excluded.due < jobs.due THEN excluded.due ELSE jobs.due END, `) +
		jobSQL(jobWant, `again = CASE WHEN (from) AND (jobs.again = 0 OR excluded.due < jobs.again) THEN excluded.due ELSE jobs.again END`)

	claimJob = jobSQL(jobClaim, `UPDATE jobs SET worker = $1, due = $2, again = 0 WHERE kind = $3 AND id = $4 AND due <= $5 AND (from) RETURNING failures`)

	// The first of these that finds a row is the one that applies: a worker
	// that was taken for dead finds none.
	endJob   = jobSQL(jobEnd, `DELETE FROM jobs WHERE kind = $1 AND id = $2 AND worker = $3 AND (from)`)
	againJob = jobSQL(jobRepeat, `UPDATE jobs SET worker = '', failures = 0, again = 0, due = CASE WHEN again > 0 AND (again < $4 OR $4 = 0) THEN again ELSE $4 END
		WHERE kind = $1 AND id = $2 AND worker = $3 AND (from)`)
	failJob = jobSQL(jobFail, `UPDATE jobs SET worker = '', failures = failures + 1, again = 0, due = $4
		WHERE kind = $1 AND id = $2 AND worker = $3 AND (from)`)
	leaveJob = jobSQL(jobLeave, `UPDATE jobs SET worker = '', again = 0, due = $4 WHERE kind = $1 AND id = $2 AND worker = $3 AND (from)`)

	// takeJobs restarts the jobs of a process that has died.
	takeJobs = jobSQL(jobTake, `UPDATE jobs SET worker = '', again = 0, due = $1 WHERE (from)`)
)

const (
	addMissingJob = `INSERT INTO jobs (kind, id, due) VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO NOTHING`
	dueJobs       = `SELECT kind, id FROM jobs WHERE due <= $1 AND kind IN (%s) ORDER BY due LIMIT $2`
)

// Schedule makes a job of this kind for this id, due at a time: at once if that
// has passed. There is one unfinished job for each kind and id. If it waits for
// a later time, it is made earlier; if it is being worked, the handler is
// called once more afterwards, so that it sees whatever changed before
// Schedule.
//
// Once Schedule returns without an error, the job survives the process.
func (s *Store) Schedule(ctx context.Context, kind, id string, at time.Time) error {
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, addJob, kind, id, dueAt(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("schedule job %s of %s: %w", kind, id, err)
	}
	s.wakeWorker()
	return nil
}

// addMissing makes jobs that are due now, where there are none.
func (s *Store) addMissing(ctx context.Context, kind string, ids []string) error {
	slices.Sort(ids) // so that two servers at once do not deadlock
	err := s.writeTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
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

// dueAt is a time as jobs store it; 0 is none.
func dueAt(at time.Time) int64 { return max(millis(at), 1) }

// wakeWorker makes this process's worker, if there is one, look for jobs.
func (s *Store) wakeWorker() {
	if w := s.worker.Load(); w != nil {
		w.look()
	}
}
