package textback

import (
	"sync"

	"github.com/switchhook/switchhook/internal/answer/ledger"
)

// inFlight are the calls that this process is handling. A repeat waits here for
// the result of the first request instead of polling the ledger.
type inFlight struct {
	mu    sync.Mutex
	calls map[ledger.Key]*flight
}

// flight is what is being done for a call.
type flight struct {
	done   chan struct{} // closed when reason is there
	reason Reason
}

func newInFlight() *inFlight { return &inFlight{calls: map[ledger.Key]*flight{}} }

// once calls do for the first request of a call, and returns its result to that
// request and to those that arrive meanwhile. If do panics they get Failed: we
// cannot know how far it got.
func (a *inFlight) once(key ledger.Key, do func() (reason Reason, repeated bool)) (reason Reason, repeated bool) {
	a.mu.Lock()
	if first, ok := a.calls[key]; ok {
		a.mu.Unlock()
		<-first.done
		return first.reason, true
	}
	first := &flight{done: make(chan struct{}), reason: Failed}
	a.calls[key] = first
	a.mu.Unlock()
	defer func() { // also if do panics: a repeat must not wait for ever
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.calls, key)
		close(first.done)
	}()
	first.reason, repeated = do()
	return first.reason, repeated
}
