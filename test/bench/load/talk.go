//go:build linux

package main

import (
	"context"
	"fmt"
)

// talked is how calls that talk at once were served.
type talked struct {
	counts
	calls  []*call
	failed failures

	answer, first spread // from the INVITE to the answer, and from there to the first packet
	busy          shares
}

// talk tells how so many calls at once are served.
func (b *bench) talk(ctx context.Context) error {
	b.print("%s\n", talkedHeader)
	t, err := b.talking(ctx, cached, b.calls, func(context.Context, *phones) error { return pause(ctx, b.listen) })
	if err == nil {
		b.print("%v\n", t)
	}
	return err
}

// limit finds how many calls at once are served well.
func (b *bench) limit(ctx context.Context) error {
	b.print("%s\n", talkedHeader)
	most, err := search(b.calls, b.most, func(calls int) (bool, error) {
		t, err := b.talking(ctx, cached, calls, func(context.Context, *phones) error { return pause(ctx, b.listen) })
		if err == nil {
			b.print("%v\n", t)
		}
		return t.well(), err
	})
	if err == nil {
		b.print("%d calls are served well: none failed or lost a packet, and of a thousand packets at most one came more than 30 ms after the one before.\n", most)
	}
	return err
}

// talking makes calls, measures what they hear while something is done, and hangs up.
func (b *bench) talking(ctx context.Context, what service, calls int, during func(context.Context, *phones) error) (talked, error) {
	p, err := openPhones()
	if err != nil {
		return talked{}, err
	}
	defer p.close()
	all, err := p.dialAll(ctx, b.at(what), calls, b.rate)
	if err != nil {
		return talked{}, err
	}
	p.sound.measure(true)
	busy, err := b.watched(func() error { return during(ctx, p) })
	p.sound.measure(false)
	p.sound.stop()
	return summary(all, busy), err
}

// summary adds the calls up. The thread of the sound has ended.
func summary(all []*call, busy shares) talked {
	t := talked{calls: all, busy: busy}
	for _, c := range all {
		answered, failure := c.standing(c.stream.first)
		if failure != "" {
			t.failed.add(failure)
			continue
		}
		t.answer = append(t.answer, answered.Sub(c.dialed))
		t.first = append(t.first, max(0, c.stream.first.Sub(answered)))
		t.received += c.stream.received
		t.lost += c.stream.lost
		t.late += c.stream.late
		t.veryLate += c.stream.veryLate
	}
	return t
}

// well reports whether the calls were served well.
func (t talked) well() bool { return len(t.failed) == 0 && t.lost == 0 && t.late*1000 <= t.received }

// talkedHeader is above what String returns.
const talkedHeader = "calls  failed  packets  lost  >30 ms  >40 ms   answer " + spreadHeader + "   first packet " + spreadHeader + sharesHeader

func (t talked) String() string {
	return fmt.Sprintf("%5d  %6d  %7d  %4d  %6d  %6d  %21v  %27v%v%v",
		len(t.calls), len(t.failed), t.received, t.lost, t.late, t.veryLate, t.answer, t.first, t.busy, t.failed)
}
