package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/server/web"
)

const (
	// stopTimeout is how long running requests and calls may take to finish
	// once the server is told to stop. systemd waits longer: see TimeoutStopSec
	// of the unit in packaging.
	stopTimeout = 30 * time.Second

	// cutTimeout is how long calls that are cut off may take to report their
	// end.
	cutTimeout = 5 * time.Second
)

// listening is one of the Server's listeners, being served.
type listening struct {
	server *http.Server
	drain  *web.Drain
	ended  chan struct{}
}

// listen serves a listener. Failed gets the error if that ends without being
// stopped.
func (a *Server) listen(base context.Context, listener net.Listener, handler http.Handler, failed chan<- error) *listening {
	server := web.Server(handler, a.log)
	server.BaseContext = func(net.Listener) context.Context { return base }
	l := &listening{server: server, drain: web.NewDrain(server), ended: make(chan struct{})}
	go func() { // ends with the server's shutdown; ended is waited for after it
		defer close(l.ended)
		if err := l.drain.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve %s: %w", listener.Addr(), err)
		}
	}()
	return l
}

// Run serves until the context ends, then finishes the running requests. It
// always closes the Server, even if it fails. Call Listen first.
func (a *Server) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, a.Close()) }()
	if current := a.site.Load(); current.core != nil {
		withdraw, err := announce(string(current.settings.Data), a.Address())
		if err != nil {
			return err
		}
		defer withdraw()
	}
	// When the time is up, cancelling this context stops what is still running.
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	background, err := a.start(ctx)
	if err != nil {
		return err
	}
	failed := make(chan error, 3) // one slot each, so that no sender waits
	all := []*listening{a.listen(base, a.listener, a.Handler(), failed)}
	if a.duty != nil {
		all = append(all, a.listen(base, a.duty, a.handlerOf(func(s *site) http.Handler { return s.duty }), failed))
	}
	if a.metricsListener != nil {
		all = append(all, a.listen(base, a.metricsListener, a.handlerOf(func(s *site) http.Handler { return s.metrics }), failed))
	}
	a.site.Load().introduce(a.log, a.duty, a.metricsListener)
	a.log.Info("listening", "address", a.Address())
	tellStopping := a.ready(base)
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	tellStopping()
	return errors.Join(err, a.stop(base, cut, all, background))
}

// stop finishes running work: jobs first, while requests are still answered, so
// that clients are turned away for as short a time as possible.
func (a *Server) stop(base context.Context, cut context.CancelFunc, all []*listening, background *background) error {
	within := cmp.Or(a.options.StopTimeout, stopTimeout)
	a.log.Info("stopping", "within", within.String())
	close(a.stopping)
	for _, l := range all {
		l.drain.Begin()
	}
	stopping, cancel := context.WithTimeout(base, within)
	defer cancel()
	working, cancel := context.WithTimeout(stopping, within/2) // requests get the other half
	defer cancel()
	err := background.stopJobs(working)

	lines := a.site.Load().lines
	inHand := drain(stopping, all)
	if lines != nil {
		inHand = cmp.Or(inHand, lines.Wait(stopping)) // for calls, which no server waits for
	}
	if errors.Is(inHand, context.DeadlineExceeded) {
		a.log.Error("requests or calls were cut off", "after", within.String())
		cut()
		inHand = nil
		for _, l := range all {
			inHand = errors.Join(inHand, l.server.Close())
		}
		if lines != nil {
			ending, cancel := context.WithTimeout(context.WithoutCancel(base), cutTimeout)
			_ = lines.Wait(ending) // a terminal that does not answer must not hold us up
			cancel()
		}
	}
	for _, l := range all {
		<-l.ended
	}
	a.codes.Stop(stopping) // the codes that requests have asked for
	a.sums.Close(context.WithoutCancel(base))
	background.stop()
	a.site.Load().close()
	return errors.Join(err, inHand)
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
