package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/switchhook/switchhook/internal/server/web"
)

// ready tells the service manager that the server is ready, and pings its
// watchdog for as long as the server is healthy.
func (a *Server) ready(ctx context.Context) {
	manager := a.options.Manager
	a.told(manager.Ready("Listening on " + a.Address()))
	a.stops.beside(ctx, "watchdog", func(ctx context.Context) {
		manager.Watch(ctx, a.well, func(err error) {
			a.log.ErrorContext(ctx, "watchdog ping skipped", "error", err.Error())
		})
	})
}

// tellOfStop tells the service manager that the server ends.
func (a *Server) tellOfStop() {
	if a.handedOver.Load() {
		a.told(a.options.Manager.Reloading()) // the new program reports ready
		return
	}
	a.told(a.options.Manager.Stopping("Finishing what is in hand"))
}

// Reloading tells the service manager that settings are being read again. The
// returned function tells it that the server goes on; always call it.
func (a *Server) Reloading() (done func()) {
	a.told(a.options.Manager.Reloading())
	return func() { a.told(a.options.Manager.Ready("Listening on " + a.Address())) }
}

// told logs that the service manager could not be notified: it may end a server
// that it does not hear from.
func (a *Server) told(err error) {
	if err != nil {
		a.log.Warn("service manager not reachable", "error", err.Error())
	}
}

// well checks what a restart could fix: the listeners answer, and so does the
// database in the server's own folder. If a PostgreSQL database is down,
// restarting would not help: on-call goes on from memory without it, and would
// not come back after a restart. /readyz reports that case.
func (a *Server) well(ctx context.Context) error {
	if !a.site.Load().settings.Database.IsSet() {
		if err := a.store.Ping(ctx); err != nil {
			return fmt.Errorf("the database does not answer: %w", err)
		}
	}
	if err := answers(ctx, a.listener(listenSetting), http.MethodGet, "/healthz"); err != nil {
		return err
	}
	if duty := a.listener(dutySetting); duty != nil {
		return answers(ctx, duty, http.MethodOptions, "*") // answered by net/http itself, not by a route
	}
	return nil
}

// answers checks whether a listener answers requests.
func answers(ctx context.Context, listener net.Listener, method, path string) error {
	address := Reachable(listener.Addr().String())
	request := (&http.Request{
		Method: method, URL: &url.URL{Scheme: "http", Host: address, Path: path}, Header: http.Header{"User-Agent": {"switchhook"}}, Close: true,
	}).WithContext(ctx)
	// No proxy from the environment, and a new connection each time: the
	// question is whether connections are accepted.
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
