package textback

import (
	"crypto/sha256"
	"encoding/binary"
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
	maxRemembered  = 100_000 // calls; about 10 MB
)

// callKey is what makes two requests the same call. It is as large for ids of
// any length, which are not ours to choose.
type callKey [16]byte

func keyOf(id, callID, caller string) callKey {
	text := make([]byte, 0, 256)
	for _, part := range [...]string{id, callID, caller} {
		text = binary.AppendUvarint(text, uint64(len(part)))
		text = append(text, part...)
	}
	sum := sha256.Sum256(text)
	return callKey(sum[:])
}

// memory answers a repeated request as the first one, and lets only one of
// them act.
type memory struct {
	mu    sync.Mutex
	calls map[callKey]remembered
	order []dated // of those calls that have their answer, the oldest first
}

// remembered is a call: its answer, or where it is to come from.
type remembered struct {
	reason Reason
	until  int64 // in nanoseconds of Unix time
	acting *act
}

// act is what is being done for a call.
type act struct {
	done   chan struct{} // closed when reason is there
	reason Reason
}

// dated is a key, and until when it is the one that was meant.
type dated struct {
	key   callKey
	until int64
}

func newMemory() *memory { return &memory{calls: map[callKey]remembered{}} }

// once does something for the first request of a call, and returns what that
// came to, to that request and to every repeat, which waits for it. keep is how
// long it is remembered; where do says not to, the next request is a first one
// again. Where do panics, the repeats get Failed: nobody knows how far it got.
func (m *memory) once(key callKey, keep time.Duration, do func() (reason Reason, remember bool)) (reason Reason, repeated bool) {
	now := time.Now()
	m.mu.Lock()
	m.forget(now.UnixNano())
	if call, ok := m.calls[key]; ok && (call.acting != nil || now.UnixNano() < call.until) {
		m.mu.Unlock()
		if call.acting == nil {
			return call.reason, true
		}
		<-call.acting.done
		return call.acting.reason, true
	}
	acting := &act{done: make(chan struct{}), reason: Failed}
	m.calls[key] = remembered{acting: acting}
	m.mu.Unlock()

	remember := true
	defer func() { // also where do panics: a repeat must not wait for ever
		m.mu.Lock()
		defer m.mu.Unlock()
		close(acting.done)
		if !remember {
			delete(m.calls, key)
			return
		}
		until := now.Add(keep).UnixNano()
		m.calls[key] = remembered{reason: acting.reason, until: until}
		m.order = append(m.order, dated{key, until})
	}()
	acting.reason, remember = do()
	return acting.reason, false
}

// forget drops what is old, or too much.
func (m *memory) forget(now int64) {
	for len(m.order) > 0 {
		oldest := m.order[0]
		// A call that was asked for again when it was old has a later place too.
		if call, ok := m.calls[oldest.key]; ok && call.acting == nil && call.until == oldest.until {
			if now < oldest.until && len(m.order) < maxRemembered {
				return
			}
			delete(m.calls, oldest.key)
		}
		m.order = m.order[1:]
	}
}
