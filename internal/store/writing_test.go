package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// pad makes a table to write to.
func pad(t testing.TB, s *store.Store) {
	t.Helper()
	if err := s.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "CREATE TABLE pad (id BIGINT PRIMARY KEY, n BIGINT NOT NULL DEFAULT 0)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// insert writes a number to the pad.
func insert(ctx context.Context, tx *sql.Tx, id int) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO pad (id) VALUES ($1)", id)
	return err
}

// inserts is insert for Write.
func inserts(id int) func(context.Context, *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error { return insert(ctx, tx, id) }
}

// written returns what is on the pad.
func written(t testing.TB, s *store.Store) []int {
	t.Helper()
	ids := []int{}
	if err := s.Read(t.Context(), func(ctx context.Context, q store.Querier) error {
		rows, err := q.QueryContext(ctx, "SELECT id FROM pad ORDER BY id")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id int
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return rows.Err()
	}); err != nil {
		t.Fatal(err)
	}
	return ids
}

func wantWritten(t testing.TB, s *store.Store, want ...int) {
	t.Helper()
	if diff := cmp.Diff(append([]int{}, want...), written(t, s)); diff != "" {
		t.Errorf("what is written (-want +got):\n%s", diff)
	}
}

func TestWhatFailsIsUndoneWhole(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		pad(t, s)
		broken := errors.New("broken")
		for _, write := range []func(context.Context, func(context.Context, *sql.Tx) error) error{s.Write, s.Put} {
			if err := write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				return errors.Join(insert(ctx, tx, 1), broken)
			}); !errors.Is(err, broken) {
				t.Errorf("the error is %v", err)
			}
			ended, end := context.WithCancel(t.Context())
			end()
			if err := write(ended, inserts(2)); !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "nothing was written") {
				t.Errorf("after the caller has gone the error is %v", err)
			}
			func() {
				defer func() {
					if p := fmt.Sprint(recover()); !strings.Contains(p, "oh no") {
						t.Errorf("the panic is %s", p)
					}
				}()
				_ = write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
					_ = insert(ctx, tx, 3)
					panic("oh no")
				})
			}()
		}
		if err := s.Write(t.Context(), inserts(4)); err != nil {
			t.Error(err)
		}
		wantWritten(t, s, 4)
	})
}

func TestAReaderSeesOneState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		pad(t, s)
		if err := s.Read(t.Context(), func(ctx context.Context, q store.Querier) error {
			for range 2 {
				var n int
				if err := q.QueryRowContext(ctx, "SELECT count(*) FROM pad").Scan(&n); err != nil || n != 0 {
					t.Errorf("%d, %v", n, err)
				}
				if err := s.Write(ctx, inserts(len(written(t, s)))); err != nil {
					return err
				}
			}
			var id int
			return q.QueryRowContext(ctx, "INSERT INTO pad (id) VALUES (9) RETURNING id").Scan(&id)
		}); err == nil {
			t.Error("a reader could write")
		}
		wantWritten(t, s, 0, 1)
	})
}

// TestWritersAtOnceAreAsIfOneAfterTheOther has many writers each read, add one,
// and write.
func TestWritersAtOnceAreAsIfOneAfterTheOther(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		s := storetest.Open(t, config)
		pad(t, s)
		if err := s.Write(t.Context(), inserts(1)); err != nil {
			t.Fatal(err)
		}
		config.Exclusive = false
		stores := []*store.Store{s, storetest.Open(t, config)}
		const writers, each = 8, 10
		var work sync.WaitGroup
		for i := range writers {
			work.Go(func() {
				for range each {
					if err := stores[i%len(stores)].Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
						var n int
						if err := tx.QueryRowContext(ctx, "SELECT n FROM pad WHERE id = 1").Scan(&n); err != nil {
							return err
						}
						_, err := tx.ExecContext(ctx, "UPDATE pad SET n = $1 WHERE id = 1", n+1)
						return err
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		work.Wait()
		var n int
		if err := s.Read(t.Context(), func(ctx context.Context, q store.Querier) error {
			return q.QueryRowContext(ctx, "SELECT n FROM pad WHERE id = 1").Scan(&n)
		}); err != nil || n != writers*each {
			t.Errorf("%d were counted of %d, %v", n, writers*each, err)
		}
	})
}

// crowd is a group of writers: the first of them is in its transaction, and the
// others wait.
type crowd struct {
	*store.Store
	t       *testing.T
	release chan struct{}
	work    sync.WaitGroup
}

// inCrowd runs body on virtual time while a writer that inserts 0 is in its
// transaction. It returns when all writers are done.
func inCrowd(t *testing.T, body func(t *testing.T, c *crowd)) {
	t.Helper()
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{Store: storetest.Open(t, store.Config{Folder: folder, Exclusive: true}), t: t, release: make(chan struct{})}
		pad(t, c.Store)
		c.goes(nil, func(ctx context.Context, tx *sql.Tx) error {
			<-c.release
			return insert(ctx, tx, 0)
		})
		body(t, c)
		c.work.Wait()
	})
}

// goes makes a writer write, and returns once it waits. Its error must be want.
func (c *crowd) goes(want error, do func(context.Context, *sql.Tx) error) {
	c.goesWithin(c.t.Context(), want, do)
}

func (c *crowd) goesWithin(ctx context.Context, want error, do func(context.Context, *sql.Tx) error) {
	c.work.Go(func() {
		if err := c.Write(ctx, do); !errors.Is(err, want) {
			c.t.Errorf("the error is %v, want %v", err, want)
		}
	})
	synctest.Wait()
}

func TestOneWhoFailsDoesNotFailTheOthers(t *testing.T) {
	broken := errors.New("broken")
	inCrowd(t, func(t *testing.T, c *crowd) {
		c.goes(nil, inserts(1))
		c.goes(broken, func(ctx context.Context, tx *sql.Tx) error { return errors.Join(insert(ctx, tx, 2), broken) })
		c.work.Go(func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.HasPrefix(p, "oh no") || !strings.Contains(p, "writing_test.go") {
					t.Errorf("the panic is %s", p)
				}
			}()
			_ = c.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_ = insert(ctx, tx, 3)
				panic("oh no")
			})
		})
		synctest.Wait()
		c.goes(nil, inserts(4))
		close(c.release)
		c.work.Wait()
		wantWritten(t, c.Store, 0, 1, 4)
	})
}

func TestOneWhoDoesNotWaitWritesNothing(t *testing.T) {
	inCrowd(t, func(t *testing.T, c *crowd) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		c.goesWithin(ctx, context.DeadlineExceeded, inserts(1))
		c.goes(nil, inserts(2))
		time.Sleep(2 * time.Second) // virtual
		synctest.Wait()
		if time.Since(began) != 2*time.Second {
			t.Errorf("it took %v", time.Since(began))
		}
		close(c.release)
		c.work.Wait()
		wantWritten(t, c.Store, 0, 2)
	})
}

func TestOneWhoseTimeEndsAmidItsTransactionIsFinished(t *testing.T) {
	inCrowd(t, func(t *testing.T, c *crowd) {
		ctx, cancel := context.WithCancel(t.Context())
		c.goesWithin(ctx, nil, func(ctx context.Context, tx *sql.Tx) error {
			err := insert(ctx, tx, 1)
			cancel()
			return errors.Join(err, insert(ctx, tx, 2))
		})
		c.goes(nil, inserts(3))
		close(c.release)
		c.work.Wait()
		wantWritten(t, c.Store, 0, 1, 2, 3)
	})
}

func TestAWriterWhoseGoroutineEndsLeavesNobodyWaiting(t *testing.T) {
	inCrowd(t, func(t *testing.T, c *crowd) {
		c.work.Go(func() {
			_ = c.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
				_ = insert(ctx, tx, 1)
				runtime.Goexit()
				return nil
			})
		})
		synctest.Wait()
		failed := 0
		var mu sync.Mutex
		for id := range 3 {
			c.work.Go(func() {
				if err := c.Write(t.Context(), inserts(2+id)); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failed++
				}
			})
		}
		synctest.Wait()
		close(c.release)
		c.work.Wait()
		if got := written(t, c.Store); slices.Contains(got, 1) || len(got)+failed != 4 {
			t.Errorf("%v are written, and %d failed", got, failed)
		}
		if err := c.Write(t.Context(), inserts(9)); err != nil {
			t.Error(err)
		}
	})
}

func TestAllFailWhereTheTransactionIsBroken(t *testing.T) {
	broken := errors.New("broken")
	inCrowd(t, func(t *testing.T, c *crowd) {
		lost := errors.New("lost")
		c.goes(broken, func(ctx context.Context, tx *sql.Tx) error { return errors.Join(insert(ctx, tx, 1), broken) })
		for id := 2; id < 5; id++ {
			c.work.Go(func() {
				err := c.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
					if id == 3 { // what SQLite does by itself on a full disk
						_, err := tx.ExecContext(ctx, "ROLLBACK")
						return errors.Join(err, lost)
					}
					return insert(ctx, tx, id)
				})
				if err == nil {
					t.Errorf("%d has no error", id)
				}
			})
			synctest.Wait()
		}
		close(c.release)
		c.work.Wait()
		wantWritten(t, c.Store, 0)
		if err := c.Write(t.Context(), inserts(9)); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseWaitsForWriters(t *testing.T) {
	inCrowd(t, func(t *testing.T, c *crowd) {
		c.goes(nil, inserts(1))
		closed := false
		c.work.Go(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			closed = true
		})
		synctest.Wait()
		if closed {
			t.Error("Close did not wait")
		}
		if err := c.Write(t.Context(), inserts(2)); err == nil || err.Error() != "the store is closed" {
			t.Errorf("the error is %v", err)
		}
		close(c.release)
	})
}

func TestAnotherProcessThatWritesIsWaitedForAWhile(t *testing.T) {
	config := storetest.SQLite(t)
	s := storetest.Open(t, config)
	pad(t, s)
	config.Exclusive = false
	other := storetest.Open(t, config)
	amid, release := make(chan struct{}), make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		if err := other.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			close(amid)
			<-release
			return insert(ctx, tx, 1)
		}); err != nil {
			t.Error(err)
		}
	})
	<-amid
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.Write(short, inserts(2)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	work.Go(func() {
		if err := s.Write(t.Context(), inserts(3)); err != nil {
			t.Error(err)
		}
	})
	close(release)
	work.Wait()
	wantWritten(t, s, 1, 3)
}

// TestADiskThatIsFullIsSaidPlainly limits SQLite's file instead of the disk.
func TestADiskThatIsFullIsSaidPlainly(t *testing.T) {
	inCrowd(t, func(t *testing.T, c *crowd) {
		pages := func(n int) func(context.Context, *sql.Tx) error {
			return func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", n))
				return err
			}
		}
		c.goes(nil, pages(1)) // the rest: not one more fits
		var failed atomic.Int64
		for id := range 4 {
			c.work.Go(func() {
				err := c.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
					if id != 2 {
						return insert(ctx, tx, 10+id)
					}
					_, err := tx.ExecContext(ctx, "CREATE TABLE large AS SELECT zeroblob(1000000) AS b")
					return err
				})
				if err != nil {
					failed.Add(1)
					wantFault(t, err, fault.Unavailable, "is full", "make room on it")
				}
			})
			synctest.Wait()
		}
		close(c.release)
		c.work.Wait()
		if got := written(t, c.Store); failed.Load() == 0 || slices.Contains(got, 12) {
			t.Errorf("%d failed, and %v are written", failed.Load(), got)
		}
		if err := c.Write(t.Context(), pages(1_000_000)); err != nil {
			t.Error(err)
		}
		if err := c.Write(t.Context(), inserts(9)); err != nil {
			t.Error(err)
		}
	})
}

func TestAMistakeOfOursIsNotBlamedOnTheDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		err := s.Write(t.Context(), func(ctx context.Context, tx *sql.Tx) error { return insert(ctx, tx, 1) })
		if err == nil || fault.CodeOf(err) != fault.Internal {
			t.Errorf("a mistake of ours is %v", err)
		}
	})
}
