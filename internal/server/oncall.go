package server

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/internal/setting"
	"github.com/switchhook/switchhook/internal/store"
)

// onCall wires the desk that phone systems ask whom to call.
func (a *Server) onCall(s *site, before *site) ([]web.Route, error) {
	settings := s.settings
	var err error
	if s.keeper, err = NewKeeper(settings, a.store, oncall.KeeperConfig{Log: a.log.LogAttrs, Fetched: a.fetched}, a.options.LoopbackResponders); err != nil {
		return nil, err
	}
	c := deskConfig(settings, s.keeper)
	c.Journal = a.store.OnCallJournal()
	c.Address = func(r *http.Request) netip.Addr { return web.ClientAddress(r, settings.TrustedProxies) }
	c.Guesses, c.Log = a.guesses, web.Note
	c.Count = func(d oncall.Decision) { a.metrics.OnCall(string(d.Reason), d.Fallback) }
	if before != nil && before.desk != nil {
		s.keeper.Inherit(before.keeper)
		s.desk, err = before.desk.With(c)
	} else {
		s.desk, err = oncall.New(c)
	}
	if err != nil {
		return nil, err
	}
	return []web.Route{
		{Path: "/voys-webhook", Name: "voys-webhook", Handler: s.desk.Voys()},
		{Path: "/voys-webhook/{$}", Name: "voys-webhook", Handler: s.desk.Voys()},
		{Path: "/oncall", Name: "oncall", Handler: s.desk.Document()},
		{Path: "/oncall/voys-notifications", Name: "voys-notifications", Handler: s.desk.Notifications()},
	}, nil
}

// runOnCall replaces the previous site's keeper, and starts storing the desk's
// decisions. Desks that follow one another share a journal.
func (a *Server) runOnCall(s, before *site) {
	if s.keeper == nil {
		a.keeping.replace(nil)
		a.journalling.replace(nil)
		return
	}
	a.keeping.replace(s.keeper.Run)
	if before == nil || before.desk == nil {
		a.journalling.replace(s.desk.Run)
	}
}

// dutyAddress returns on-call's own address.
func dutyAddress(settings *config.Settings) setting.Address {
	if settings.OnCall == nil {
		return ""
	}
	return settings.OnCall.Listen
}

// NewDesk returns a desk like the server's, to find out whom it would call.
// Without a store it has no history of calls.
func NewDesk(settings *config.Settings, keeper *oncall.Keeper, s *store.Store) (*oncall.Desk, error) {
	c := deskConfig(settings, keeper)
	if s != nil {
		c.Journal = s.OnCallJournal()
	}
	return oncall.New(c)
}

func deskConfig(settings *config.Settings, keeper *oncall.Keeper) oncall.Config {
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
		c.Sources = append(c.Sources, oncall.Watched{
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
func (a *Server) fetched(state oncall.State) {
	age, heard := state.Age(time.Now())
	a.metrics.Source(state.Source, string(state.Failure), age, heard)
	ctx := context.Background()
	switch {
	case state.Failures == 0:
		a.alerts.Resolve(ctx, alert.SourceDown, state.Source)
	case state.Failures >= downAfter && time.Since(state.Since) >= downAfterFor:
		last := "It has never answered."
		if heard {
			last = fmt.Sprintf("Calls are answered with what it said %s ago.", age.Round(time.Minute))
		}
		a.alerts.Raise(ctx, alert.Alert{Kind: alert.SourceDown, About: state.Source, Text: fmt.Sprintf(
			"The on-call source %s does not answer since %s: %v. %s", state.Source, state.Since.UTC().Format(time.RFC3339), state.Err, last)})
	}
}
