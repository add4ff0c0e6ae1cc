//go:build linux

package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// call is one of those that are made.
type call struct {
	stream *stream
	dialog *dialog.Call
	dialed time.Time

	mu       sync.Mutex
	answered time.Time // zero: it is not
	failed   bool      // it has ended, and not because we hung up
	hungUp   bool
	over     chan struct{}
}

// tell takes what happens to the call.
func (c *call) tell(e dialog.Event) {
	switch e := e.(type) {
	case dialog.Agreed:
		c.stream.sendTo(e.Remote)
	case dialog.Answered:
		c.mu.Lock()
		c.answered = time.Now()
		c.mu.Unlock()
	case dialog.Ended:
		c.mu.Lock()
		c.failed = !c.hungUp
		c.mu.Unlock()
		close(c.over)
	}
}

// standing returns when the call was answered, zero if it was not, and whether it has
// failed.
func (c *call) standing() (answered time.Time, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answered, c.failed
}

func (c *call) hangUp() {
	c.mu.Lock()
	c.hungUp = !c.failed
	c.mu.Unlock()
	c.dialog.Hangup(engine.Normal)
}

// How long calls that were made are waited for: to be answered, and to be over. Real
// servers take a second at most.
const patience = 10 * time.Second

// measure makes so many calls, listens to them, and hangs up.
func (p *plan) measure(ctx context.Context, calls int) (result, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	here := netip.MustParseAddr("127.0.0.1")
	stack, err := dialog.New(dialog.Config{
		Listen:  []dialog.Listen{{Network: dialog.UDP, Address: netip.AddrPortFrom(here, 0)}},
		Trusted: func(netip.Addr) bool { return true },
	})
	if err != nil {
		return result{}, err
	}
	served := make(chan error, 1)
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	go func() { served <- stack.Serve(serving) }()
	defer func() {
		end()
		if err := <-served; err != nil {
			slog.Warn("SIP ended early", "error", err)
		}
	}()
	sound := newSound()
	go sound.run()
	defer sound.stop()

	all, err := p.dial(ctx, stack, sound, here, calls)
	defer hangUpAll(all)
	if err != nil {
		return result{}, err
	}
	waitFor(ctx, func() bool { return begun(all) })
	before, err := usageNow(p.server)
	if err != nil {
		return result{}, err
	}
	sound.measure(true)
	select {
	case <-time.After(p.listen):
	case <-ctx.Done():
		return result{}, context.Cause(ctx)
	}
	sound.measure(false)
	after, err := usageNow(p.server)
	if err != nil {
		return result{}, err
	}
	sound.stop()
	return summary(all, before, after, sound.realtime), nil
}

// dial makes calls, as many a second as is planned.
func (p *plan) dial(ctx context.Context, stack *dialog.Stack, sound *sound, here netip.Addr, calls int) ([]*call, error) {
	at := stack.Addresses()[0].Address
	caller := sip.Uri{Scheme: "sip", User: "+12125550100", Host: at.Addr().String(), Port: int(at.Port())}
	pace := time.NewTicker(time.Second / time.Duration(p.rate))
	defer pace.Stop()
	var all []*call
	for range calls {
		select {
		case <-pace.C:
		case <-ctx.Done():
			return all, context.Cause(ctx)
		}
		stream, err := openStream(here)
		if err != nil {
			return all, fmt.Errorf("open a socket for call %d: %w", len(all)+1, err)
		}
		c := &call{stream: stream, dialed: time.Now(), over: make(chan struct{})}
		sound.add(stream)
		c.dialog = stack.Dial(dialog.Outgoing{
			Target: p.target, From: dialog.Party{Address: caller}, To: dialog.Party{Address: p.target},
			Local: sdp.Local{Address: stream.at, Codecs: []sdp.Codec{sdp.PCMU}},
		}, c.tell)
		all = append(all, c)
	}
	return all, nil
}

// hangUpAll ends calls, and waits for their ends.
func hangUpAll(all []*call) {
	for _, c := range all {
		c.hangUp()
	}
	limit := time.After(patience)
	for _, c := range all {
		select {
		case <-c.over:
		case <-limit:
			return
		}
	}
}

// begun reports whether each call was answered or has failed.
func begun(all []*call) bool {
	return !slices.ContainsFunc(all, func(c *call) bool {
		answered, failed := c.standing()
		return answered.IsZero() && !failed
	})
}

// waitFor waits until something is so, or for as long as there is patience.
func waitFor(ctx context.Context, is func() bool) {
	limit := time.After(patience)
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !is() {
		select {
		case <-poll.C:
		case <-limit:
			return
		case <-ctx.Done():
			return
		}
	}
}
