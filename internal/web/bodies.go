package web

import (
	"container/list"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// DefaultBodies is how many requests with a body are worked on at once, where
// nobody says. A quarter of them with 64 KiB each, which is all that may be on
// its way, are 8 MiB, and twice that while they grow.
const DefaultBodies = 512

// Bodies bounds the requests of a process that have a body in hand. At most a
// quarter of them may still wait for the rest of theirs: the one that has waited
// longest gives way to the next, so that who sends slowly holds up nobody else. Requests
// without a body are not counted.
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

// bodyInHand is the body of a request. It counts from the first time that it is read
// to the end of its request.
type bodyInHand struct {
	io.ReadCloser
	of      *Bodies
	control *http.ResponseController

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
	if err == nil {
		return n, nil
	}
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	if b.refused {
		return 0, errBusy // the error is that of the deadline, which ended it
	}
	b.whole, b.over = errors.Is(err, io.EOF), true
	b.leaveWaiting()
	if b.whole {
		_ = b.control.SetReadDeadline(time.Time{}) // the answer may take longer
	}
	return n, err
}

// begin counts the body, and reports whether there is room for it.
func (b *bodyInHand) begin() bool {
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
		return false
	}
	b.of.inHand++
	b.counted, b.place = true, b.of.waiting.PushBack(b)
	_ = b.control.SetReadDeadline(time.Now().Add(BodyTimeout)) // else that of all requests holds
	return true
}

// giveWay ends the wait of the body that has waited longest.
func (b *Bodies) giveWay() {
	oldest := b.waiting.Front()
	if oldest == nil {
		return
	}
	slow, _ := oldest.Value.(*bodyInHand)
	slow.refused = true
	slow.leave()
	_ = slow.control.SetReadDeadline(time.Unix(1, 0)) // else it ends by the time limit of all
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
