package media

import "sync/atomic"

// A bell wakes up the goroutine that hands out what threads have to tell.
type bell interface {
	ring()             // never waits; several rings before a wait are one
	wait() (rung bool) // until it is rung; not once it is closed
	close()
}

// plainBell is one for threads of tests. A channel's lock may keep a thread
// waiting.
type plainBell chan struct{}

func newPlainBell() plainBell { return make(plainBell, 1) }

func (b plainBell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

func (b plainBell) wait() bool {
	_, rung := <-b
	return rung
}

func (b plainBell) close() { close(b) }

// listeners are those who wait for news of a thread: a leg's call, or who reads a
// tap. A thread adds those that have some, and one goroutine wakes them up.
type listeners struct{ first atomic.Pointer[listener] }

// listener waits for news at ready. It is in the list at most once.
type listener struct {
	ready  chan struct{} // has room for one
	queued atomic.Bool
	next   *listener // of the list

	over atomic.Bool // there will be no more news
	gone func()      // optional; called by who wakes up, once that is so
}

func newListener() *listener { return &listener{ready: make(chan struct{}, 1)} }

// add adds l and reports whether it was not there.
func (ls *listeners) add(l *listener) bool {
	if l.queued.Swap(true) {
		return false
	}
	for {
		first := ls.first.Load()
		l.next = first
		if ls.first.CompareAndSwap(first, l) {
			return true
		}
	}
}

// wake wakes up those in the list, and empties it.
func (ls *listeners) wake() {
	for l := ls.first.Swap(nil); l != nil; {
		next := l.next
		l.next = nil
		l.queued.Store(false) // first: what is told from now on wakes it up again
		if l.gone != nil && l.over.Load() {
			l.gone()
			l.gone = nil
		}
		select {
		case l.ready <- struct{}{}:
		default:
		}
		l = next
	}
}
