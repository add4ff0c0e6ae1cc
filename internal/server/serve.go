package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/switchhook/switchhook/internal/server/web"
)

// Run serves until the context ends, then finishes the running requests. It
// always closes the Server, even if it fails. Call Listen first.
func (a *Server) Run(ctx context.Context) error {
	failed, err := a.start(ctx)
	if err == nil {
		select {
		case err = <-failed:
		case <-ctx.Done():
		}
	}
	return errors.Join(err, a.Close())
}

// start starts everything; failed gets the error of a listener. The order is
// that of the stop turned round: jobs stop first, while requests are still
// answered, so that clients are turned away for as short a time as possible;
// then requests and calls, and last what these need. What starts does not end
// with the context.
func (a *Server) start(ctx context.Context) (failed <-chan error, err error) {
	ctx = context.WithoutCancel(ctx)
	a.stops.beside(ctx, "alerts", a.alerts.Run)
	a.stops.add("sums of the log", func(ctx context.Context) error {
		a.sums.Close(context.WithoutCancel(ctx))
		return nil
	})
	for _, f := range a.features {
		if f.start == nil {
			continue
		}
		if err := f.start(ctx); err != nil {
			return nil, err
		}
	}
	failed, drains := a.serve(ctx)
	if err := a.startJobs(ctx); err != nil {
		return nil, err
	}
	a.introduce(a.site.Load())
	a.stops.add("farewell", func(context.Context) error {
		a.log.Info("stopping", "within", a.stops.within.String())
		close(a.stopping)
		for _, drain := range drains {
			drain.Begin()
		}
		return nil
	})
	a.ready(ctx)
	return failed, nil
}

// listening is one of the Server's listeners, being served.
type listening struct {
	server *http.Server
	drain  *web.Drain
	ended  chan struct{}
}

// serve serves all listeners. failed gets the error of one that ends without
// being stopped.
func (a *Server) serve(ctx context.Context) (failed <-chan error, drains []*web.Drain) {
	base, cut := context.WithCancel(ctx) // of requests
	errs := make(chan error, len(a.doors))
	var all []*listening
	for _, d := range a.doors {
		server := web.Server(a.handlerOf(d.setting), a.log)
		server.BaseContext = func(net.Listener) context.Context { return base }
		l := &listening{server: server, drain: web.NewDrain(server), ended: make(chan struct{})}
		go func() { // ends with the server's shutdown; ended is waited for after it
			defer close(l.ended)
			if err := l.drain.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
				errs <- fmt.Errorf("serve %s: %w", d.listener.Addr(), err)
			}
		}()
		all, drains = append(all, l), append(drains, l.drain)
	}
	a.stops.add("requests and calls", func(ctx context.Context) error {
		defer cut()
		return a.finish(ctx, cut, all)
	})
	return errs, drains
}

// finish waits for requests and calls. When the time is up, it cuts them off.
func (a *Server) finish(ctx context.Context, cut context.CancelFunc, all []*listening) error {
	err := cmp.Or(drain(ctx, all), a.calls.Wait(ctx))
	if errors.Is(err, context.DeadlineExceeded) {
		cut()
		err = nil
		for _, l := range all {
			err = errors.Join(err, l.server.Close())
		}
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), cutTimeout)
		defer cancel()
		_ = a.calls.Wait(ending) // a terminal that does not answer must not hold us up
	}
	for _, l := range all {
		<-l.ended
	}
	return err
}

// drain stops all listeners at once, and waits for running requests.
func drain(ctx context.Context, all []*listening) error {
	errs := make([]error, len(all))
	var draining sync.WaitGroup
	for i, l := range all {
		draining.Go(func() { errs[i] = l.drain.Stop(ctx) })
	}
	draining.Wait()
	return errors.Join(errs...)
}
