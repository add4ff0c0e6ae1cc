package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/test/await"
)

// TestSweepsTakeOnHoweverManyAreDue has more texts without a job than one sweep
// checks.
func TestSweepsTakeOnHoweverManyAreDue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		const texts = 250
		s := open(t)
		for range texts {
			if _, err := s.Enqueue(t.Context(), ledger.Text{Entry: "e", To: "19734321440"}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Put(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "DELETE FROM jobs")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		sent := make(chan struct{}, texts)
		work(t, s, func(ctx context.Context, id string) (time.Time, error) {
			now := time.Now()
			text, err := s.Claim(ctx, id, now, now.Add(time.Minute))
			if errors.Is(err, ledger.ErrTaken) { // it was swept twice
				return time.Time{}, nil
			}
			if err != nil {
				return time.Time{}, err
			}
			sent <- struct{}{}
			return time.Time{}, s.Finish(ctx, ledger.Result{ID: id, Attempt: text.Attempts, At: now, State: ledger.Sent})
		}, store.WorkOptions{})
		late := time.NewTimer(await.Limit)
		defer late.Stop()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for n := 0; n < texts; {
			select {
			case <-sent:
				n++
			case <-tick.C:
				if _, err := s.Sweep(t.Context(), time.Now()); err != nil {
					t.Fatal(err)
				}
			case <-late.C:
				t.Fatalf("of %d texts %d were taken on", texts, n)
			}
		}
	})
}

// TestASweepThatIsUndoneIsDoneAgain locks two jobs in the opposite order to a
// sweep's. PostgreSQL rolls one of two deadlocked transactions back, and the
// operator would be told that the database fails. It is the one whose
// deadlock_timeout ends first, and it checks once: if the other was not waiting
// yet, the test starts over.
func TestASweepThatIsUndoneIsDoneAgain(t *testing.T) {
	for wait := time.Second; !sweepIsUndone(t, wait); wait *= 2 {
	}
}

// sweepIsUndone has a sweep check for a deadlock after a time, and the other
// transaction much later. It is false if the other came too late.
func sweepIsUndone(t *testing.T, wait time.Duration) bool {
	t.Helper()
	config := storetest.Postgres(t)
	patient := config
	address, err := url.Parse(config.URL)
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Set("deadlock_timeout", wait.String())
	address.RawQuery = query.Encode()
	patient.URL = address.String()
	s := storetest.Open(t, patient)
	ctx := await.Context(t)
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
	if _, err := tx.Exec(ctx, fmt.Sprintf("SET LOCAL deadlock_timeout = '%v'", 3*wait)); err != nil { // so that the sweep is the one that is rolled back
		t.Fatal(err)
	}
	lock := func(id string) (undone bool) {
		t.Helper()
		tag, err := tx.Exec(ctx, `UPDATE jobs SET due = due WHERE id = $1`, id)
		if e, ok := errors.AsType[*pgconn.PgError](err); ok && e.Code == "40P01" {
			return true
		}
		if err != nil || tag.RowsAffected() != 1 {
			t.Fatalf("lock the job of %s: %d, %v", id, tag.RowsAffected(), err)
		}
		return false
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
	for waiting() == 0 { // until the sweep has the first and waits for the second
	}
	late := lock("first") // the sweep, which has waited longer, is rolled back
	if late {
		err = tx.Rollback(ctx)
	} else {
		err = tx.Commit(ctx)
	}
	if err := errors.Join(err, <-swept); err != nil {
		t.Error(err)
	}
	return !late
}
