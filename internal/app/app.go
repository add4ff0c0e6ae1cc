// Package app puts the application server together: settings in, a listener
// that answers out. New wires, Run serves until its context ends and drains
// then, Reload swaps what the settings say.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/alert"
	"github.com/switchhook/switchhook/internal/clicktocall/widget"
	"github.com/switchhook/switchhook/internal/config"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/notify"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/textback"
	"github.com/switchhook/switchhook/internal/web"
)

const (
	// stopTimeout is how long requests and calls in hand may take once the
	// server is told to stop. systemd waits longer: TimeoutStopSec of the unit in
	// packaging.
	stopTimeout = 30 * time.Second

	// cutTimeout is how long calls that are cut off may take to say so.
	cutTimeout = 5 * time.Second
)

// Options are what settings do not say.
type Options struct {
	Log *slog.Logger // required

	// LoopbackResponders lets the Core ask responders on this machine, as the
	// demo does.
	LoopbackResponders bool

	// StopTimeout is how long requests and calls in hand may take once the App
	// is told to stop; 0: half a minute.
	StopTimeout time.Duration

	// Pace is how fast texts go on that did not go out at once.
	Pace textback.Pace

	// Manager is the service manager that is told how the App fares; nil: there
	// is none.
	Manager *notify.Manager

	// Fresh begins with an empty database, as the demo does.
	Fresh bool

	// Sent is told of each text that the Core's users send; nil: nobody is.
	Sent func(core.Text)

	// Queued is told of each queued call of the Core, as core.Config says; nil:
	// nobody is.
	Queued func(core.WaitingCall, core.QueueState)

	// QueueTime is how long queued calls of the Core wait; 0:
	// core.DefaultQueueTime.
	QueueTime time.Duration
}

// App is a running application server.
type App struct {
	options Options
	log     *slog.Logger
	metrics *web.Metrics
	store   *store.Store
	alerts  *alert.Sender

	scripts       widget.Scripts
	subscriptions subscriptions
	keeping       running // asks the sources of on-call people
	journalling   running // keeps on-call's decisions

	mu   sync.Mutex // held while the site is replaced
	site atomic.Pointer[site]

	listener net.Listener
	duty     net.Listener // that on-call has of its own; nil: it has none
}

// New wires an App. It opens the database, but no port, and starts nothing. The
// error is one that people read. Whoever does not Run the App has to Close it.
func New(ctx context.Context, settings *config.Settings, o Options) (*App, error) {
	a := &App{options: o, log: o.Log, metrics: web.NewMetrics()}
	var err error
	if a.alerts, err = alert.New(alert.Config{
		Webhook: settings.Alerts.Webhook.Reveal(), Repeat: settings.Alerts.QuietFor, Log: o.Log, Count: a.metrics.Alert,
	}); err != nil {
		return nil, err
	}
	if a.store, err = a.openStore(ctx, settings); err != nil {
		return nil, err
	}
	s, err := a.newSite(ctx, settings, nil)
	if err != nil {
		return nil, errors.Join(err, a.store.Close())
	}
	a.site.Store(s)
	a.runOnCall(s, nil)
	a.metrics.ReadLevels(a.levels)
	return a, nil
}

// Close closes what New opened, of an App that is not Run.
func (a *App) Close() error { return a.store.Close() }

// Listen opens the ports of the settings.
func (a *App) Listen(ctx context.Context) (err error) {
	settings := a.site.Load().settings
	if a.listener, err = listen(ctx, string(settings.Listen), "listen"); err != nil {
		return err
	}
	if settings.OnCall == nil || settings.OnCall.Listen == "" {
		return nil
	}
	if a.duty, err = listen(ctx, string(settings.OnCall.Listen), "oncall.listen"); err != nil {
		return errors.Join(err, a.listener.Close())
	}
	return nil
}

func listen(ctx context.Context, address, setting string) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("%s cannot be listened on", address), Err: err,
			Hint: "another program listens there, or the address is not this machine's; the setting is " + setting}
	}
	return listener, nil
}

// Address returns where the App listens.
func (a *App) Address() string { return a.listener.Addr().String() }

// dutyHandler answers requests as the listener does that on-call has of its own.
func (a *App) dutyHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if duty := a.site.Load().duty; duty != nil {
			duty.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r) // it was switched off since
	})
}

// Handler answers requests as the listener does, for tests.
func (a *App) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.site.Load().handler.ServeHTTP(w, r) })
}

// Run serves until the context ends, then finishes the requests in hand, and
// closes the App. Call Listen first.
func (a *App) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, a.store.Close()) }()
	if current := a.site.Load(); current.core != nil {
		withdraw, err := announce(string(current.settings.Data), a.Address())
		if err != nil {
			return errors.Join(err, a.listener.Close())
		}
		defer withdraw()
	}
	// What is still going on when the time is up is told by its context.
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	background, err := a.start(ctx)
	if err != nil {
		return errors.Join(err, a.listener.Close())
	}
	server := web.Server(a.Handler(), a.log)
	server.BaseContext = func(net.Listener) context.Context { return base }
	served := make(chan error, 1)
	go func() { served <- server.Serve(a.listener) }()
	duty := a.serveDuty(base)
	a.site.Load().introduce(a.log, a.duty)
	a.log.Info("listening", "address", a.Address())
	tellStopping := a.ready(base)
	select {
	case err := <-served:
		tellStopping()
		cut()
		return errors.Join(fmt.Errorf("serve: %w", err), background.stop(base))
	case <-ctx.Done():
	}
	tellStopping()
	within := cmp.Or(a.options.StopTimeout, stopTimeout)
	a.log.Info("stopping", "within", within.String())
	stopping, cancel := context.WithTimeout(base, within)
	defer cancel()
	err = errors.Join(server.Shutdown(stopping), duty(stopping)) // takes no more, waits for what is in hand
	if lines := a.site.Load().lines; lines != nil {
		err = cmp.Or(err, lines.Wait(stopping)) // for calls, which no server waits for
	}
	if errors.Is(err, context.DeadlineExceeded) {
		a.log.Error("requests or calls were cut off", "after", within.String())
		cut()
		err = server.Close()
		if lines := a.site.Load().lines; lines != nil {
			ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), cutTimeout)
			_ = lines.Wait(ending) // a terminal that does not answer is not waited for
			cancel()
		}
	}
	if closed := <-served; !errors.Is(closed, http.ErrServerClosed) {
		err = errors.Join(err, closed)
	}
	if stopped := background.stop(stopping); !errors.Is(stopped, context.DeadlineExceeded) {
		err = errors.Join(err, stopped) // what was cut off is begun again by the next server
	}
	a.site.Load().close()
	return err
}

// serveDuty serves the listener that on-call has of its own, if it has one. The
// function that it returns ends that, as http.Server.Shutdown does.
func (a *App) serveDuty(base context.Context) (end func(context.Context) error) {
	if a.duty == nil {
		return func(context.Context) error { return nil }
	}
	server := web.Server(a.dutyHandler(), a.log)
	server.BaseContext = func(net.Listener) context.Context { return base }
	served := make(chan error, 1)
	go func() { served <- server.Serve(a.duty) }()
	return func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, server.Close())
		}
		if closed := <-served; !errors.Is(closed, http.ErrServerClosed) {
			err = errors.Join(err, closed)
		}
		return err
	}
}

// Reload puts new settings in force. Where it returns an error the old ones
// stay.
func (a *App) Reload(ctx context.Context, settings *config.Settings) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	old := a.site.Load()
	next, err := a.newSite(ctx, settings, old)
	if err != nil {
		return err
	}
	if settings.Listen != old.settings.Listen {
		a.log.Warn("listen has changed: it takes a restart to be in force", "listen", string(settings.Listen))
	}
	if dutyAddress(settings) != dutyAddress(old.settings) {
		a.log.Warn("oncall.listen has changed: it takes a restart to be in force")
	}
	if !sameStore(settings, old.settings) {
		a.log.Warn("data or database has changed: it takes a restart to be in force")
	}
	if err := a.alerts.Configure(settings.Alerts.Webhook.Reveal(), settings.Alerts.QuietFor); err != nil {
		return err
	}
	if !sameCore(settings, old.settings) {
		a.log.Warn("[core] or what it goes by has changed: it takes a restart to be in force")
	}
	a.site.Store(next)
	a.runOnCall(next, old)
	old.close()
	return nil
}
