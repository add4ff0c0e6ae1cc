//go:build linux

package main

import (
	"context"
	"time"
)

// hushRate is how many calls a second have their sound stopped, while the others talk: at
// any time of the 20 ms of a packet.
const hushRate = 47

// settle is how long the sound of a call is waited for to end.
const settle = time.Second

// bargeIn tells how long it takes until a key stops the prompt.
func (b *bench) bargeIn(ctx context.Context) error {
	pressed := func(c *call) time.Time { return c.stream.pressed }
	return b.hushing(ctx, cached, func(c *call) { c.stream.press.Store(true) }, pressed)
}

// clears tells how long it takes until a stream's program has cleared what it had sent.
func (b *bench) clears(ctx context.Context) error {
	cleared := func(c *call) time.Time { return b.own.programs.cleared(c.from) }
	return b.hushing(ctx, connect, func(c *call) { b.own.programs.clear(c.from) }, cleared)
}

// hushing makes calls that hear something, has it stopped for one after another, and
// tells how long after that it was heard.
func (b *bench) hushing(ctx context.Context, what service, stop func(*call), stopped func(*call) time.Time) error {
	t, err := b.talking(ctx, what, b.calls, func(ctx context.Context, p *phones) error {
		if err := pause(ctx, settle); err != nil {
			return err
		}
		if err := paced(ctx, len(p.all), hushRate, func(i int) error { stop(p.all[i]); return nil }); err != nil {
			return err
		}
		return pause(ctx, settle)
	})
	if err != nil {
		return err
	}
	var last, silence spread
	for _, c := range t.calls {
		if at := stopped(c); !at.IsZero() && !c.stream.hushed.IsZero() {
			last = append(last, max(0, c.stream.lastPrompt.Sub(at)))
			silence = append(silence, max(0, c.stream.hushed.Sub(at)))
		}
	}
	b.print("calls  stopped   last packet %s   silence %s\n", spreadHeader, spreadHeader)
	b.print("%5d  %7d  %26v  %22v\n", len(t.calls), len(last), last, silence)
	b.print("%s\n%v\n", talkedHeader, t)
	return nil
}
