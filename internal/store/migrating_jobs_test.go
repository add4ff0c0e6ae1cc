package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// riversTables are River's tables, as far as their contents matter, with jobs
// in every state. Kinds and ids are those expected afterwards.
func riversTables(config store.Config) []string {
	json, table := "jsonb", `CREATE TABLE river_job (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, args BLOB NOT NULL, state TEXT NOT NULL, scheduled_at TIMESTAMP NOT NULL)`
	types := []string{}
	if config.URL != "" {
		json, table = "", `CREATE TABLE river_job (id BIGSERIAL PRIMARY KEY, kind TEXT NOT NULL, args JSONB NOT NULL, state river_job_state NOT NULL, scheduled_at TIMESTAMPTZ NOT NULL)`
		types = append(types, `CREATE TYPE river_job_state AS ENUM ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled')`,
			`CREATE FUNCTION river_job_notify() RETURNS TRIGGER AS $$ BEGIN RETURN NULL; END $$ LANGUAGE plpgsql`,
			`CREATE FUNCTION river_job_state_in_bitmask(bitmask BIT(8), state river_job_state) RETURNS boolean LANGUAGE SQL IMMUTABLE AS $$ SELECT true $$`)
	}
	rows := ""
	for i, row := range []struct{ state, id, at string }{
		{"available", "later", "2100-01-01 00:00:00"}, {"running", "running", "2100-01-01 00:00:00"}, {"retryable", "failed", "2000-01-01 00:00:00"},
		{"completed", "done", "2000-01-01 00:00:00"}, {"available", "running", "2100-01-01 00:00:00"},
	} {
		if i > 0 {
			rows += ", "
		}
		rows += `('chore', ` + json + `('{"work":"text","about":"` + row.id + `"}'), '` + row.state + `', '` + row.at + `')`
	}
	return slices.Concat([]string{`DELETE FROM switchhook_schema WHERE version_id >= 15`, `DROP TABLE jobs`, `DROP TABLE trunk_time`, `DROP TABLE oncall_overrides`, `DROP TABLE activity`, `DROP TABLE alerts`, `ALTER TABLE answers DROP COLUMN args`}, types, []string{
		table, `CREATE TABLE river_leader (name TEXT)`, `CREATE TABLE river_queue (name TEXT)`,
		`INSERT INTO river_job (kind, args, state, scheduled_at) VALUES ` + rows,
	})
}

// columnOf returns the one column of a query, as text.
func columnOf(t testing.TB, s *store.Store, query string) (found []string) {
	t.Helper()
	err := s.Put(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		found = nil
		rows, err := tx.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var one string
			if err := rows.Scan(&one); err != nil {
				return err
			}
			found = append(found, one)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestJobsOfRiverAreBroughtOver(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		if err := storetest.Open(t, config).Close(); err != nil {
			t.Fatal(err)
		}
		for _, statement := range riversTables(config) {
			behind(t, config, statement)
		}
		s := storetest.Open(t, config)
		far := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
		if diff := cmp.Diff([]string{"failed", "later", "running"}, columnOf(t, s, `SELECT id FROM jobs WHERE kind = 'text' ORDER BY id`)); diff != "" {
			t.Errorf("jobs (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"later"}, columnOf(t, s, `SELECT id FROM jobs WHERE due >= `+fmt.Sprint(far-24*time.Hour.Milliseconds()))); diff != "" {
			t.Errorf("jobs of later (-want +got):\n%s", diff)
		}
		left := `SELECT name FROM sqlite_schema WHERE name LIKE 'river%'`
		if config.URL != "" {
			left = `SELECT relname FROM pg_class WHERE relname LIKE 'river%' UNION SELECT proname FROM pg_proc WHERE proname LIKE 'river%' UNION SELECT typname FROM pg_type WHERE typname LIKE 'river%'`
		}
		if got := columnOf(t, s, left); len(got) > 0 {
			t.Errorf("of River there is still %v", got)
		}
	})
}

// TestTheJobsOfSomebodyElsesRiverStay has two programs share a database.
func TestTheJobsOfSomebodyElsesRiverStay(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		if err := storetest.Open(t, config).Close(); err != nil {
			t.Fatal(err)
		}
		for _, statement := range append(riversTables(config), `UPDATE river_job SET kind = 'invoice' WHERE state = 'completed'`) {
			behind(t, config, statement)
		}
		s := storetest.Open(t, config)
		if got := columnOf(t, s, `SELECT kind FROM river_job WHERE kind = 'invoice'`); len(got) != 1 {
			t.Errorf("of somebody else's jobs there are %v", got)
		}
	})
}
