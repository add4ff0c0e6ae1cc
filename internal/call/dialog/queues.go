package dialog

import (
	"sync"

	"github.com/emiago/sipgo/sip"
)

// maxWaiting is how many messages of one call may wait. What a call does of itself
// stays far below that: more come only while it waits for a connection that takes
// nothing. One that is dropped is sent again over UDP, as if the network had lost it.
const maxWaiting = 64

// received is a message that has arrived.
type received struct {
	sip.Message
	socket *datagrams // it came by; nil over TCP and TLS
}

// call returns what the messages of a call have in common, and those of others do not.
func (r received) call() string {
	if id := r.CallID(); id != nil {
		return id.Value()
	}
	return r.Source()
}

// queues have the messages of a call taken in the order in which they arrived, one
// after the other, and those of several calls at the same time. The zero value is
// ready to use.
type queues struct {
	mu      sync.Mutex
	waiting map[string][]received // by call; has those of which one is being taken
}

// put adds a message of a call. If it is first, there is none before it: the caller
// has to take it, and then what next returns until there is nothing more. It is not
// ok if too many wait: it is dropped.
func (q *queues) put(call string, m received) (first, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting, busy := q.waiting[call]
	switch {
	case !busy:
		if q.waiting == nil {
			q.waiting = make(map[string][]received)
		}
		q.waiting[call] = nil
		return true, true
	case len(waiting) >= maxWaiting:
		return false, false
	}
	q.waiting[call] = append(waiting, m)
	return false, true
}

// next returns the message that is to be taken after the last one of a call.
func (q *queues) next(call string) (m received, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.waiting[call]
	if len(waiting) == 0 {
		delete(q.waiting, call)
		return received{}, false
	}
	q.waiting[call] = waiting[1:]
	return waiting[0], true
}
