//go:build linux

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// call is one of those that are made.
type call struct {
	from   string // the caller's number, which no other call has
	stream *stream
	dialog *dialog.Call
	dialed time.Time

	begun chan struct{} // closed once it was answered, or has failed
	over  chan struct{}

	mu       sync.Mutex
	answered time.Time // zero: it is not
	failed   bool      // it has ended, and not because we hung up:
	ended    dialog.Ended
	hungUp   bool
}

func newCall(s *stream, from string) *call {
	return &call{from: from, stream: s, dialed: time.Now(), begun: make(chan struct{}), over: make(chan struct{})}
}

// tell takes what happens to the call.
func (c *call) tell(e dialog.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := e.(type) {
	case dialog.Agreed:
		c.stream.sendTo(e.Agreement)
	case dialog.Answered:
		c.answered = time.Now()
		close(c.begun)
	case dialog.Ended:
		c.failed, c.ended = !c.hungUp, e
		if c.answered.IsZero() {
			close(c.begun)
		}
		c.stream.over.Store(true)
		close(c.over)
	}
}

// standing returns when the call was answered, and why it has failed; "": it has not.
// Heard is when what it was for was heard, the zero time if it was not.
func (c *call) standing(heard time.Time) (answered time.Time, failure string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.failed && c.ended.Status > 0:
		failure = fmt.Sprintf("status %d", c.ended.Status)
	case c.failed:
		failure = "ended by the server"
	case c.answered.IsZero():
		failure = "not answered"
	case heard.IsZero():
		failure = "nothing heard"
	}
	return c.answered, failure
}

func (c *call) hangUp() {
	c.mu.Lock()
	c.hungUp = !c.failed
	c.mu.Unlock()
	c.dialog.Hangup(engine.Normal)
}

// patience is how long calls that were made are waited for: to be answered, and to be
// over. Real servers take a second at most.
const patience = 10 * time.Second

// hangUpAll ends calls, and waits for their ends.
func hangUpAll(all []*call) {
	for _, c := range all {
		c.hangUp()
	}
	_ = waitForAll(context.Background(), all, func(c *call) <-chan struct{} { return c.over }) // which is never done
}

// waitForAll waits until something has happened to each call, or for as long as there is
// patience. Its error is the context's.
func waitForAll(ctx context.Context, all []*call, what func(*call) <-chan struct{}) error {
	limit := time.After(patience)
	for _, c := range all {
		select {
		case <-what(c):
		case <-limit:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
