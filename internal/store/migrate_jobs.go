package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
)

// jobsVersion is the version of the tables in which jobs became rows of our
// own. Before it they were River's (github.com/riverqueue/river).
const jobsVersion = 15

const makeJobs = `CREATE TABLE jobs (
	kind     TEXT NOT NULL,
	id       TEXT NOT NULL,
	due      BIGINT NOT NULL,             -- while it is worked: when it is taken for dead
	worker   TEXT NOT NULL DEFAULT '',    -- who works it; '': nobody
	again    BIGINT NOT NULL DEFAULT 0,   -- while it is worked: when somebody wants it worked once more; 0: nobody does
	failures INTEGER NOT NULL DEFAULT 0,  -- one after the other
	PRIMARY KEY (kind, id)
)`

// jobsMigration is the step to jobsVersion. Waiting jobs are taken over.
func (s *Store) jobsMigration() *goose.Migration {
	return goose.NewGoMigration(jobsVersion, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		for _, statement := range []string{makeJobs, "CREATE INDEX jobs_due ON jobs (due)"} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return s.bringJobsOver(ctx, tx)
	}}, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DROP TABLE jobs")
		return err
	}})
}

// bringJobsOver takes over River's jobs, and removes its tables. Those of
// another program's River in the same database stay.
func (s *Store) bringJobsOver(ctx context.Context, tx *sql.Tx) error {
	there, others := "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'river_job'", 0
	if s.shared() {
		there = "SELECT count(*) FROM pg_class WHERE oid = to_regclass('river_job')"
	}
	var tables int
	if err := tx.QueryRowContext(ctx, there).Scan(&tables); err != nil || tables == 0 {
		return err
	}
	work, about, due := "json_extract(args, '$.work')", "json_extract(args, '$.about')", "coalesce(unixepoch(scheduled_at), 0) * 1000"
	if s.shared() {
		work, about, due = "args->>'work'", "args->>'about'", "CAST(extract(epoch FROM scheduled_at) * 1000 AS BIGINT)"
	}
	const unfinished = "CAST(state AS TEXT) IN ('available', 'pending', 'retryable', 'running', 'scheduled')"
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`INSERT INTO jobs (kind, id, due)
		SELECT %s, %s, min(CASE CAST(state AS TEXT) WHEN 'running' THEN 1 ELSE %s END) FROM river_job
		WHERE kind = 'chore' AND %s GROUP BY 1, 2`, work, about, due, unfinished)); err != nil {
		return fmt.Errorf("bring jobs over: %w", err)
	}
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM river_job WHERE kind <> 'chore'").Scan(&others); err != nil || others > 0 {
		return err
	}
	for _, table := range []string{"river_client_queue", "river_client", "river_queue", "river_leader", "river_notification", "river_job", "river_migration"} {
		if _, err := tx.ExecContext(ctx, "DROP TABLE IF EXISTS "+table); err != nil {
			return err
		}
	}
	if !s.shared() {
		return nil
	}
	for _, rest := range []string{
		"FUNCTION IF EXISTS river_job_notify()", "FUNCTION IF EXISTS river_job_state_in_bitmask(BIT, river_job_state)", "TYPE IF EXISTS river_job_state",
	} {
		if _, err := tx.ExecContext(ctx, "DROP "+rest); err != nil {
			return err
		}
	}
	return nil
}
