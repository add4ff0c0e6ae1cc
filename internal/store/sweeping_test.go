package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/switchhook/switchhook/internal/ledger"
	"github.com/switchhook/switchhook/internal/storetest"
)

// TestASweepThatIsUndoneIsDoneAgain has somebody who locks two jobs in the
// other order than a sweep does. PostgreSQL undoes one of two transactions that
// wait for each other, and an operator would be told that the database fails.
func TestASweepThatIsUndoneIsDoneAgain(t *testing.T) {
	config := storetest.Postgres(t)
	s := storetest.Open(t, config)
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	now := time.Now()
	for i, id := range []string{"first", "second"} {
		if _, err := s.Enqueue(ctx, ledger.Text{ID: id, Entry: "e", To: "19734321440", Due: now.Add(time.Duration(i-10) * time.Second)}); err != nil {
			t.Fatal(err)
		}
	}
	other, err := pgx.Connect(ctx, config.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	tx, err := other.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	lock := func(id string) {
		t.Helper()
		tag, err := tx.Exec(ctx, `UPDATE river_job SET priority = priority WHERE args->>'about' = $1`, id)
		if err != nil || tag.RowsAffected() != 1 {
			t.Fatalf("lock the job of %s: %d, %v", id, tag.RowsAffected(), err)
		}
	}
	lock("second")
	swept := make(chan error, 1)
	go func() {
		_, err := s.Sweep(ctx, now)
		swept <- err
	}()
	waiting := func() (n int) {
		t.Helper()
		if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND pid IN
			(SELECT pid FROM pg_stat_activity WHERE datname = current_database())`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for waiting() == 0 { // until the sweep has the first and wants the second
	}
	lock("first") // the sweep, which has waited longer, is undone
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-swept; err != nil {
		t.Error(err)
	}
}
