package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// TestEachWriteThatFailsIsTold limits SQLite's file instead of the disk.
func TestEachWriteThatFailsIsTold(t *testing.T) {
	config := storetest.SQLite(t)
	synctest.Test(t, func(t *testing.T) {
		var told []error
		config.Failed = func(err error) { told = append(told, err) }
		s := storetest.Open(t, config)
		pad(t, s)
		limit := func(pages int) {
			t.Helper()
			if err := s.Put(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		large := func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "CREATE TABLE large AS SELECT zeroblob(1000000) AS b")
			return err
		}
		limit(1)
		for n := range 3 {
			wantFault(t, s.Put(t.Context(), large), fault.Unavailable, "is full", "make room on it")
			if len(told) != n+1 || fault.CodeOf(told[n]) != fault.Unavailable {
				t.Fatalf("told: %v", told)
			}
		}
		if s.Trouble() == nil {
			t.Error("it is taken for well")
		}
		// Small writes succeed on a full disk, and prove nothing.
		if err := s.Probe(t.Context()); err == nil {
			t.Error("a moment after a failure it is taken for well")
		}
		limit(1 << 20)
		time.Sleep(11 * time.Second)
		if err := s.Probe(t.Context()); err != nil || s.Trouble() != nil {
			t.Errorf("it is well, and taken for %v, %v", err, s.Trouble())
		}
		if err := s.Put(t.Context(), large); err != nil || len(told) != 3 {
			t.Errorf("written: %v, told: %v", err, told)
		}
	})
}

func TestADatabaseThatDoesNotAnswerInTimeIsTold(t *testing.T) {
	config := storetest.SQLite(t)
	synctest.Test(t, func(t *testing.T) {
		told := 0
		config.Failed = func(err error) {
			if told++; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("told: %v", err)
			}
		}
		s := storetest.Open(t, config)
		pad(t, s)
		release := make(chan struct{})
		var work sync.WaitGroup
		work.Go(func() {
			if err := s.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				<-release
				return insert(ctx, tx, 0)
			}); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Write(ctx, inserts(1)); err == nil || told != 1 {
			t.Errorf("written: %v, told %d times", err, told)
		}
		if err := s.Trouble(); err != nil { // other writes may succeed
			t.Errorf("trouble: %v", err)
		}
		close(release)
		work.Wait()
	})
}

func TestWhatIsNotOfTheDatabaseIsNoTroubleOfIt(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(t testing.TB) store.Config) {
		config := fresh(t)
		config.Failed = func(err error) { t.Errorf("told: %v", err) }
		s := storetest.Open(t, config)
		pad(t, s)
		if err := s.Put(t.Context(), inserts(1)); err != nil {
			t.Fatal(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		refused := fault.Newf(fault.Refused, "no")
		for name, err := range map[string]error{
			"a refusal":      s.Put(t.Context(), func(context.Context, *sql.Tx) error { return refused }),
			"nothing found":  s.Read(t.Context(), func(context.Context, store.Querier) error { return sql.ErrNoRows }),
			"the same again": s.Put(t.Context(), inserts(1)),
			"given up":       s.Put(gone, inserts(2)),
		} {
			if err == nil {
				t.Errorf("%s is no error", name)
			}
		}
		if err := errors.Join(s.Trouble(), s.Probe(t.Context())); err != nil {
			t.Errorf("trouble: %v", err)
		}
	})
}
