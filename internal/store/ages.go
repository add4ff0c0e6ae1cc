package store

import (
	"context"
	"math/rand/v2"
	"sync"
)

// ageBits is how many bits of an age are random: two processes that make
// objects in the same microsecond hardly ever give them the same age.
const ageBits = 10

// ages gives out growing numbers without asking the database, where all would
// wait for each other: they are made from the time.
type ages struct {
	mu   sync.Mutex
	last int64
}

// start makes the next age higher than all existing ones, even if the clock has
// been set back.
func (a *ages) start(ctx context.Context, s *Store) error {
	return s.readOne(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, "SELECT coalesce(max(age), 0) FROM objects").Scan(&a.last)
	})
}

// next returns an age for now.
func (a *ages) next(microseconds int64) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	age := microseconds<<ageBits | rand.Int64N(1<<ageBits) //nolint:gosec // tells processes apart, guards nothing
	a.last = max(age, a.last+1)
	return a.last
}
