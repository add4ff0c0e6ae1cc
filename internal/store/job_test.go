package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/test/await"
)

// called is one call of a handler.
type called struct {
	id string
	at time.Time
}

// recorder returns a handler that succeeds at once, and its calls.
func recorder() (store.Handler, chan called) {
	calls := make(chan called, 1000)
	return func(_ context.Context, id string) (time.Time, error) {
		calls <- called{id, time.Now()}
		return time.Time{}, nil
	}, calls
}

// next waits for a call.
func next(t testing.TB, calls <-chan called) called {
	t.Helper()
	return await.From(t, "a call of a handler", calls)
}

// work begins to work jobs of the kind "text", until the test ends or stop is
// called.
func work(t testing.TB, s *store.Store, handler store.Handler, options store.WorkOptions) (stop func()) {
	t.Helper()
	worker, err := s.Work(t.Context(), map[string]store.Handler{"text": handler}, options)
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		if err := worker.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func schedule(t testing.TB, s *store.Store, id string, at time.Time) {
	t.Helper()
	if err := s.Schedule(t.Context(), "text", id, at); err != nil {
		t.Fatal(err)
	}
}

// behind executes a statement in the store's database without its knowledge.
func behind(t testing.TB, config store.Config, statement string) {
	t.Helper()
	driver, source := "pgx", config.URL
	if source == "" {
		driver, source = "sqlite", filepath.Join(config.Folder, "switchhook.db")
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestAJobIsDoneAtItsTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		handler, calls := recorder()
		work(t, s, handler, store.WorkOptions{})
		for _, wait := range []time.Duration{-time.Hour, 0, 700 * time.Millisecond} {
			at := time.Now().Add(wait)
			schedule(t, s, "a", at)
			c := next(t, calls)
			if c.id != "a" || c.at.Before(at.Truncate(time.Millisecond)) {
				t.Errorf("%q was called for %v before its time", c.id, at.Sub(c.at))
			}
		}
	})
}

func TestAJobOutlivesItsProcess(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		s, err := store.Open(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		schedule(t, s, "a", time.Now())
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		handler, calls := recorder()
		work(t, storetest.Open(t, config), handler, store.WorkOptions{})
		next(t, calls)
	})
}

func TestAJobWhoseProcessDiedIsBegunAgain(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		s := storetest.Open(t, config)
		schedule(t, s, "a", time.Now())
		behind(t, config, fmt.Sprintf(`UPDATE jobs SET worker = 'dead', due = %d`, dead(config)))
		handler, calls := recorder()
		work(t, s, handler, store.WorkOptions{})
		next(t, calls)
	})
}

// dead is when the job of a process that has just died counts as dead: on
// SQLite at once.
func dead(config store.Config) int64 {
	if config.URL == "" {
		return time.Now().Add(time.Hour).UnixMilli()
	}
	return time.Now().Add(time.Second).UnixMilli()
}

func TestAHandlerIsCalledAgainWhenItSays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		calls := make(chan called, 10)
		var again atomic.Int64
		work(t, s, func(_ context.Context, id string) (time.Time, error) {
			now := time.Now()
			calls <- called{id, now}
			if again.Load() != 0 {
				return time.Time{}, nil
			}
			at := now.Add(600 * time.Millisecond)
			again.Store(at.UnixMilli())
			return at, nil
		}, store.WorkOptions{})
		schedule(t, s, "a", time.Now())
		next(t, calls)
		if c := next(t, calls); c.at.UnixMilli() < again.Load() {
			t.Errorf("it was called %v ms early", again.Load()-c.at.UnixMilli())
		}
	})
}

func TestAJobIsMadeEarlierAndNotLater(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		handler, calls := recorder()
		work(t, s, handler, store.WorkOptions{})
		schedule(t, s, "a", time.Now().Add(time.Hour))
		schedule(t, s, "a", time.Now())
		next(t, calls)
		at := time.Now().Add(500 * time.Millisecond)
		schedule(t, s, "b", at)
		schedule(t, s, "b", at.Add(time.Hour))
		next(t, calls)
	})
}

func TestAJobThatIsBeingDoneIsDoneAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		begun, release := make(chan called, 10), make(chan struct{})
		var inside, most atomic.Int32
		work(t, s, func(_ context.Context, id string) (time.Time, error) {
			most.Store(max(most.Load(), inside.Add(1)))
			defer inside.Add(-1)
			begun <- called{id, time.Now()}
			<-release
			return time.Now().Add(time.Hour), nil
		}, store.WorkOptions{})
		schedule(t, s, "a", time.Now())
		next(t, begun)
		for range 3 {
			schedule(t, s, "a", time.Now())
		}
		release <- struct{}{}
		next(t, begun)
		release <- struct{}{}
		// The handler's own request, an hour later, is made earlier as well.
		schedule(t, s, "a", time.Now())
		next(t, begun)
		release <- struct{}{}
		if most.Load() != 1 {
			t.Errorf("%d were at it at once", most.Load())
		}
	})
}

func TestAHandlerThatFailsIsCalledAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		calls := make(chan called, 10)
		var n atomic.Int32
		work(t, s, func(_ context.Context, id string) (time.Time, error) {
			calls <- called{id, time.Now()}
			switch n.Add(1) {
			case 1:
				return time.Time{}, errors.New("the disk is full")
			case 2:
				panic("a defect")
			}
			return time.Time{}, nil
		}, store.WorkOptions{})
		schedule(t, s, "a", time.Now())
		first, second, third := next(t, calls), next(t, calls), next(t, calls)
		if second.at.Sub(first.at) < time.Second || third.at.Sub(second.at) < 2*time.Second {
			t.Errorf("it was called again after %v, and after %v", second.at.Sub(first.at), third.at.Sub(second.at))
		}
	})
}

func TestSeveralWorkersDoAJobOnce(t *testing.T) {
	const jobs = 60
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		s := storetest.Open(t, config)
		handler, calls := recorder()
		for range 2 {
			for i := range jobs {
				schedule(t, s, strconv.Itoa(i), time.Now())
			}
		}
		stops := []func(){work(t, s, handler, store.WorkOptions{AtOnce: 4})}
		if config.URL != "" {
			stops = append(stops, work(t, storetest.Open(t, config), handler, store.WorkOptions{AtOnce: 4}))
		}
		times := make(map[string]int)
		for range jobs {
			times[next(t, calls).id]++
		}
		for _, stop := range stops {
			stop()
		}
		for len(calls) > 0 {
			times[next(t, calls).id]++
		}
		for id, n := range times {
			if n != 1 {
				t.Errorf("job %s was done %d times", id, n)
			}
		}
	})
}

func TestStopWaitsAndLeavesNothingBehind(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		begun, release := make(chan called), make(chan struct{})
		var ended atomic.Bool
		stop := work(t, s, func(_ context.Context, id string) (time.Time, error) {
			begun <- called{id, time.Now()}
			<-release
			ended.Store(true)
			return time.Time{}, nil
		}, store.WorkOptions{})
		schedule(t, s, "a", time.Now())
		next(t, begun)
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			stop()
		}()
		close(release)
		<-stopped
		if !ended.Load() {
			t.Error("Stop did not wait for the handler")
		}
		var running bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&running, 1); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(running.Bytes(), []byte("store.(*Worker)")) {
			t.Errorf("after Stop the worker runs on:\n%s", &running)
		}
		schedule(t, s, "b", time.Now()) // waits for the next worker
	})
}

func TestAJobThatIsBrokenOffIsBegunAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		begun := make(chan called, 1)
		worker, err := s.Work(t.Context(), map[string]store.Handler{"text": func(ctx context.Context, id string) (time.Time, error) {
			begun <- called{id, time.Now()}
			<-ctx.Done()
			return time.Time{}, ctx.Err()
		}}, store.WorkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		schedule(t, s, "a", time.Now())
		next(t, begun)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := worker.Stop(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("Stop: %v", err)
		}
		handler, calls := recorder()
		work(t, s, handler, store.WorkOptions{})
		next(t, calls)
	})
}

func TestQueuedTextsHaveJobs(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		s := storetest.Open(t, config)
		now := time.Now()
		var want []string

		failed := begin(t, s, callOf("a"), now, sendsText).Text.ID
		finish(t, s, ledger.Result{ID: failed, Attempt: 1, At: now, State: ledger.Queued, Due: now})

		dead := begin(t, s, callOf("b"), now, sendsText).Text.ID
		finish(t, s, ledger.Result{ID: dead, Attempt: 1, At: now, State: ledger.Dead})
		if err := s.Resend(t.Context(), dead, now, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}

		trial, err := s.Enqueue(t.Context(), *textTo(caller))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Receive(t.Context(), stopMessage("m1"), tenant, stops); err != nil {
			t.Fatal(err)
		}
		want = append(want, failed, dead, trial.ID, "confirmation")

		stranded := begin(t, s, callOf("c"), now.Add(-time.Hour), func(ledger.History) ledger.Decision {
			text := textTo(caller)
			text.Lease = now.Add(-time.Minute)
			return ledger.Decision{Text: text}
		}).Text.ID
		sweep := func() {
			if _, err := s.Sweep(t.Context(), time.Now()); err != nil {
				t.Fatal(err)
			}
		}

		collect := func(ids []string) {
			t.Helper()
			handler, calls := recorder()
			stop := work(t, s, handler, store.WorkOptions{})
			got := make(map[string]int)
			for range ids {
				got[next(t, calls).id]++
			}
			stop()
			if diff := cmp.Diff(len(ids), len(got)+len(calls)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%v", diff, got)
			}
			for _, id := range ids {
				if got[id] != 1 {
					t.Errorf("text %s was worked %d times", id, got[id])
				}
			}
		}
		collect(want)
		sweep() // nothing was claimed, so all of them are still due
		collect(append(want, stranded))

		sweep()
		behind(t, config, `DELETE FROM jobs`)
		sweep()
		sweep()
		collect(append(want, stranded))
	})
}
