package server

import (
	"context"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/internal/setting"
	"github.com/switchhook/switchhook/internal/store"
)

// onCall tells phone systems who is on call.
type onCall struct {
	*Server

	metrics     *oncall.Metrics
	keeping     running // polls the sources
	journalling running // stores decisions
}

// onCallPart is its part of a site.
type onCallPart struct {
	partBase

	keeper     *oncall.Keeper
	dispatcher *oncall.Dispatcher
}

func newOnCall(a *Server) *onCall { return &onCall{Server: a, metrics: oncall.NewMetrics()} }

func (f *onCall) feature() feature {
	return feature{wire: f.wire, metrics: f.metrics.Collectors(), tidy: f.tidyDecisions, start: f.start, swapped: f.swapped}
}

// wire wires the dispatcher that phone systems ask whom to call.
func (f *onCall) wire(ctx context.Context, s, before *site) (sitePart, error) {
	settings := s.settings
	if settings.OnCall == nil {
		return nil, nil
	}
	p := &onCallPart{}
	var err error
	if p.keeper, err = NewKeeper(settings, f.store, oncall.KeeperConfig{Log: f.log.LogAttrs, Fetched: f.fetched}, f.options.LoopbackResponders); err != nil {
		return nil, err
	}
	c := dispatcherConfig(settings, p.keeper)
	c.Journal, c.Overrides = f.store.OnCallJournal(), f.store.OnCallOverrides()
	c.Address, c.Guesses, c.Log, c.Count = web.Client, f.guesses, web.NoteOr(f.log), f.metrics.Decided
	if old := partOf[*onCallPart](before); old != nil {
		p.keeper.Inherit(old.keeper)
		p.dispatcher, err = old.dispatcher.With(c)
	} else {
		if p.dispatcher, err = oncall.New(c); err == nil {
			p.dispatcher.Load(ctx)
		}
	}
	if err != nil {
		return nil, err
	}
	at := listenSetting
	if settings.OnCall.Listen != "" {
		at = dutySetting
	}
	p.routes = map[string]part.Routes{at: {Webhooks: []part.Route{
		{Path: "/voys-webhook", Name: "voys-webhook", Handler: p.dispatcher.Voys()},
		{Path: "/voys-webhook/{$}", Name: "voys-webhook", Handler: p.dispatcher.Voys()},
		{Path: "/oncall", Name: "oncall", Handler: p.dispatcher.Document()},
		{Path: "/oncall/voys-notifications", Name: "voys-notifications", Handler: p.dispatcher.Notifications()},
	}}}
	p.introduce = func() { f.introduce(settings) }
	return p, nil
}

// introduce logs what is served.
func (f *onCall) introduce(settings *config.Settings) {
	attrs := []any{"sources", len(settings.OnCall.Sources), "routes", len(settings.OnCall.Routes)}
	if duty := f.listener(dutySetting); duty != nil {
		attrs = append(attrs, "address", duty.Addr().String()) // otherwise it shares the main listener
	}
	f.log.Info("on-call is on", attrs...)
}

// start starts polling the sources and storing decisions.
func (f *onCall) start(ctx context.Context) error {
	f.stops.add("decisions of on-call", func(context.Context) error { f.journalling.stop(); return nil })
	f.stops.add("sources of on-call", func(context.Context) error { f.keeping.stop(); return nil })
	f.journalling.start(ctx)
	f.keeping.start(ctx)
	return nil
}

// swapped replaces the previous site's keeper, and starts storing the dispatcher's
// decisions. Dispatchers that follow one another share a journal.
func (f *onCall) swapped(s, before *site) {
	p := partOf[*onCallPart](s)
	if p == nil {
		f.keeping.replace(nil)
		f.journalling.replace(nil)
		return
	}
	f.keeping.replace(p.keeper.Run)
	if partOf[*onCallPart](before) == nil {
		f.journalling.replace(p.dispatcher.Run)
	}
}

// tidyDecisions removes decisions past the retention.
func (f *onCall) tidyDecisions(ctx context.Context, before time.Time) {
	if _, err := f.store.OnCallJournal().Purge(ctx, before); err != nil {
		f.troubled(ctx, "old on-call decisions not removed", err)
	}
}

// dutyAddress returns on-call's own address.
func dutyAddress(settings *config.Settings) setting.Address {
	if settings.OnCall == nil {
		return ""
	}
	return settings.OnCall.Listen
}

// NewDispatcher returns a dispatcher like the server's, to find out whom it
// would call. Without a store it has no history of calls.
func NewDispatcher(settings *config.Settings, keeper *oncall.Keeper, s *store.Store) (*oncall.Dispatcher, error) {
	c := dispatcherConfig(settings, keeper)
	if s != nil {
		c.Journal, c.Overrides = s.OnCallJournal(), s.OnCallOverrides()
	}
	return oncall.New(c)
}

func dispatcherConfig(settings *config.Settings, keeper *oncall.Keeper) oncall.Config {
	return oncall.Config{Keeper: keeper, AllowFrom: settings.OnCall.AllowFrom, Routes: oncall.RoutesOf(settings.OnCall)}
}

// NewKeeper returns what asks the sources of the settings, and stores their
// answers; without a store they are forgotten. Loopback allows sources on this
// machine.
func NewKeeper(settings *config.Settings, s *store.Store, c oncall.KeeperConfig, loopback bool) (*oncall.Keeper, error) {
	if s != nil {
		c.Answers = s.OnCallAnswers()
	}
	for i := range settings.OnCall.Sources {
		from := &settings.OnCall.Sources[i]
		made, err := from.Open(settings.OnCall.DialledIn(from.Name), loopback)
		if err != nil {
			return nil, fault.Newf(fault.Invalid, "the source %s cannot be used: %v", from.Name, err).WithHint("%s", fault.HintOf(err))
		}
		c.Sources = append(c.Sources, oncall.PolledSource{
			Name: string(from.Name), Source: made, Key: from.Identity(), Every: from.Refresh, MaxAge: from.MaxAge,
		})
	}
	return oncall.NewKeeper(c)
}

// A source is down after this many failed queries in a row, over this long.
// Answers are good for a day, so there is no need to wake anyone sooner.
const (
	downAfter    = 3
	downAfterFor = 10 * time.Minute
)

// fetched reports a source's state to metrics and the operator.
func (f *onCall) fetched(state oncall.SourceState) {
	f.metrics.Fetched(state, time.Now())
	ctx := context.Background()
	switch {
	case state.Failures == 0:
		f.alerts.Resolve(ctx, alert.SourceDown, state.Source)
	case state.Failures >= downAfter && time.Since(state.Since) >= downAfterFor:
		last := "It has never answered."
		if age, heard := state.Age(time.Now()); heard {
			last = fmt.Sprintf("Calls are answered with what it said %s ago.", age.Round(time.Minute))
		}
		f.alerts.Raise(ctx, alert.Alert{Kind: alert.SourceDown, About: state.Source, Text: fmt.Sprintf(
			"The on-call source %s does not answer since %s: %v. %s", state.Source, state.Since.UTC().Format(time.RFC3339), state.Err, last)})
	}
}
