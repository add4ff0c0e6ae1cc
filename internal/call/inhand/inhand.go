// Package inhand holds the calls that something runs, for its end: it takes no
// more, waits for those in hand, and hangs up what is left when the time is up.
package inhand

import (
	"context"
	"sync"
)

// Calls are calls in hand. The zero value has none, and takes them. All methods
// may be called by several goroutines.
type Calls struct {
	mu       sync.Mutex
	draining bool
	hangUps  map[*call]struct{}
	none     chan struct{} // closed when there are none; nil: there never was one
}

// call is one of them.
type call struct{ hangUp context.CancelCauseFunc }

// Begin takes a call, which hangUp ends by its context. Call end once it is over.
// ok is false once Drain was called: the call is not taken, and end is nil.
func (c *Calls) Begin(hangUp context.CancelCauseFunc) (end func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining {
		return nil, false
	}
	if len(c.hangUps) == 0 {
		c.hangUps, c.none = make(map[*call]struct{}), make(chan struct{})
	}
	this := &call{hangUp}
	c.hangUps[this] = struct{}{}
	return sync.OnceFunc(func() { c.end(this) }), true
}

func (c *Calls) end(this *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.hangUps, this)
	if len(c.hangUps) == 0 {
		close(c.none)
	}
}

// Drain takes no more calls from now on. Those in hand go on.
func (c *Calls) Drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.draining = true
}

// Draining reports whether Drain was called.
func (c *Calls) Draining() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.draining
}

// InHand returns how many calls there are.
func (c *Calls) InHand() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.hangUps)
}

// Wait waits until there is no call, or the context has ended, which is its error.
func (c *Calls) Wait(ctx context.Context) error {
	c.mu.Lock()
	none, left := c.none, len(c.hangUps)
	c.mu.Unlock()
	if left == 0 {
		return nil
	}
	select {
	case <-none:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// HangUp ends the calls in hand, for a cause. It does not wait: Wait does.
func (c *Calls) HangUp(cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for one := range c.hangUps {
		one.hangUp(cause)
	}
}
