package textback

import (
	"container/list"
	"sync"
	"time"
)

// How long a call is remembered. A phone system repeats a request within
// seconds; a call's id is unique, so remembering it longer costs only memory.
// Without an id two calls of the same caller look the same, and a person who
// calls again after a minute may want another text.
const (
	rememberCall   = 24 * time.Hour
	rememberCaller = time.Minute
	maxRemembered  = 100_000 // calls; about 30 MB at the most
)

// callKey is what makes two requests the same call.
type callKey struct{ id, callID, caller string }

// memory answers a repeated request as the first one, and lets only one of
// them act.
type memory struct {
	mu    sync.Mutex
	calls map[callKey]*list.Element // of *remembered
	order *list.List                // by age
}

type remembered struct {
	key    callKey
	until  time.Time
	done   chan struct{} // closed when reason is there
	reason Reason
}

func newMemory() *memory { return &memory{calls: map[callKey]*list.Element{}, order: list.New()} }

// once calls act for the first request of a call and returns what it returned,
// to that request and to every repeat, which waits for it.
func (m *memory) once(key callKey, now time.Time, act func() Reason) (reason Reason, repeated bool) {
	m.mu.Lock()
	m.forget(now)
	if element, ok := m.calls[key]; ok {
		call := element.Value.(*remembered)
		if now.Before(call.until) {
			m.mu.Unlock()
			<-call.done
			return call.reason, true
		}
		m.drop(element)
	}
	keep := rememberCall
	if key.callID == "" {
		keep = rememberCaller
	}
	call := &remembered{key: key, until: now.Add(keep), done: make(chan struct{}), reason: Failed}
	m.calls[key] = m.order.PushBack(call)
	m.mu.Unlock()

	defer close(call.done) // also where act panics: a repeat must not wait forever
	call.reason = act()
	return call.reason, false
}

// forget drops what is old or too much.
func (m *memory) forget(now time.Time) {
	for element := m.order.Front(); element != nil; element = m.order.Front() {
		if m.order.Len() < maxRemembered && now.Before(element.Value.(*remembered).until) {
			return
		}
		m.drop(element)
	}
}

func (m *memory) drop(element *list.Element) {
	delete(m.calls, element.Value.(*remembered).key)
	m.order.Remove(element)
}
