package simulator

import (
	"context"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// Live runs a call in real time, to its end: a person has the handset. The
// options that script a caller are ignored. The error says that the call could
// not begin.
func Live(ctx context.Context, o Options, h *Handset) (*Result, error) {
	ctx, hangup := context.WithCancelCause(ctx)
	defer hangup(nil)
	if o.HangupAfter > 0 {
		defer time.AfterFunc(o.HangupAfter, func() { hangup(engine.ErrHungUp) }).Stop()
	}
	return o.runCall(ctx, h, &wallClock{start: time.Now(), handset: h})
}

// wallClock has a person at the handset: a prompt takes as long as its sound, and
// a file that comes slowly longer.
type wallClock struct {
	start   time.Time
	handset *Handset
}

func (c *wallClock) now() time.Duration { return time.Since(c.start) }

func (c *wallClock) live() bool { return true }

// awaitInput takes what was pressed before a hang-up as coming before it.
func (c *wallClock) awaitInput(ctx context.Context, s stretch, keep bool) (engine.Input, bool, error) {
	for {
		in, came, wait := c.handset.dueInput(s.to, keep)
		if came {
			return in, true, nil
		}
		if err := context.Cause(ctx); err != nil {
			return engine.Input{}, false, err
		}
		if wait <= 0 {
			return engine.Input{}, false, nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.handset.wake:
		case <-s.changed:
			timer.Stop()
			return engine.Input{}, false, nil
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func (c *wallClock) frame(context.Context, stretch) (time.Duration, error) { return c.now(), nil }

func (c *wallClock) fork(f *feed) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var fed sync.WaitGroup
	fed.Go(func() { _ = f.run(ctx, c, stretch{}) }) // it ends by either end's wish
	return func() {
		cancel()
		fed.Wait()
	}
}
