package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/switchhook/switchhook/internal/server/web"
)

// Run serves until the context ends. Then it waits for the calls in hand, while all
// else goes on as before, finishes the running requests, and closes the Server. It
// closes it even if it fails. Call Listen first.
func (a *Server) Run(ctx context.Context) error {
	failed, err := a.start(ctx)
	if err == nil {
		select {
		case err = <-failed:
		case <-ctx.Done():
		}
		a.drainCalls()
	}
	return errors.Join(err, a.Close())
}

// start starts everything; failed gets the error of a listener. The order is
// that of the stop turned round: jobs stop first, while requests are still
// answered, so that clients are turned away for as short a time as possible;
// then requests, and last what these and calls need. What starts does not end
// with the context.
func (a *Server) start(ctx context.Context) (failed <-chan error, err error) {
	ctx = context.WithoutCancel(ctx)
	a.stops.beside(ctx, "activity", a.behind.Run)
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
	a.reloaded(ctx)
	a.stops.add("farewell", func(context.Context) error {
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
	a.stops.add("requests", func(ctx context.Context) error {
		defer cut()
		return finish(ctx, cut, all)
	})
	return errs, drains
}

// finish waits for requests. When the time is up, it cuts them off.
func finish(ctx context.Context, cut context.CancelFunc, all []*listening) error {
	err := drain(ctx, all)
	if err != nil && ctx.Err() != nil {
		cut()
		err = nil
		for _, l := range all {
			err = errors.Join(err, l.server.Close())
		}
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
