package activity_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/activity"
)

// record is a store that can be down.
type record struct {
	mu    sync.Mutex
	down  bool
	items []activity.Item
}

func (r *record) tell(_ context.Context, items ...activity.Item) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.down {
		return errors.New("the database is down")
	}
	r.items = append(r.items, items...)
	return nil
}

func (r *record) set(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}

// run runs a Behind over the record until the test calls stop.
func run(r *record) (b *activity.Behind, dropped *atomic.Int64, stop func()) {
	dropped = new(atomic.Int64)
	b = activity.NewBehind(r.tell, func(n int) { dropped.Add(int64(n)) }, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { b.Run(ctx) })
	return b, dropped, func() {
		cancel()
		running.Wait()
	}
}

func add(b *activity.Behind, from, until int) {
	for i := from; i < until; i++ {
		b.Add(activity.Item{Kind: activity.OnCall, Outcome: "rung", About: fmt.Sprint(i)})
	}
}

func checkItems(t *testing.T, r *record, from, until int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.items) != until-from {
		t.Fatalf("%d items are stored, want %d", len(r.items), until-from)
	}
	for i, item := range r.items {
		if item.About != fmt.Sprint(from+i) || item.At.IsZero() {
			t.Fatalf("item %d is %+v", i, item)
		}
	}
}

func TestItemsAreToldBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r record
		b, dropped, stop := run(&r)
		add(b, 0, 1000)
		time.Sleep(time.Second)
		checkItems(t, &r, 0, 1000)
		add(b, 1000, 1010)
		stop()
		checkItems(t, &r, 0, 1010)
		if dropped.Load() != 0 {
			t.Errorf("%d are dropped", dropped.Load())
		}
	})
}

func TestADatabaseThatIsDownForAWhileLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := record{down: true}
		b, dropped, stop := run(&r)
		add(b, 0, 1000)
		time.Sleep(time.Minute)
		r.set(false)
		time.Sleep(10 * time.Second)
		checkItems(t, &r, 0, 1000)
		stop()
		if dropped.Load() != 0 {
			t.Errorf("%d are dropped", dropped.Load())
		}
	})
}

func TestADatabaseThatIsDownForLongLosesTheOldestWhichAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const all = 50_000
		r := record{down: true}
		b, dropped, stop := run(&r)
		add(b, 0, all)
		time.Sleep(time.Minute)
		r.set(false)
		time.Sleep(time.Minute)
		stop()
		lost := int(dropped.Load())
		if lost < all-20_000 || lost > all-18_000 {
			t.Errorf("%d are dropped", lost)
		}
		checkItems(t, &r, lost, all)
	})
}
