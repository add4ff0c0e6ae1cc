package dialog

import "sync"

// mailbox is what a call's goroutine is to do. Putting something in never waits:
// sipgo's transactions must not, nor the call's own goroutine.
type mailbox struct {
	mu    sync.Mutex
	work  []func()
	ready chan struct{} // has an element if there is work
}

func newMailbox() mailbox { return mailbox{ready: make(chan struct{}, 1)} }

func (m *mailbox) add(f func()) {
	m.mu.Lock()
	m.work = append(m.work, f)
	m.mu.Unlock()
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	work := m.work
	m.work = nil
	return work
}
