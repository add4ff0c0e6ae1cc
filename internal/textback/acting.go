package textback

import (
	"sync"

	"github.com/switchhook/switchhook/internal/ledger"
)

// acting are the calls that this process has in hand: a repeat waits here for
// what the first request comes to, rather than ask the ledger again and again.
type acting struct {
	mu    sync.Mutex
	calls map[ledger.Key]*act
}

// act is what is being done for a call.
type act struct {
	done   chan struct{} // closed when reason is there
	reason Reason
}

func newActing() *acting { return &acting{calls: map[ledger.Key]*act{}} }

// once does something for the first request of a call, and returns what that
// came to, to that request and to those that come meanwhile. Where do panics,
// they get Failed: nobody knows how far it got.
func (a *acting) once(key ledger.Key, do func() (reason Reason, repeated bool)) (reason Reason, repeated bool) {
	a.mu.Lock()
	if first, ok := a.calls[key]; ok {
		a.mu.Unlock()
		<-first.done
		return first.reason, true
	}
	first := &act{done: make(chan struct{}), reason: Failed}
	a.calls[key] = first
	a.mu.Unlock()
	defer func() { // also where do panics: a repeat must not wait for ever
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.calls, key)
		close(first.done)
	}()
	first.reason, repeated = do()
	return first.reason, repeated
}
