package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/test/await"
)

const insertPad, countPad = "INSERT INTO pad (id) VALUES ($1)", "SELECT count(*) FROM pad"

// into returns what scans one number.
func into(n *int) func(store.Scanner) error {
	return func(row store.Scanner) error { return row.Scan(n) }
}

// TestAStepUsesTheResultsOfTheOneBefore writes in three steps.
func TestAStepUsesTheResultsOfTheOneBefore(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		pad(t, s)
		found, raised := -1, -1
		if err := s.Steps(t.Context(), func(b *store.Batch) error {
			b.Lock("b", "a", "b")
			b.Exec(insertPad, 1)
			b.Exec(insertPad, 2)
			b.Query(into(&found), countPad)
			b.Then(func(b *store.Batch) error {
				if found != 2 {
					t.Errorf("%d rows are found", found)
				}
				b.Count(&raised, "UPDATE pad SET n = $1", found)
				b.Then(func(b *store.Batch) error {
					b.Exec(insertPad, 7)
					return nil
				})
				return nil
			})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if raised != 2 {
			t.Errorf("%d rows are changed", raised)
		}
		wantWritten(t, s, 1, 2, 7)
	})
}

// TestWhatAStepOfManyFailsAtIsUndone fails in each way that steps can.
func TestWhatAStepOfManyFailsAtIsUndone(t *testing.T) {
	broken := errors.New("broken")
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		pad(t, s)
		for name, then := range map[string]func(b *store.Batch) error{
			"the step":    func(*store.Batch) error { return broken },
			"a statement": func(b *store.Batch) error { b.Exec(insertPad, 2); b.Exec(insertPad, 1); return nil },
			"a later one": func(b *store.Batch) error { b.Exec(insertPad, 1); b.Exec(insertPad, 2); return nil },
			"a wrong one": func(b *store.Batch) error { b.Exec("INSERT INTO nothing (id) VALUES ($1)", 1); return nil },
			"a row's reader": func(b *store.Batch) error {
				b.Query(func(store.Scanner) error { return broken }, countPad)
				b.Then(func(*store.Batch) error { return nil })
				return nil
			},
		} {
			if err := s.Steps(t.Context(), func(b *store.Batch) error {
				b.Exec(insertPad, 1)
				b.Then(then)
				return nil
			}); err == nil {
				t.Errorf("%s: no error", name)
			}
			wantWritten(t, s)
		}
		ended, end := context.WithCancel(t.Context())
		if err := s.Steps(ended, func(b *store.Batch) error {
			b.Exec(insertPad, 1)
			b.Then(func(b *store.Batch) error {
				end()
				b.Exec(insertPad, 2)
				return nil
			})
			return nil
		}); s.Shared() && (!errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "nothing was written")) {
			t.Errorf("after the caller has gone the error is %v", err)
		}
		if s.Shared() {
			wantWritten(t, s)
		}
	})
}

// TestALockLetsSeeWhatItsHolderHasWritten has two transactions of one name.
func TestALockLetsSeeWhatItsHolderHasWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		pad(t, s)
		holding, ended := make(chan struct{}), make(chan struct{})
		found := 0
		go func() {
			defer close(ended)
			<-holding
			if err := s.Steps(t.Context(), func(b *store.Batch) error {
				b.Lock("name")
				b.Query(into(&found), countPad)
				return nil
			}); err != nil {
				t.Error(err)
			}
		}()
		if err := s.Steps(t.Context(), func(b *store.Batch) error {
			b.Lock("name")
			b.Then(func(b *store.Batch) error {
				close(holding)
				b.Exec(insertPad, 1)
				return nil
			})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		await.From(t, "the second of the name", ended)
		if found != 1 {
			t.Errorf("the second of the name has seen %d rows", found)
		}
	})
}
