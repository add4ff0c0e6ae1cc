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

// DefaultBodies is the default number of requests with a body in progress. A
// quarter of them with 64 KiB each, which is all that may be arriving, are 8
// MiB, and twice that while they grow.
const DefaultBodies = 512

// Bodies bounds the requests of a process with a body in progress. At most a
// quarter of them may still be receiving it: then the one that has waited
// longest gives way to the next, so that slow senders do not hold up anyone
// else. A body that has arrived whole, but that the server has not read yet,
// does not give way. Requests without a body are not counted.
type Bodies struct {
	mu      sync.Mutex
	most    int
	inHand  int
	waiting *list.List // of *bodyInHand, the first to begin in front
}

// NewBodies returns Bodies with a limit; 0: DefaultBodies.
func NewBodies(most int) *Bodies {
	b := &Bodies{waiting: list.New()}
	b.Limit(most)
	return b
}

// Limit changes the limit. Requests in progress stay.
func (b *Bodies) Limit(most int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.most = most; most <= 0 {
		b.most = DefaultBodies
	}
}

// errBusy is what reading a body returns if there is no room for it. The
// recorder sends the answer.
var errBusy = errors.New("there are too many requests at once")

// SlowRefusal is how long a request whose body gave way waits for its answer,
// unless it sends the rest. Clients that are refused at once and come back at
// once would keep the server busy: two thousand of them cost everyone else
// seconds.
const SlowRefusal = 5 * time.Second

// The outcome of a body, which is final: a body that has been read to its end
// does not give way because its goroutine is slow to say so.
const (
	bodyWaits   int32 = iota
	bodyRead          // to its end, or it failed
	bodyGaveWay       // to another
)

// bodyInHand is a request's body. It counts from its first read to the end of
// the request.
type bodyInHand struct {
	io.ReadCloser
	of      *Bodies
	on      *connection // nil: unknown
	control *http.ResponseController

	came  atomic.Int32 // one of the above
	read  int64        // bytes
	begun bool         // the first read was tried

	// The rest is guarded by of.mu.
	place   *list.Element // in of.waiting; nil: it is not waiting
	counted bool
	refused bool
	whole   bool // it has been read to its end
	over    bool // it has ended, whole or not
}

// Read reads the body, if there is room for it.
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
		return 0, errBusy // the error is the deadline's, which ended it
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
	_ = b.control.SetReadDeadline(time.Now().Add(BodyTimeout)) // otherwise that of all requests applies
	return true
}

// giveWay refuses the body that has waited longest for its client.
func (b *Bodies) giveWay() {
	for place := b.waiting.Front(); place != nil; place = place.Next() {
		slow, _ := place.Value.(*bodyInHand)
		if !slow.on.waits() || !slow.came.CompareAndSwap(bodyWaits, bodyGaveWay) {
			continue // the delay is ours
		}
		slow.refused = true
		slow.leave()
		_ = slow.control.SetReadDeadline(time.Unix(1, 0)) // otherwise it ends at the general time limit
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

// state says whether the body was refused, and whether it was read to its end.
func (b *bodyInHand) state() (refused, whole bool) {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	return b.refused, b.whole
}

// gaveWay reports whether it was refused because it was slow.
func (b *bodyInHand) gaveWay() bool { return b.came.Load() == bodyGaveWay }
