package media

import (
	"runtime"
	"sync/atomic"
	"time"
)

const (
	tickTime = 5 * time.Millisecond
	slots    = 4 // a leg has its turn every 20 ms, and more often where it needs to

	// makeUp is how much of what a thread slept too long it makes up for, by ticks
	// one right after another. More would be a burst that no buffer of a far end
	// takes: it is a gap in the sound.
	makeUp = 100 * time.Millisecond
)

// thread serves legs: one tick every 5 ms, in which a fourth of them has its
// turn. It waits for nothing but the clock, takes no lock, and allocates nothing
// for a packet.
type thread struct {
	clock     Clock
	bell      bell
	commands  commands
	listeners listeners
	counts    counts

	tick    int64
	slots   [slots]slot
	batch   *Batch
	packet  [mtu]byte // that is being made
	rings   bool      // there is news
	stopped bool

	received, sent uint64 // what counts tell after the tick
}

// slot is the legs whose turn is at the same tick.
type slot struct {
	first *legState
	count int
}

// counts are what a thread counts, for others to read.
type counts struct {
	ticks, late, skipped, lostEvents atomic.Uint64
	received, sent                   atomic.Uint64
	latest                           atomic.Int64
}

func newThread(clock Clock, b bell) *thread {
	return &thread{clock: clock, bell: b, batch: newBatch()}
}

// run serves until a command stops it. The thread of the system ends with it,
// because the goroutine ends locked to it, and so does its priority.
func (t *thread) run(granted chan<- Priority) {
	runtime.LockOSThread()
	granted <- raise()
	for !t.stopped {
		t.step()
	}
}

// Grantable returns the priority that media threads of this process would be granted.
func Grantable() Priority {
	granted := make(chan Priority)
	go func() { // ends at once, and the thread of the system with it
		runtime.LockOSThread()
		granted <- raise()
	}()
	return <-granted
}

// step waits for the next tick, and serves.
func (t *thread) step() {
	t.tick++
	due := time.Duration(t.tick) * tickTime
	t.clock.Sleep(due)
	now := t.clock.Now()
	t.note(now - due)
	if now-due > makeUp {
		skip := int64((now - due) / tickTime)
		t.tick += skip
		t.counts.skipped.Add(uint64(skip))
	}
	for c := t.commands.take(); c != nil; c = c.next {
		c.do(t)
	}
	t.serve(now)
	t.counts.received.Store(t.received)
	t.counts.sent.Store(t.sent)
	if t.rings {
		t.rings = false
		t.bell.ring()
	}
}

// tooLate is how late a tick may be before it counts: the far end hears nothing
// of less.
const tooLate = 10 * time.Millisecond

// note counts a tick that is late by so much.
func (t *thread) note(late time.Duration) {
	t.counts.ticks.Add(1)
	if late > tooLate {
		t.counts.late.Add(1)
	}
	if int64(late) > t.counts.latest.Load() {
		t.counts.latest.Store(int64(late))
	}
}

// serve gives the legs of this tick their turn.
func (t *thread) serve(now time.Duration) {
	s := &t.slots[t.tick%slots]
	l := s.first
	*s = slot{}
	for l != nil {
		next := l.next
		if again := l.visit(t, now); again > 0 {
			t.place(l, again)
		}
		l = next
	}
}

// place gives a leg its turn at a tick, at most one round from now.
func (t *thread) place(l *legState, tick int64) {
	s := &t.slots[tick%slots]
	l.next, s.first = s.first, l
	s.count++
}

// admit takes in a leg, in the slot that has the fewest.
func (t *thread) admit(l *legState) {
	best := t.tick
	for tick := best + 1; tick < t.tick+slots; tick++ {
		if t.slots[tick%slots].count < t.slots[best%slots].count {
			best = tick
		}
	}
	t.place(l, best)
}

// wake has who waits for news woken up after this tick.
func (t *thread) wake(l *listener) {
	if t.listeners.add(l) {
		t.rings = true
	}
}

// stop closes all legs, and ends the thread after this tick.
func (t *thread) stop(now time.Duration) {
	for i := range t.slots {
		for l := t.slots[i].first; l != nil; l = l.next {
			l.finish(t, now)
		}
		t.slots[i] = slot{}
	}
	t.stopped = true
}
