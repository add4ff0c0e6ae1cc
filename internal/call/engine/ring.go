package engine

import "sync/atomic"

// ring is a bounded queue between one goroutine that puts and one that takes.
// Neither ever waits for the other, nor allocates: where too much is in it, the
// oldest is dropped.
type ring[T any] struct {
	slots []T
	keep  uint64 // so many are kept

	// head is twice the number of the oldest entry, and one more while it is
	// being taken: until then its slot is not put into again.
	head atomic.Uint64
	tail atomic.Uint64 // the number of the next entry

	dropped atomic.Int64
}

// spareSlots is how many entries can be put while one is being taken by a
// goroutine that the machine has interrupted.
const spareSlots = 6

func newRing[T any](keep int) *ring[T] {
	return &ring[T]{slots: make([]T, keep+spareSlots), keep: uint64(keep)}
}

// next returns the slot for a new entry, which publish then adds; nil: there is
// none, and the new entry is the one that is dropped.
func (r *ring[T]) next() *T {
	tail := r.tail.Load()
	for {
		head := r.head.Load()
		entries := tail - head/2
		if entries < r.keep {
			break
		}
		if taking := head%2 == 1; taking {
			if entries < uint64(len(r.slots)) {
				break
			}
			r.dropped.Add(1)
			return nil
		}
		if r.head.CompareAndSwap(head, head+2) {
			r.dropped.Add(1)
		}
	}
	return r.slot(tail)
}

// publish adds the entry in the slot that next returned.
func (r *ring[T]) publish() { r.tail.Add(1) }

// take moves the oldest entry to into; false: there is none.
func (r *ring[T]) take(into *T) bool {
	for {
		head := r.head.Load()
		if head/2 == r.tail.Load() {
			return false
		}
		if r.head.CompareAndSwap(head, head+1) {
			*into = *r.slot(head / 2)
			r.head.Store(head + 2)
			return true
		}
	}
}

// full reports whether the next entry would drop one.
func (r *ring[T]) full() bool { return r.tail.Load()-r.head.Load()/2 >= r.keep }

func (r *ring[T]) slot(number uint64) *T { return &r.slots[number%uint64(len(r.slots))] }
