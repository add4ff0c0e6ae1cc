package textback

import (
	"hash/maphash"
	"slices"
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
	maxRemembered  = 100_000 // calls; about 4 MB
)

// callKey is what makes two requests the same call.
type callKey struct{ id, callID, caller string }

// memory answers a repeated request as the first one, and lets only one of
// them act. Of calls that have their answer it keeps a hash: ids have any
// length, and are not ours to choose.
type memory struct {
	seed  maphash.Seed // random: nobody can make two calls look the same
	began time.Time

	mu       sync.Mutex
	acting   map[uint64]*act
	answered map[uint64]answered
	order    []uint64 // of answered, the oldest first
}

// act is what is being done for a call.
type act struct {
	done   chan struct{} // closed when reason is there
	reason Reason
}

// answered is what a call got.
type answered struct {
	until  uint32 // seconds since the memory began
	reason uint8  // an index of reasons
}

func newMemory() *memory {
	return &memory{seed: maphash.MakeSeed(), began: time.Now(), acting: map[uint64]*act{}, answered: map[uint64]answered{}}
}

// once does something for the first request of a call, and returns what that
// came to, to that request and to every repeat, which waits for it. Where do
// says not to remember it, the next request is a first one again. Where do
// panics, the repeats get Failed: nobody knows how far it got.
func (m *memory) once(key callKey, do func() (reason Reason, remember bool)) (reason Reason, repeated bool) {
	hash, now := maphash.Comparable(m.seed, key), m.now()
	m.mu.Lock()
	m.forget(now)
	if call, ok := m.answered[hash]; ok && now < call.until {
		m.mu.Unlock()
		return reasons[call.reason], true
	}
	if first, ok := m.acting[hash]; ok {
		m.mu.Unlock()
		<-first.done
		return first.reason, true
	}
	first := &act{done: make(chan struct{}), reason: Failed}
	m.acting[hash] = first
	m.mu.Unlock()

	remember := true
	defer func() { // also where do panics: a repeat must not wait for ever
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.acting, hash)
		if remember {
			m.remember(hash, key, first.reason)
		}
		close(first.done)
	}()
	first.reason, remember = do()
	return first.reason, false
}

// remember keeps the answer of a call.
func (m *memory) remember(hash uint64, key callKey, reason Reason) {
	keep := rememberCall
	if key.callID == "" {
		keep = rememberCaller
	}
	until := m.now() + uint32(keep/time.Second)
	m.answered[hash] = answered{until, uint8(slices.Index(reasons[:], reason))}
	m.order = append(m.order, hash)
}

// forget drops what is old, or too much.
func (m *memory) forget(now uint32) {
	for len(m.order) > 0 {
		if call := m.answered[m.order[0]]; now < call.until && len(m.order) < maxRemembered {
			return
		}
		delete(m.answered, m.order[0])
		m.order = m.order[1:]
	}
}

// now returns the seconds since the memory began.
func (m *memory) now() uint32 { return uint32(time.Since(m.began) / time.Second) }
