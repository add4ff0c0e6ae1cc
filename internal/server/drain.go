package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
)

const (
	// beat is how often the service manager is told of the calls that are left.
	beat = 5 * time.Second

	// afterwards is how long the rest of a stop takes at most, once calls have ended
	// or their time is up: cutTimeout, stopTimeout, cutTimeout, and a little. It is
	// TimeoutStopSec of the unit in packaging, which counts without calls.
	afterwards = 45 * time.Second
)

// errNoMoreCalls is what /readyz says of calls during a stop.
var errNoMoreCalls = errors.New("the server is stopping: calls in hand go on, new ones are refused")

// takesCalls is the check of /readyz for calls.
func (a *Server) takesCalls(context.Context) error {
	if a.calls.Draining() {
		return errNoMoreCalls
	}
	return nil
}

// drainCalls refuses new calls, lets those in hand go on for as long as the settings
// say, and hangs up the rest. Everything else goes on meanwhile: the calls ask for
// their next document, mostly of this very server, and on-call is not to wait.
func (a *Server) drainCalls() {
	limit := a.drainLimit()
	a.log.Info("stopping", "calls", a.calls.InHand(), "drain", limit.String(), "within", a.stops.within.String())
	a.tellOfStop()
	for _, f := range a.features {
		if f.drain != nil {
			f.drain()
		}
	}
	a.calls.Drain()
	ctx, cancel := context.WithTimeout(a.patience, limit)
	defer cancel()
	err := a.awaitCalls(ctx, time.Now().Add(limit))
	ending, stop := context.WithTimeout(context.Background(), cutTimeout)
	defer stop()
	if err != nil {
		a.log.Warn("calls in hand hung up", "calls", a.calls.InHand(), "hint", "core.drain is how long they may go on")
		a.calls.HangUp(engine.ErrStopping)
		_ = a.calls.Wait(ending) // a terminal that does not answer must not hold us up
	}
	for _, f := range a.features {
		if f.settle != nil {
			f.settle(ending)
		}
	}
}

// drainLimit returns how long calls in hand may go on.
func (a *Server) drainLimit() time.Duration {
	if settings := a.site.Load().settings.Core; settings != nil {
		return settings.Drain
	}
	return a.stops.within // its section is gone since, but it runs until the end
}

// awaitCalls waits for the calls in hand. It tells the service manager how many are
// left, which would end the server before the time is up.
func (a *Server) awaitCalls(ctx context.Context, until time.Time) error {
	for a.calls.InHand() > 0 {
		a.told(a.options.Manager.Extend(fmt.Sprintf("Waiting for the calls in hand, %d, until %s", a.calls.InHand(), until.UTC().Format(time.TimeOnly+" UTC")), beat+afterwards))
		next, cancel := context.WithTimeout(ctx, beat)
		err := a.calls.Wait(next)
		cancel()
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// Hurry makes a Server that stops give up what it still waits for: calls are hung
// up, and requests cut off.
func (a *Server) Hurry() {
	a.log.Warn("told to stop at once")
	a.hurry()
}
