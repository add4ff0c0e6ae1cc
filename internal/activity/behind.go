package activity

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	// maxWaiting is how many items may wait for the database: a minute of the
	// decisions of a busy server. Past it the tenth that has waited longest is
	// dropped.
	maxWaiting = 20_000

	// maxBatch is how many are written at once: callers wait for that transaction.
	maxBatch = 200

	// gatherTime is how long items wait for others, to share a transaction.
	gatherTime = 100 * time.Millisecond

	// tellPatience is how long one batch may take.
	tellPatience = 5 * time.Second

	// troubledPause is how long a database that failed is left alone.
	troubledPause = 5 * time.Second
)

// Behind tells items later, for those who must not wait for the database. It
// holds a bounded number of them in memory: a crash loses those, and so does a
// database that is down for long.
type Behind struct {
	tell    func(context.Context, ...Item) error
	dropped func(int)
	log     *slog.Logger
	wake    chan struct{} // holds one where items wait

	mu      sync.Mutex
	waiting []Item
}

// NewBehind returns a Behind over store.Store.Tell. Dropped is told each time how
// many items are lost.
func NewBehind(tell func(context.Context, ...Item) error, dropped func(int), log *slog.Logger) *Behind {
	return &Behind{tell: tell, dropped: dropped, log: log, wake: make(chan struct{}, 1)}
}

// Add tells items later. It never waits.
func (b *Behind) Add(items ...Item) {
	items = slices.Clone(items)
	for i := range items {
		if items[i].At.IsZero() {
			items[i].At = time.Now()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(b.waiting, items...)
	if most := maxWaiting - maxWaiting/10; len(b.waiting) > maxWaiting {
		b.dropped(len(b.waiting) - most)
		b.waiting = slices.Clone(b.waiting[len(b.waiting)-most:])
	}
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Run writes what is added until the context ends, and then what is left, once.
func (b *Behind) Run(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-b.wake:
			pause(ctx, gatherTime)
			if ctx.Err() == nil && !b.write(ctx) {
				pause(ctx, troubledPause)
			}
		}
	}
	b.write(ctx)
}

func pause(ctx context.Context, length time.Duration) {
	wait := time.NewTimer(length)
	defer wait.Stop()
	select {
	case <-ctx.Done():
	case <-wait.C:
	}
}

// write writes what waits, and reports whether it could. What the database does
// not take goes on waiting. The end of the context does not interrupt a batch.
func (b *Behind) write(ctx context.Context) bool {
	for {
		batch := b.take()
		if len(batch) == 0 {
			return true
		}
		in, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellPatience)
		err := b.tell(in, batch...)
		cancel()
		if err != nil {
			b.log.ErrorContext(ctx, "activity not stored; trying again", "items", len(batch), "error", err.Error())
			b.mu.Lock()
			b.waiting = append(batch, b.waiting...)
			b.mu.Unlock()
			b.Add()
			return false
		}
	}
}

// take takes the next batch out.
func (b *Behind) take() []Item {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.waiting), maxBatch)
	batch := slices.Clone(b.waiting[:n])
	b.waiting = b.waiting[n:]
	return batch
}
