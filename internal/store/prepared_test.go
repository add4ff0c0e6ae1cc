package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// numbers reads the pad, and calls inside for each row.
func numbers(ctx context.Context, tx *sql.Tx, inside func(n int) error) error {
	rows, err := tx.QueryContext(ctx, "SELECT id FROM pad ORDER BY id")
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return err
		}
		if err := inside(n); err != nil {
			return err
		}
	}
	return rows.Err()
}

// padded opens a store whose pad has the numbers 1 to 3.
func padded(t *testing.T) *store.Store {
	t.Helper()
	s := storetest.Open(t, storetest.SQLite(t))
	pad(t, s)
	if err := s.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		for n := range 3 {
			if err := insert(ctx, tx, n+1); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAStatementIsExecutedAgainWhileItsRowsAreRead(t *testing.T) {
	s := padded(t)
	for range 2 { // with new statements, then with kept ones
		var seen []string
		if err := s.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			return numbers(ctx, tx, func(outer int) error {
				return numbers(ctx, tx, func(inner int) error {
					seen = append(seen, fmt.Sprint(outer, inner))
					return nil
				})
			})
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"1 1", "1 2", "1 3", "2 1", "2 2", "2 3", "3 1", "3 2", "3 3"}, seen); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestRowsThatAreLeftAmidAreReadFromTheBeginningAgain(t *testing.T) {
	s := padded(t)
	for range 2 {
		if err := s.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			var n int
			if err := tx.QueryRowContext(ctx, "SELECT id FROM pad ORDER BY id").Scan(&n); err != nil || n != 1 {
				t.Errorf("the first is %d, %v", n, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAStatementThatFailedCanBeExecutedAgain(t *testing.T) {
	s := padded(t)
	add := func(n int) error {
		return s.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error { return insert(ctx, tx, n) })
	}
	if err := add(1); err == nil {
		t.Error("1 was written twice")
	}
	if err := add(4); err != nil {
		t.Error(err)
	}
}

func TestStatementsSeeTablesThatHaveChanged(t *testing.T) {
	s := padded(t)
	for _, change := range []string{"", "ALTER TABLE pad ADD COLUMN note TEXT", "CREATE INDEX pad_note ON pad (note)", "DELETE FROM pad"} {
		if err := s.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, change); err != nil {
				return err
			}
			rows, want := 0, 3
			if change == "DELETE FROM pad" {
				want = 0
			}
			if err := numbers(ctx, tx, func(int) error { rows++; return nil }); err != nil || rows != want {
				t.Errorf("after %q there are %d rows, %v", change, rows, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// More statements than a connection keeps, over readers that several goroutines
// use.
func TestThereMayBeAnyNumberOfStatements(t *testing.T) {
	s := padded(t)
	const many = 300
	for i := range many {
		if err := s.Read(t.Context(), func(ctx context.Context, q store.Querier) error {
			var n int
			if err := q.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) + %d FROM pad", i)).Scan(&n); err != nil || n != i+3 {
				t.Errorf("statement %d: %d, %v", i, n, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
}
