// Package server assembles the application server from settings. New wires the
// parts, Run serves until its context ends and then drains, and Reload replaces
// what depends on settings.
package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/call/inhand"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/handover"
	"github.com/switchhook/switchhook/internal/server/systemd"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/internal/setting/guess"
	"github.com/switchhook/switchhook/internal/store"
)

// Options are what settings do not cover.
type Options struct {
	Log *slog.Logger // required

	// SettingsFile is where the settings are, for commands in alerts; empty: where
	// every command finds them.
	SettingsFile string

	// LoopbackResponders lets the Core ask responders on this machine, as the
	// demo does.
	LoopbackResponders bool

	// StopTimeout is how long running requests and jobs may take to finish once
	// the calls in hand have ended; default: 30 seconds.
	StopTimeout time.Duration

	// Pace is how fast texts go out that could not be sent at once.
	Pace textback.Pace

	// Manager is the service manager that is notified of the Server's state.
	// Optional.
	Manager *systemd.Manager

	// Sockets are those that the process was started with. Optional.
	Sockets *handover.Sockets

	// Fresh starts with an empty database, as the demo does.
	Fresh bool

	// Sent is called for each text that the Core's users send. Optional.
	Sent func(core.Text)

	// Queued is called for each queued call of the Core, see core.Config.
	// Optional.
	Queued func(core.WaitingCall, core.QueueState)

	// QueueTime is how long calls of the Core wait in a queue; default:
	// core.DefaultQueueTime.
	QueueTime time.Duration
}

// Server is a running application server.
type Server struct {
	options Options
	log     *slog.Logger
	bodies  *web.Bodies
	sums    *web.Sums
	store   *store.Store
	behind  *activity.Behind // for items that nobody waits for
	sparse  *activity.Sparse // for those that strangers can cause
	alerts  *alert.Sender
	guesses *guess.Watch
	clock   *Clock
	token   string // the operator's; empty: there is none, and no token is accepted
	visits  visits // the doctor's

	registry        *prometheus.Registry
	requests        web.Metrics
	entriesProblems prometheus.Counter
	databaseErrors  prometheus.Counter
	activityDropped prometheus.Counter

	overload overload

	features []feature
	mu       sync.Mutex // held while the site is replaced
	site     atomic.Pointer[site]

	calls    inhand.Calls // that the Core runs, by whatever they came
	stops    stops
	doors    []*door       // the open ones
	stopping chan struct{} // closed once the calls in hand have ended

	patience context.Context //nolint:containedctx // of a stop: it ends with Hurry
	hurry    context.CancelFunc

	handedOver atomic.Bool // another process has taken over
}

// New wires a Server. It opens the database, but no port, and starts nothing. The
// error is meant for people. If you do not call Run, call Close.
func New(ctx context.Context, settings *config.Settings, o Options) (_ *Server, err error) {
	a := &Server{
		options: o, log: o.Log, clock: NewClock(string(settings.Data)), bodies: web.NewBodies(settings.BodiesInHand), sums: web.NewSums(o.Log),
		registry: prometheus.NewRegistry(), requests: web.NewMetrics(),
		entriesProblems: counter("switchhook_entries_problems_total", "Times that the file of entries was found broken or gone."),
		databaseErrors:  counter("switchhook_database_errors_total", "Times that the database failed."),
		activityDropped: counter("switchhook_activity_dropped_total", "Items of the activity record that were lost because the database failed for too long."),
		stopping:        make(chan struct{}),
	}
	a.patience, a.hurry = context.WithCancel(context.WithoutCancel(ctx))
	a.stops = stops{log: o.Log, within: cmp.Or(o.StopTimeout, stopTimeout), patience: a.patience}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	counted := alert.NewMetrics()
	if a.alerts, err = alert.New(alert.Config{
		Settings: settings.Alerts, Here: publicAddress(settings), Server: serverName(settings), SettingsFile: o.SettingsFile, Log: o.Log, Count: counted.Ended,
	}); err != nil {
		return nil, err
	}
	if err := a.checkShortSecrets(ctx, settings); err != nil {
		return nil, err
	}
	wrong := guess.NewMetrics()
	a.guesses = guess.New(guess.Config{Address: web.Client, Wrong: wrong.Wrong, Began: a.guessed, Refused: guesserRefused})
	if a.store, err = a.openStore(ctx, settings); err != nil {
		return nil, err
	}
	a.stops.add("database", func(context.Context) error { return a.store.Close() })
	a.behind = activity.NewBehind(a.store.Tell, func(n int) { a.activityDropped.Add(float64(n)) }, a.log)
	a.sparse = &activity.Sparse{Add: a.behind.Add}
	a.alerts.Keep(a.store)
	if a.token, err = a.operatorToken(settings); err != nil {
		return nil, err
	}
	a.visits.token = a.token
	a.features = a.newFeatures()
	a.register(slices.Concat(wrong.Collectors(a.guesses), a.overload.collectors(), []prometheus.Collector{counted})...)
	s, err := a.newSite(ctx, settings, nil)
	if err != nil {
		return nil, err
	}
	a.stops.add("idle connections", func(context.Context) error { a.site.Load().close(); return nil })
	a.swap(s, nil)
	return a, nil
}

// swap puts a site in force.
func (a *Server) swap(s, before *site) {
	a.site.Store(s)
	for _, f := range a.features {
		if f.swapped != nil {
			f.swapped(s, before)
		}
	}
}

// Close closes what New and Listen have opened, for a Server that is not Run.
func (a *Server) Close() error { return a.stops.run() }

// Address returns where the Server listens.
func (a *Server) Address() string { return a.listener(listenSetting).Addr().String() }

// handlerOf answers the requests of the listener of a setting.
func (a *Server) handlerOf(setting string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if handler := a.site.Load().handlers[setting]; handler != nil {
			handler.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r) // it has been switched off since
	})
}

// Handler answers requests as the main listener does, for tests.
func (a *Server) Handler() http.Handler { return a.handlerOf(listenSetting) }

// Reload puts new settings in force. If it fails, the old ones stay.
func (a *Server) Reload(ctx context.Context, settings *config.Settings) error {
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
	if err := a.alerts.Configure(settings.Alerts, publicAddress(settings)); err != nil {
		next.close()
		return err
	}
	waiting := a.warnOfRestart(settings, old.settings)
	a.bodies.Limit(settings.BodiesInHand)
	a.swap(next, old)
	old.close()
	a.behind.Add(config.ReloadedItem(settings, old.settings, waiting))
	a.reloaded(ctx)
	return nil
}

// warnOfRestart names changed settings that only a restart puts in force.
func (a *Server) warnOfRestart(settings, old *config.Settings) (names []string) {
	if settings.Listen != old.Listen {
		names = append(names, "listen")
		a.log.Warn("listen changed; restart to apply", "listen", string(settings.Listen))
	}
	if dutyAddress(settings) != dutyAddress(old) {
		names = append(names, "oncall.listen")
		a.log.Warn("oncall.listen changed; restart to apply")
	}
	if settings.MetricsListen != old.MetricsListen {
		names = append(names, "metrics_listen")
		a.log.Warn("metrics_listen changed; restart to apply")
	}
	if !sameStore(settings, old) {
		names = append(names, "data or database")
		a.log.Warn("data or database changed; restart to apply")
	}
	if !sameCore(settings, old) {
		names = append(names, "[core]")
		a.log.Warn("[core] or what it depends on changed; restart to apply")
	}
	if settings.Prompts != old.Prompts && old.Core != nil {
		names = append(names, "[prompts]")
		a.log.Warn("[prompts] changed; restart to apply")
	}
	return names
}
