package engine

import "sync/atomic"

// blockSize is how many bytes of small messages share a block: half a second.
const blockSize = 4096

// maxClears is how often a program can clear in 20 ms. More often it is not
// read: each time takes memory until the Line comes by.
const maxClears = 64

// block is a piece of what a program has sent. Its bytes up to filled do not
// change any more, and neither does filled once there is a next one.
type block struct {
	start  int64 // its place in all that the program has sent
	bytes  []byte
	filled atomic.Int64
	next   atomic.Pointer[block]
}

// backlog is what a program has sent and the caller has not heard. One
// goroutine puts and clears, another takes; neither waits for the other. What
// is large is handed over as it is, and cleared without being looked at.
type backlog struct {
	// Of the one that puts.
	last   *block
	sent   atomic.Int64 // bytes that were ever put
	clears int          // since the other one came by

	// Of the one that takes.
	first  *block
	at     int          // up to where first was taken
	passed atomic.Int64 // bytes that were taken or cleared

	cleared atomic.Pointer[block] // taking goes on here; nil: where it was
}

func newBacklog() *backlog {
	b := &block{}
	return &backlog{first: b, last: b}
}

// put adds sound, which becomes the backlog's.
func (q *backlog) put(sound []byte) {
	sent := q.sent.Load() + int64(len(sound))
	last := q.last
	if len(sound) < blockSize {
		filled := last.filled.Load()
		n := copy(last.bytes[filled:], sound)
		last.filled.Store(filled + int64(n))
		sound = sound[n:]
	}
	if len(sound) > 0 {
		q.add(sent-int64(len(sound)), sound)
	}
	q.sent.Store(sent)
}

// add adds a block that begins with sound.
func (q *backlog) add(start int64, sound []byte) {
	b := &block{start: start, bytes: sound}
	if len(sound) > 0 && len(sound) < blockSize {
		b.bytes = make([]byte, blockSize)
		copy(b.bytes, sound)
	}
	b.filled.Store(int64(len(sound)))
	q.last.next.Store(b)
	q.last = b
}

// clear drops what is in the backlog.
func (q *backlog) clear() {
	if q.left() == 0 {
		return
	}
	if q.cleared.Load() == nil {
		q.clears = 0
	}
	q.clears++
	q.add(q.sent.Load(), nil)
	q.cleared.Store(q.last)
}

// fits reports whether there is room for more bytes. What was cleared takes room
// until the one that takes comes by.
func (q *backlog) fits(more int) bool {
	if q.clears >= maxClears && q.cleared.Load() != nil {
		return false
	}
	held := q.sent.Load() - q.passed.Load()
	return held == 0 || held+int64(more) <= maxQueued
}

// take fills buf with the next bytes and returns how many there were. It copies
// no more than these.
func (q *backlog) take(buf []byte) int {
	q.skip()
	n := 0
	for n < len(buf) {
		next := q.first.next.Load() // before filled, which is final if there is one
		got := copy(buf[n:], q.first.bytes[q.at:q.first.filled.Load()])
		n, q.at = n+got, q.at+got
		if got > 0 {
			continue
		}
		if next == nil {
			break
		}
		q.first, q.at = next, 0
	}
	if n > 0 {
		q.passed.Add(int64(n))
	}
	return n
}

// skip goes on after what was cleared. take does it first.
func (q *backlog) skip() {
	b := q.cleared.Load()
	if b == nil {
		return
	}
	if b.start > q.passed.Load() {
		q.first, q.at = b, 0
		q.passed.Store(b.start)
	}
	q.cleared.CompareAndSwap(b, nil) // it would hold all that comes after it
}

// left returns how many bytes are still to be taken.
func (q *backlog) left() int64 {
	b := q.cleared.Load() // before passed, which has it once it is nil
	passed := q.passed.Load()
	if b != nil {
		passed = max(passed, b.start)
	}
	return q.sent.Load() - passed
}
