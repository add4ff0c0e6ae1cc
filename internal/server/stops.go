package server

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
)

const (
	// stopTimeout is how long running requests and jobs may take to finish once
	// the calls in hand have ended. systemd waits longer: see TimeoutStopSec of the
	// unit in packaging.
	stopTimeout = 30 * time.Second

	// cutTimeout is how long what is cut off may take to end: calls are hung up
	// and stored.
	cutTimeout = 5 * time.Second
)

// stops are the ends of what was opened and started, in the order in which that
// was done.
type stops struct {
	log    *slog.Logger
	within time.Duration // for all of them together
	all    []stop

	patience context.Context //nolint:containedctx // once it ends, the time is up
}

type stop struct {
	name string // of a part, for the log
	end  func(ctx context.Context) error
}

// add has something ended by run, before what was added earlier. When the time
// is up, the context of end is over: end cuts off what is left, and returns.
func (s *stops) add(name string, end func(ctx context.Context) error) {
	s.all = append(s.all, stop{name, end})
}

// beside runs something on the side until its end is due.
func (s *stops) beside(ctx context.Context, name string, run func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { run(ctx) })
	s.add(name, func(context.Context) error {
		cancel()
		running.Wait()
		return nil
	})
}

// run ends everything, the last to start first: it may need what started before
// it. The log names what is not over at the deadline; the rest is ended even so.
func (s *stops) run() error {
	began := time.Now()
	ctx, cancel := context.WithTimeout(s.patience, s.within)
	defer cancel()
	var errs []error
	for _, one := range slices.Backward(s.all) {
		errs = append(errs, s.end(ctx, one, began))
	}
	s.all = nil
	return errors.Join(errs...)
}

func (s *stops) end(ctx context.Context, one stop, began time.Time) error {
	due := ctx
	if ctx.Err() != nil { // others have taken all the time
		moment, cancel := context.WithTimeout(context.Background(), cutTimeout)
		defer cancel()
		due = moment
	}
	told := make(chan struct{})
	inTime := context.AfterFunc(due, func() {
		defer close(told)
		s.log.ErrorContext(ctx, "not stopped in time", "part", one.name, "after", time.Since(began).Round(time.Millisecond).String())
	})
	defer func() {
		if !inTime() {
			<-told // nothing is logged after run
		}
	}()
	return one.end(ctx)
}
