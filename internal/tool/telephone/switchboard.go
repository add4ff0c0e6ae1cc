package telephone

import (
	"context"
	"sync"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// switchboard connects one call after the other for a screen that must not
// wait: a call has a goroutine, and what happens in it goes into a mailbox.
type switchboard struct {
	ctx     context.Context //nolint:containedctx // it is of all the calls that a screen makes
	hangup  context.CancelCauseFunc
	options simulator.Options
	speaker simulator.Speaker // nil: calls are silent

	phone *simulator.Handset // of the last call; nil: there was none
	news  *mailbox           // of the last call: trace.Stamped, simulator.Scene, at last ended
	work  sync.WaitGroup

	result *simulator.Result // of the last call, once work is done
	err    error
}

// ended is the last of a call's news.
type ended struct {
	result *simulator.Result
	err    error
}

func newSwitchboard(ctx context.Context, options simulator.Options) *switchboard {
	b := &switchboard{options: options}
	b.ctx, b.hangup = context.WithCancelCause(ctx)
	return b
}

// dial begins a call once the previous one is over.
func (b *switchboard) dial() {
	b.work.Wait()
	news := &mailbox{full: make(chan struct{}, 1)}
	phone := &simulator.Handset{Speaker: b.speaker, Watch: func(scene simulator.Scene) { news.put(scene) }}
	options := b.options
	options.Record = func(event trace.Stamped) {
		news.put(event)
		if b.options.Record != nil {
			b.options.Record(event)
		}
	}
	b.phone, b.news = phone, news
	b.work.Go(func() {
		b.result, b.err = simulator.Live(b.ctx, options, phone)
		news.put(ended{b.result, b.err})
		news.close()
	})
}

// leave hangs up where a call goes on, and returns the last one.
func (b *switchboard) leave() (*simulator.Result, error) {
	b.hangup(engine.ErrHungUp)
	b.work.Wait()
	return b.result, b.err
}

// mailbox holds what has happened until it is read. Putting something in never
// blocks: a terminal that is stopped does not stop the call.
type mailbox struct {
	mu     sync.Mutex
	items  []any
	closed bool
	full   chan struct{} // there is something
}

func (m *mailbox) put(item any) {
	m.mu.Lock()
	m.items = append(m.items, item)
	m.mu.Unlock()
	m.ring()
}

func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.ring()
}

func (m *mailbox) ring() {
	select {
	case m.full <- struct{}{}:
	default:
	}
}

// take returns what has happened since it was called last, and whether nothing
// will come any more.
func (m *mailbox) take() (items []any, closed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	items, m.items = m.items, nil
	return items, m.closed
}

// next waits for what happens next, and returns nil once nothing will come any
// more.
func (m *mailbox) next() []any {
	for {
		if items, closed := m.take(); len(items) > 0 || closed {
			return items
		}
		<-m.full
	}
}
