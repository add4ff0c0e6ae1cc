// Package app puts the application server together: settings in, a listener
// that answers out. New wires, Run serves until its context ends and drains
// then, Reload swaps what the settings say.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/alert"
	"github.com/switchhook/switchhook/internal/clicktocall"
	"github.com/switchhook/switchhook/internal/clicktocall/widget"
	"github.com/switchhook/switchhook/internal/config"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/guess"
	"github.com/switchhook/switchhook/internal/handover"
	"github.com/switchhook/switchhook/internal/notify"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/textback"
	"github.com/switchhook/switchhook/internal/web"
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

	// Sockets are those that the process was started with; nil: there are none.
	Sockets *handover.Sockets

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
	bodies  *web.Bodies
	sums    *web.Sums
	store   *store.Store
	alerts  *alert.Sender
	guesses *guess.Watch

	clock *Clock
	token string // the operator's; empty: there is none, and nobody has it

	scripts       widget.Scripts
	subscriptions subscriptions
	keylessTold   keylessTold
	suspects      suspects
	codes         *clicktocall.Courier // of the page against calls, of all sites
	keeping       running              // asks the sources of on-call people
	journalling   running              // keeps on-call's decisions

	mu   sync.Mutex // held while the site is replaced
	site atomic.Pointer[site]

	listener        net.Listener
	duty            net.Listener  // that on-call has of its own; nil: it has none
	metricsListener net.Listener  // that metrics have of their own; nil: they have none
	stopping        chan struct{} // closed when Run begins to stop

	handedOver atomic.Bool // another process goes on in place of this one
}

// New wires an App. It opens the database, but no port, and starts nothing. The
// error is one that people read. Whoever does not Run the App has to Close it.
func New(ctx context.Context, settings *config.Settings, o Options) (*App, error) {
	a := &App{
		options: o, log: o.Log, clock: NewClock(string(settings.Data)), metrics: web.NewMetrics(), bodies: web.NewBodies(settings.BodiesInHand), sums: web.NewSums(o.Log), codes: clicktocall.NewCourier(), stopping: make(chan struct{}),
	}
	var err error
	if a.alerts, err = alert.New(alert.Config{
		Webhook: settings.Alerts.Webhook.Reveal(), Repeat: settings.Alerts.QuietFor, Log: o.Log, Count: a.metrics.Alert,
	}); err != nil {
		return nil, err
	}
	if err := a.heedShortSecrets(ctx, settings); err != nil {
		return nil, err
	}
	a.guesses = guess.New(guess.Config{Address: web.Client, Wrong: a.metrics.WrongSecrets, Began: a.guessed, Refused: guesserRefused})
	a.metrics.ReadWaiting(a.guesses.Waiting)
	if a.store, err = a.openStore(ctx, settings); err != nil {
		return nil, err
	}
	if a.token, err = a.operatorToken(settings); err != nil {
		return nil, errors.Join(err, a.store.Close())
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

// Close closes what New and Listen have opened, of an App that is not Run.
func (a *App) Close() error { return errors.Join(a.closeListeners(), a.store.Close()) }

// Address returns where the App listens.
func (a *App) Address() string { return a.listener.Addr().String() }

// handlerOf answers requests as a listener does that a part has of its own.
func (a *App) handlerOf(part func(*site) http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler := part(a.site.Load()); handler != nil {
			handler.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r) // it was switched off since
	})
}

// Handler answers requests as the listener does, for tests.
func (a *App) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.site.Load().handler.ServeHTTP(w, r) })
}

// Reload puts new settings in force. Where it returns an error the old ones
// stay.
func (a *App) Reload(ctx context.Context, settings *config.Settings) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	old := a.site.Load()
	if err := newShortSecrets(settings, old.settings); err != nil {
		return err
	}
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
	if settings.MetricsListen != old.settings.MetricsListen {
		a.log.Warn("metrics_listen has changed: it takes a restart to be in force")
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
	a.bodies.Limit(settings.BodiesInHand)
	a.site.Store(next)
	a.runOnCall(next, old)
	old.close()
	return nil
}
