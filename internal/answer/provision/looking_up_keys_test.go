package provision_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
)

// TestGuessesShareLookups: four thousand a second, at the key of one entry.
func TestGuessesShareLookups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var loads atomic.Int32
		keys := provision.NewMadeKeys(func(context.Context, string) (provision.Record, error) {
			loads.Add(1)
			time.Sleep(time.Millisecond)
			return provision.Record{Guard: &provision.Guard{Key: "made"}}, nil
		})
		var guesses sync.WaitGroup
		for i := range 4000 {
			guesses.Go(func() {
				time.Sleep(time.Duration(i) * 250 * time.Microsecond)
				asked := time.Now()
				if key, _ := keys.Get(t.Context(), "dentist"); key != "made" || time.Since(asked) > 25*time.Millisecond {
					t.Errorf("guess %d gets %q after %v", i, key, time.Since(asked))
				}
			})
		}
		guesses.Wait()
		if got := loads.Load(); got > 51 {
			t.Errorf("the database is asked %d times in a second", got)
		}
	})
}

// TestAKeyIsNeverOlderThanItsQuestion: another server may have taken it back, or
// made it, a moment before.
func TestAKeyIsNeverOlderThanItsQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now atomic.Value
		now.Store(entry.Key("0"))
		keys := provision.NewMadeKeys(func(context.Context, string) (provision.Record, error) {
			key := now.Load().(entry.Key)
			time.Sleep(3 * time.Millisecond)
			return provision.Record{Guard: &provision.Guard{Key: key}}, nil
		})
		var asking sync.WaitGroup
		for i := range 200 {
			time.Sleep(time.Millisecond)
			now.Store(entry.Key(fmt.Sprint(i)))
			asking.Go(func() {
				got, _ := keys.Get(t.Context(), "dentist")
				var of int
				if _, err := fmt.Sscan(string(got), &of); err != nil || of < i {
					t.Errorf("who asked when it was %d gets %q", i, got)
				}
			})
		}
		asking.Wait()
	})
}

func TestALookupOutlivesTheRequestThatBeganIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := provision.NewMadeKeys(func(ctx context.Context, _ string) (provision.Record, error) {
			time.Sleep(time.Second)
			return provision.Record{Guard: &provision.Guard{Key: "made"}}, ctx.Err()
		})
		keys.Get(t.Context(), "dentist") // the next one has to wait for its turn
		var asking sync.WaitGroup
		ctx, leave := context.WithCancel(t.Context())
		asking.Go(func() { keys.Get(ctx, "dentist") })
		synctest.Wait()
		leave()
		if key, _ := keys.Get(t.Context(), "dentist"); key != "made" {
			t.Errorf("a request beside one that has gone gets %q", key)
		}
		asking.Wait()
		failing := provision.NewMadeKeys(func(context.Context, string) (provision.Record, error) {
			return provision.Record{}, errors.New("the database is down")
		})
		if key, demanded := failing.Get(t.Context(), "dentist"); key != "" || demanded {
			t.Errorf("without the database there is %q, demanded %v", key, demanded)
		}
	})
}
