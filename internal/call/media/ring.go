package media

import "sync/atomic"

// ring hands values from one goroutine to another, in order, without a lock and
// without waiting. Its memory is bounded.
type ring[T any] struct {
	values []T // a power of two of them
	read   atomic.Uint64
	_      [56]byte // on cache lines of their own, because two cores write them
	write  atomic.Uint64
}

// newRing returns a ring for size values, a power of two.
func newRing[T any](size int) *ring[T] { return &ring[T]{values: make([]T, size)} }

// room returns how many values fit now, for who pushes.
func (r *ring[T]) room() int { return len(r.values) - int(r.write.Load()-r.read.Load()) }

// push adds a value; not where the ring is full.
func (r *ring[T]) push(v T) bool {
	if r.room() == 0 {
		return false
	}
	at := r.write.Load()
	r.values[at&uint64(len(r.values)-1)] = v
	r.write.Store(at + 1)
	return true
}

// pop takes the oldest value, if there is one.
func (r *ring[T]) pop() (v T, ok bool) {
	at := r.read.Load()
	if at == r.write.Load() {
		return v, false
	}
	v = r.values[at&uint64(len(r.values)-1)]
	r.read.Store(at + 1)
	return v, true
}

// commands go from any goroutine to one thread, in the order in which they came.
type commands struct{ last atomic.Pointer[command] }

// command is what a thread is to do at its next tick.
type command struct {
	do   func(t *thread)
	next *command // the one added before it; once taken, the one after it
}

// add adds a command. It may start again where another goroutine comes between,
// but never waits for one.
func (c *commands) add(do func(t *thread)) {
	added := &command{do: do}
	for {
		added.next = c.last.Load()
		if c.last.CompareAndSwap(added.next, added) {
			return
		}
	}
}

// take takes all commands, the oldest first.
func (c *commands) take() (first *command) {
	for c := c.last.Swap(nil); c != nil; {
		before := c.next
		c.next, first = first, c
		c = before
	}
	return first
}
