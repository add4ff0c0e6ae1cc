package simulator

import (
	"context"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/speech"
)

const (
	// longestCall is how long a scripted caller with nothing left to do stays:
	// an Echo without a limit must end too.
	longestCall = time.Hour

	// streamPatience is how long a scripted caller with nothing left to do
	// listens to a media stream before hanging up.
	streamPatience = 30 * time.Second
)

// virtualClock has a scripted caller at the handset. It takes no time to play a
// prompt of a minute, but the clock shows a minute more.
type virtualClock struct {
	caller  caller
	handset *Handset
	at      time.Duration
	busy    time.Duration // when what the caller did last was over
	forks   []*feed
}

func (c *virtualClock) now() time.Duration { return c.at }

func (c *virtualClock) live() bool { return false }

// pass lets the time pass up to a moment. A voice that fails then is silent in
// the forks: the error is reported where it is needed next.
func (c *virtualClock) pass(ctx context.Context, to time.Duration) {
	if to <= c.at {
		return
	}
	for _, f := range c.forks {
		_ = f.upTo(ctx, to)
	}
	c.at = to
}

func (c *virtualClock) awaitInput(ctx context.Context, s stretch, keep bool) (engine.Input, bool, error) {
	for {
		if err := context.Cause(ctx); err != nil {
			return engine.Input{}, false, err
		}
		if next, ok := c.handset.firstPending(); ok {
			if left := c.passSpeaking(ctx, s, min(next.At, s.to)); left {
				return engine.Input{}, false, engine.ErrHungUp
			}
			in, came, _ := c.handset.dueInput(s.to, keep)
			return in, came, nil
		}
		s.from = c.at
		did, err := c.act(ctx, s)
		if err != nil {
			return engine.Input{}, false, err
		}
		if !did {
			c.pass(ctx, s.to)
			c.busy = c.at
			return engine.Input{}, false, nil
		}
	}
}

// act lets the time pass up to the first thing that the caller does in a
// stretch, if there is one, and does it.
func (c *virtualClock) act(ctx context.Context, s stretch) (did bool, err error) {
	a, acts := c.caller.act(s)
	if !acts {
		return false, nil
	}
	c.pass(ctx, a.at)
	switch {
	case a.hangup:
		return true, engine.ErrHungUp
	case a.speech != "":
		c.handset.Say(a.speech)
		c.busy = a.at + speech.Estimate(a.speech)
	default:
		c.handset.Press(a.key)
		c.busy = a.at + toneTime
	}
	for _, f := range c.forks {
		_ = f.hear(ctx) // see pass
	}
	return true, nil
}

// passSpeaking lets the time pass in which the caller speaks, and reports
// whether they hung up before its end.
func (c *virtualClock) passSpeaking(ctx context.Context, s stretch, to time.Duration) (left bool) {
	if to > c.at {
		s.from, s.to, s.speaking = c.at, to-1, true
		if a, acts := c.caller.act(s); acts && a.hangup {
			to, left = a.at, true
		}
	}
	c.pass(ctx, to)
	return left
}

// frame lets the time of a frame pass: the program at the other end of a media
// stream lives in real time, which the virtual one follows.
func (c *virtualClock) frame(ctx context.Context, s stretch) (time.Duration, error) {
	s.from, s.to = c.at, c.at+engine.FrameTime
	switch did, err := c.act(ctx, s); {
	case err != nil:
		return c.at, err
	case !did && c.at-max(c.busy, busyUntil(c.caller)) > streamPatience:
		return c.at, engine.ErrHungUp
	}
	c.pass(ctx, s.to)
	return c.at, nil
}

// busyUntil returns how long a caller's script still waits.
func busyUntil(c caller) time.Duration {
	if waiting, ok := c.(interface{ busyUntil() time.Duration }); ok {
		return waiting.busyUntil()
	}
	return 0
}

func (c *virtualClock) fork(f *feed) (stop func()) {
	c.forks = append(c.forks, f)
	return func() {
		c.forks = slices.DeleteFunc(c.forks, func(other *feed) bool { return other == f })
	}
}
