// Package admission turns callers away while the server has more in hand than
// it can finish in time: those it lets in are served as if the others had not
// come, and those it turns away hear so at once.
//
// What is in hand is a question to our own database that somebody waits for. The
// time that a phone system takes is none of it: a slow vendor is no overload.
package admission

import (
	"sync"
	"time"
)

const (
	// allowance is how much longer than by itself a question may take because of
	// the others: what a caller, who waits for two, does not notice.
	allowance = 100 * time.Millisecond

	// interval is how often the bound follows what was measured. Some disks write
	// for 30 ms, and what waits for one write ends together.
	interval = 100 * time.Millisecond

	// least in hand are never too many: with fewer the database has nothing to do
	// now and then, as it has 16 connections, or writes in groups.
	least = 32

	// calm is how long after the last refusal the bound is forgotten: the
	// machine may have become faster since.
	calm = 10 * time.Second

	// weight is how many intervals, and how many questions, the averages go back.
	weight = 4
	basics = 16
)

// Control admits questions to the database. While more than half of them take
// longer than twice what one takes by itself and the allowance, there may be as
// many in hand as it finishes within that time (Little's law). As long as they
// do not, there is no bound, so that nobody is refused on a machine that is not
// full, however slow its database is. The zero Control has measured nothing. It may
// be used by several goroutines.
type Control struct {
	mu     sync.Mutex
	inHand int
	alone  time.Duration // what a question takes that comes when there is no other, on average
	bound  float64       // 0: none
	last   time.Time     // when somebody was refused

	// Of the interval.
	since                   time.Time
	finished, slow, refused int
	light                   int           // those that finished of the ones that began with at most least in hand
	spent                   time.Duration // by them

	total uint64 // refused
}

// Rank is who asks.
type Rank int

// The ranks.
const (
	New   Rank = iota // refused where the bound is reached
	Known             // in the middle of a call that was let in: refused at twice the bound
	Owed              // the end of what was begun: never refused
)

// Do asks a question, unless it refuses it. A nil Control refuses none.
func (c *Control) Do(rank Rank, ask func()) (admitted bool) {
	if c == nil {
		ask()
		return true
	}
	s, admitted := c.enter(rank, time.Now())
	if admitted {
		defer func() { c.leave(s, time.Now()) }() // also after a panic
		ask()
	}
	return admitted
}

// stay is a question in hand.
type stay struct {
	began time.Time
	alone bool // there was no other
	light bool // there were at most least, with it
}

func (c *Control) enter(rank Rank, now time.Time) (s stay, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.adjust(now)
	if most := c.bound * float64(1+rank); c.bound > 0 && rank != Owed && float64(c.inHand) >= most {
		c.refused++
		c.total++
		c.last = now
		return stay{}, false
	}
	alone := c.inHand == 0
	if alone { // nothing that came before says how fast the machine is when it is full
		c.since, c.finished, c.slow, c.refused, c.light, c.spent = now, 0, 0, 0, 0, 0
	}
	c.inHand++
	return stay{began: now, alone: alone, light: c.inHand <= least}, true
}

func (c *Control) leave(s stay, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inHand--
	took := now.Sub(s.began)
	if s.alone {
		c.learn(took)
	}
	c.finished++
	if s.light {
		c.light++
		c.spent += took
	}
	if took > c.target() {
		c.slow++
	}
	c.adjust(now)
}

// learn averages what questions take by themselves. One that was stuck counts as
// twice the average.
func (c *Control) learn(took time.Duration) {
	if c.alone == 0 {
		c.alone = took
		return
	}
	c.alone += (min(took, 2*c.alone) - c.alone) / basics
}

// target is what a question may take.
func (c *Control) target() time.Duration { return 2*c.alone + allowance }

// adjust makes the bound follow an interval that is over.
func (c *Control) adjust(now time.Time) {
	took := now.Sub(c.since)
	if took < interval || c.finished == 0 {
		return
	}
	full := 2*c.slow > c.finished
	if full && 0 < c.bound && c.bound <= least && c.light > 0 {
		// Fewer callers did not make it faster: the database itself is slower than
		// it was when somebody asked alone.
		c.alone = max(c.alone, c.spent/time.Duration(c.light))
	}
	switch can := max(least, float64(c.finished)*c.target().Seconds()/took.Seconds()); {
	case c.bound == 0 && full:
		c.bound, c.last = can, now
	case c.bound > 0 && (full || c.refused > 0):
		c.bound += (can - c.bound) / weight
	case now.Sub(c.last) > calm:
		c.bound = 0
	}
	c.since, c.finished, c.slow, c.refused, c.light, c.spent = now, 0, 0, 0, 0, 0
}

// Level is how things stand.
type Level struct {
	InHand  int
	Bound   int    // how many there may be; 0: it is not full, and there is no bound
	Refused uint64 // since the start
}

// Level returns how things stand.
func (c *Control) Level() Level {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Level{InHand: c.inHand, Bound: int(c.bound), Refused: c.total}
}
