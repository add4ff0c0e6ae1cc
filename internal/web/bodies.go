package web

import (
	"container/list"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultBodies is how many requests with a body are worked on at once, where
// nobody says. A quarter of them with 64 KiB each, which is all that may be on
// its way, are 8 MiB, and twice that while they grow.
const DefaultBodies = 512

// Bodies bounds the requests of a process that have a body in hand. At most a
// quarter of them may still wait for the rest of theirs: the one that has waited
// longest gives way to the next, so that who sends slowly holds up nobody else. One
// that has come whole, and that the server itself has not read yet, does not.
// Requests without a body are not counted.
type Bodies struct {
	mu      sync.Mutex
	most    int
	inHand  int
	waiting *list.List // of *bodyInHand, the one that began first in front
}

// NewBodies returns Bodies of at most so many requests; 0: DefaultBodies.
func NewBodies(most int) *Bodies {
	b := &Bodies{waiting: list.New()}
	b.Limit(most)
	return b
}

// Limit changes the bound. Those that are in hand stay.
func (b *Bodies) Limit(most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.most = most; most <= 0 {
		b.most = DefaultBodies
	}
}

// errBusy is what reading a body yields that there is no room for. What is
// answered to it is the recorder's matter.
var errBusy = errors.New("there are too many requests at once")

// SlowRefusal is how long a request whose body gave way waits for its answer,
// unless it sends the rest. A client that is told at once and comes back at once
// would keep the server busy: two thousand of them cost everybody else seconds.
const SlowRefusal = 5 * time.Second

// What a body can come to. It comes to one of them once: a body that has been
// read to its end does not give way because its goroutine has to wait its turn
// to say so.
const (
	bodyWaits   int32 = iota
	bodyRead          // to its end, or nothing more comes of it
	bodyGaveWay       // to another
)

// bodyInHand is the body of a request. It counts from the first time that it is read
// to the end of its request.
type bodyInHand struct {
	io.ReadCloser
	of      *Bodies
	on      *connection // nil: it is not known
	control *http.ResponseController

	came  atomic.Int32 // to one of the above
	read  int64        // bytes
	begun bool         // it has been read, or there was no room to

	// What follows is guarded by of.mu.
	place   *list.Element // in of.waiting; nil: it does not wait
	counted bool
	refused bool
	whole   bool // it has been read to its end
	over    bool // so has it not, and nothing more comes of it
}

// Read reads on, where there is room.
func (b *bodyInHand) Read(p []byte) (int, error) {
	if !b.begin() {
		return 0, errBusy
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	if err == nil {
		return n, nil
	}
	if b.came.Load() != bodyRead && !b.came.CompareAndSwap(bodyWaits, bodyRead) {
		return 0, errBusy // the error is that of the deadline, which ended it
	}
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	b.whole, b.over = errors.Is(err, io.EOF), true
	b.leaveWaiting()
	if b.whole {
		_ = b.control.SetReadDeadline(time.Time{}) // the answer may take longer
	}
	return n, err
}

// begin counts the body, and reports whether there is room for it.
func (b *bodyInHand) begin() bool {
	if b.begun && b.came.Load() == bodyWaits {
		return true
	}
	b.begun = true
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	if b.counted || b.refused || b.over {
		return !b.refused
	}
	if b.of.inHand >= b.of.most || b.of.waiting.Len() >= max(b.of.most/4, 1) {
		b.of.giveWay()
	}
	if b.of.inHand >= b.of.most {
		b.refused = true
		b.came.Store(bodyRead)
		return false
	}
	b.of.inHand++
	b.counted, b.place = true, b.of.waiting.PushBack(b)
	_ = b.control.SetReadDeadline(time.Now().Add(BodyTimeout)) // else that of all requests holds
	return true
}

// giveWay ends the wait of the body that has waited longest for its client.
func (b *Bodies) giveWay() {
	for place := b.waiting.Front(); place != nil; place = place.Next() {
		slow, _ := place.Value.(*bodyInHand)
		if !slow.on.waits() || !slow.came.CompareAndSwap(bodyWaits, bodyGaveWay) {
			continue // it is we who are slow
		}
		slow.refused = true
		slow.leave()
		_ = slow.control.SetReadDeadline(time.Unix(1, 0)) // else it ends by the time limit of all
		return
	}
}

func (b *bodyInHand) leaveWaiting() {
	if b.place != nil {
		b.of.waiting.Remove(b.place)
		b.place = nil
	}
}

func (b *bodyInHand) leave() {
	b.leaveWaiting()
	if b.counted {
		b.counted = false
		b.of.inHand--
	}
}

// end takes the body out of the count: its request has been answered.
func (b *bodyInHand) end() {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	b.over = true
	b.leave()
}

// state says whether there was room for it, and whether it was read to its end.
func (b *bodyInHand) state() (refused, whole bool) {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	return b.refused, b.whole
}

// gaveWay reports whether it was refused because it was slow.
func (b *bodyInHand) gaveWay() bool { return b.came.Load() == bodyGaveWay }
