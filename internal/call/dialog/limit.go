package dialog

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// What one source may send before any of it is parsed. A source is an address of
// IPv4 or a /64 of IPv6, which is what one subscriber has: an office whose
// telephones share an address must fit in.
const (
	tokenBytes = 2048                  // a token pays for this much: a usual INVITE has 1,500
	tokenEvery = 10 * time.Millisecond // 100 a second
	tokenBurst = 300                   // after a silence of three seconds
)

// What makes a source go unanswered, and for how long. A telephone with a wrong
// password tries every few seconds; a scanner tries hundreds a second.
const (
	maxOffences = 20
	offencesIn  = time.Minute
	silence     = 5 * time.Minute
)

// The table's size: 16,384 sources in 640 KiB. A flood of sources, made up or
// not, pushes others out, which forgives those; it makes nobody else pay.
const (
	tableSets = 4096 // a power of two
	tableWays = 4
)

// limiter counts what sources send, in a table of fixed size. Times are since
// the limiter was made. It is safe for several goroutines.
type limiter struct {
	seed maphash.Seed // unknown outside: nobody can choose whom to push out
	mu   sync.Mutex
	sets [tableSets][tableWays]standing
}

// standing is what is known of a source. The zero value is a stranger's.
type standing struct {
	key      uint64
	paid     time.Duration // until when its tokens are used up in advance
	since    time.Duration // when the first of the offences was
	silent   time.Duration // until when it goes unanswered
	offences int
}

func newLimiter() *limiter { return &limiter{seed: maphash.MakeSeed()} }

// admit takes the tokens for bytes that a source sent. Wait is how long it takes
// until there are enough, none having been taken; 0: they have been. Of a silent
// source nothing is to be heard, and wait is the rest of its silence.
func (l *limiter) admit(from netip.Addr, bytes int, now time.Duration) (wait time.Duration, silent bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.find(from, now)
	if s.silent > now {
		return s.silent - now, true
	}
	paid := max(s.paid, now) + time.Duration(1+bytes/tokenBytes)*tokenEvery
	if wait = paid - now - tokenBurst*tokenEvery; wait > 0 {
		return wait, false
	}
	s.paid = paid
	return 0, false
}

// offend counts something that could not be parsed, or that was asked for
// without the right to it. It reports whether the source's silence begins.
func (l *limiter) offend(from netip.Addr, now time.Duration) (silenced bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.find(from, now)
	if s.silent > now {
		return false // what was under way when it began
	}
	if s.offences == 0 || now-s.since >= offencesIn {
		s.since, s.offences = now, 0
	}
	if s.offences++; s.offences < maxOffences {
		return false
	}
	s.offences, s.silent = 0, now+silence
	return true
}

// find returns the standing of a source. A stranger takes the place of the one
// whose standing matters for the shortest time.
func (l *limiter) find(from netip.Addr, now time.Duration) *standing {
	key := l.key(from)
	set := &l.sets[key%tableSets]
	least := &set[0]
	for i := range set {
		if set[i].key == key {
			return &set[i]
		}
		if set[i].matters(now) < least.matters(now) {
			least = &set[i]
		}
	}
	*least = standing{key: key}
	return least
}

// key returns what a source is found by. Two sources share one by chance alone,
// once in 2^64.
func (l *limiter) key(from netip.Addr) uint64 {
	return max(maphash.Comparable(l.seed, SourceOf(from)), 1) // 0 is a free place's
}

// matters returns until when a standing differs from a stranger's.
func (s *standing) matters(now time.Duration) time.Duration {
	until := max(s.paid, s.silent)
	if s.offences > 0 {
		until = max(until, s.since+offencesIn)
	}
	return max(until, now)
}

// SourceOf returns the source that an address belongs to, as limits count them: the
// address of IPv4, the /64 of IPv6, which is what one subscriber has.
func SourceOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits) // fails for an invalid address alone: all of those are one source
	return p
}
