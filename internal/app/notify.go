package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"

	"github.com/switchhook/switchhook/internal/web"
)

// ready tells the service manager that the server answers, and its watchdog
// that it is well for as long as it is. The function that it returns tells that
// the server stops, and ends the watch.
func (a *App) ready(ctx context.Context) (stopping func()) {
	manager := a.options.Manager
	a.told(manager.Ready("Listening on " + a.Address()))
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() {
		manager.Watch(ctx, a.well, func(err error) {
			a.log.ErrorContext(ctx, "the watchdog is not told that the server is well", "error", err.Error())
		})
	})
	return func() {
		if a.handedOver.Load() {
			a.told(manager.Reloading()) // the next program is ready then
		} else {
			a.told(manager.Stopping("Finishing what is in hand"))
		}
		cancel()
		watching.Wait()
	}
}

// Reloading tells the service manager that settings are being read anew. The
// function that it returns, which has to be called whatever comes of it, tells
// that the server goes on.
func (a *App) Reloading() (done func()) {
	a.told(a.options.Manager.Reloading())
	return func() { a.told(a.options.Manager.Ready("Listening on " + a.Address())) }
}

// told logs what the service manager could not be told: it may end a server
// that it knows nothing of.
func (a *App) told(err error) {
	if err != nil {
		a.log.Warn("the service manager does not listen", "error", err.Error())
	}
}

// well looks whether the server does its work, as far as a new start could mend
// it: its listeners answer, and so does the database in its own folder. A
// PostgreSQL database that is down is no reason to start anew, for on-call goes
// on from memory without it and would not come back; /readyz tells of that.
func (a *App) well(ctx context.Context) error {
	if !a.site.Load().settings.Database.IsSet() {
		if err := a.store.Ping(ctx); err != nil {
			return fmt.Errorf("the database does not answer: %w", err)
		}
	}
	if err := answers(ctx, a.listener, http.MethodGet, "/healthz"); err != nil {
		return err
	}
	if a.duty == nil {
		return nil
	}
	return answers(ctx, a.duty, http.MethodOptions, "*") // of net/http itself, and of no route
}

// answers looks whether requests to a listener are answered.
func answers(ctx context.Context, listener net.Listener, method, path string) error {
	address := Reachable(listener.Addr().String())
	request := (&http.Request{
		Method: method, URL: &url.URL{Scheme: "http", Host: address, Path: path}, Header: http.Header{"User-Agent": {"switchhook"}}, Close: true,
	}).WithContext(ctx)
	// Not by a proxy that the environment names, and each time a new connection:
	// that they are taken is the question.
	transport := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: web.MaxHeader}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("%s does not answer: %w", address, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers with status %d", address, response.StatusCode)
	}
	return nil
}
