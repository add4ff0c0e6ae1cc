package softphone

import (
	"context"
	"io"
	"net/netip"
	"sync"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// Call is a call of a Phone. Its methods may be called by any goroutine. None but
// Next waits: what comes of them is told as events. What no longer makes sense,
// such as to answer a call that is over, does nothing.
type Call struct {
	phone  *Phone
	dialog *dialog.Call
	leg    *media.Leg
	watch  func(dialog.Event) // told what happens too; optional
	events events
	over   chan dialog.Ended
	done   chan struct{}

	mu        sync.Mutex
	agreed    sdp.Agreement
	recorder  *Recorder // nil before Hear
	silent    bool      // the sound has ended: no recorder begins
	recording sync.WaitGroup
}

func newCall(p *Phone, leg *media.Leg) *Call {
	return &Call{phone: p, leg: leg, events: events{more: make(chan struct{}, 1)}, over: make(chan dialog.Ended, 1), done: make(chan struct{})}
}

// Next returns the next event; io.EOF after Ended; or the cause of the context's
// end.
func (c *Call) Next(ctx context.Context) (Event, error) {
	for {
		if e, ok := c.events.take(); ok {
			return e, nil
		}
		select {
		case <-c.events.more:
		case <-c.done: // the last events were added before
			if e, ok := c.events.take(); ok {
				return e, nil
			}
			return nil, io.EOF
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Media returns where the phone receives the sound of the call.
func (c *Call) Media() netip.AddrPort {
	return netip.AddrPortFrom(c.phone.config.Listen.Address.Addr(), c.leg.Port())
}

// Ring tells the caller that the phone rings.
func (c *Call) Ring() { c.dialog.Ring(180, nil) }

// Answer answers a call to the phone.
func (c *Call) Answer() { c.dialog.Answer(c.local(sdp.SendRecv)) }

// Hold puts the other side on hold; Resume ends that. The dialog.Agreed that
// follows says so, or a dialog.NotChanged that they refused.
func (c *Call) Hold() { c.dialog.Change(c.local(sdp.SendOnly)) }

// Resume takes the other side off hold.
func (c *Call) Resume() { c.dialog.Change(c.local(sdp.SendRecv)) }

// Hangup ends the call.
func (c *Call) Hangup() { c.dialog.Hangup(engine.Normal) }

// Refuse turns a call to the phone down, for a cause.
func (c *Call) Refuse(cause engine.Cause) { c.dialog.Hangup(cause) }

// local is our side of the sound.
func (c *Call) local(direction sdp.Direction) sdp.Local {
	return sdp.Local{
		Address: netip.AddrPortFrom(c.phone.config.PublicMedia, c.leg.Port()),
		Codecs:  c.phone.config.Codecs, Direction: direction,
	}
}

// agreement returns what was agreed on last.
func (c *Call) agreement() sdp.Agreement {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.agreed
}

// take takes an event of the dialog, on the dialog's goroutine.
func (c *Call) take(e dialog.Event) {
	if c.watch != nil {
		c.watch(e)
	}
	switch e := e.(type) {
	case dialog.Agreed:
		c.mu.Lock()
		c.agreed = e.Agreement
		c.mu.Unlock()
		c.leg.Agree(e.Agreement)
	case dialog.Answered:
		c.leg.Answered()
	case dialog.Key:
		c.events.add(Key{Key: e.Key, By: ByInfo})
		return
	case dialog.Ended:
		c.over <- e
		return
	}
	c.events.add(e)
}

// run is the call's goroutine: it tells what the sound tells, and ends the sound
// with the call.
func (c *Call) run() {
	defer close(c.done)
	for {
		select {
		case <-c.leg.Ready():
			c.tellMedia()
		case e := <-c.over:
			record := c.leg.Close()
			c.tellMedia()
			c.mu.Lock()
			c.silent = true
			c.mu.Unlock()
			c.recording.Wait()
			c.events.add(Ended{Ended: e, Figures: c.figures(record)})
			return
		}
	}
}

// tellMedia tells what the sound has told.
func (c *Call) tellMedia() {
	for e, ok := c.leg.Next(); ok; e, ok = c.leg.Next() {
		switch e.Kind {
		case media.Key:
			c.events.add(Key{Key: e.Key, By: ByEvents})
		case media.Played:
			c.events.add(Said{Play: e.Play, Length: e.Length, Whole: e.Whole})
		}
	}
}
