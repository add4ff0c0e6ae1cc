package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/alert"
	"github.com/switchhook/switchhook/internal/config"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/oncall"
	"github.com/switchhook/switchhook/internal/oncall/source"
	"github.com/switchhook/switchhook/internal/plaintext"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/web"
)

// onCall wires the desk that phone systems ask whom to ring.
func (a *App) onCall(s *site, before *site) ([]web.Route, error) {
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

// runOnCall puts the keeper of a site in the place of the one before, and keeps
// the decisions of its desk. Desks that came of one another share a journal.
func (a *App) runOnCall(s, before *site) {
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

// dutyAddress returns the address that on-call has of its own.
func dutyAddress(settings *config.Settings) config.Address {
	if settings.OnCall == nil {
		return ""
	}
	return settings.OnCall.Listen
}

// NewDesk returns a desk as the server has it, for who only wants to know whom
// it would ring. Without a store nobody was rung before.
func NewDesk(settings *config.Settings, keeper *oncall.Keeper, s *store.Store) (*oncall.Desk, error) {
	c := deskConfig(settings, keeper)
	if s != nil {
		c.Journal = s.OnCallJournal()
	}
	return oncall.New(c)
}

func deskConfig(settings *config.Settings, keeper *oncall.Keeper) oncall.Config {
	c := oncall.Config{Keeper: keeper, AllowFrom: settings.OnCall.AllowFrom}
	for i := range settings.OnCall.Routes {
		c.Routes = append(c.Routes, routeOf(settings.OnCall, &settings.OnCall.Routes[i]))
	}
	return c
}

// routeOf returns a route as on-call knows it.
func routeOf(o *config.OnCall, r *config.OnCallRoute) oncall.Route {
	route := oncall.Route{
		Name: string(r.Name), DIDs: textsOf(r.DIDs), Codes: textsOf(r.Codes), Sources: textsOf(r.Sources),
		RepeatWithin: r.RepeatWithin, CallerName: r.CallerName,
		Rules: oncall.Rules{
			Policy: oncall.Policy(r.Policy), Beyond: oncall.Beyond(r.Beyond), NextLevel: r.NextLevel, Preferred: r.Preferred,
			Numbers: map[string][]string{}, CallingCode: string(r.CallingCode), Block: textsOf(r.Block), Allow: textsOf(r.Allow),
			Fallback: string(r.Fallback), Closed: string(r.ClosedNumber), Refused: string(r.RefusedNumber),
		},
		Texts: oncall.Texts{
			Connecting: string(r.Texts.Connecting), Nobody: string(r.Texts.Nobody), Closed: string(r.Texts.Closed),
			Voice: r.Texts.Voice, Language: r.Texts.Language,
		},
	}
	route.Rules.Hours, _ = r.Schedule() // checked when the settings were read
	for _, secret := range o.Secrets(r) {
		route.Secrets = append(route.Secrets, secret.Reveal())
	}
	for person, numbers := range o.Numbers {
		route.Rules.Numbers[plaintext.Compose(person)] = textsOf(numbers)
	}
	if len(route.Sources) == 0 {
		for _, s := range o.Sources {
			route.Sources = append(route.Sources, string(s.Name))
		}
	}
	return route
}

func textsOf[T ~string](items []T) []string {
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i] = string(item)
	}
	return texts
}

// NewKeeper returns what asks the sources of the settings, and keeps in the
// store what they say; without a store it is forgotten. Loopback lets sources
// be on this machine.
func NewKeeper(settings *config.Settings, s *store.Store, c oncall.KeeperConfig, loopback bool) (*oncall.Keeper, error) {
	if s != nil {
		c.Answers = s.OnCallAnswers()
	}
	for i := range settings.OnCall.Sources {
		from := &settings.OnCall.Sources[i]
		made, err := newSource(from, dialledIn(settings.OnCall, from.Name), loopback)
		if err != nil {
			return nil, fault.Newf(fault.Invalid, "the source %s cannot be used: %v", from.Name, err).WithHint("%s", fault.HintOf(err))
		}
		c.Sources = append(c.Sources, oncall.Watched{
			Name: string(from.Name), Source: made, Key: identity(from), Every: from.Refresh, MaxAge: from.MaxAge,
		})
	}
	return oncall.NewKeeper(c)
}

// identity tells whether two sources ask for the same: an answer that was kept
// for another escalation policy is not used. The address of a calendar is a
// secret, and so it is not readable here.
func identity(from *config.OnCallSource) string {
	hash := sha256.New()
	for _, part := range []string{
		from.URL.Reveal(), from.EscalationPolicy, strings.Join(from.Calendars, ","), from.Service, strings.Join(from.Schedules, ","), string(from.Path),
	} {
		_, _ = fmt.Fprintf(hash, "%d:%s", len(part), part) // a hash takes everything
	}
	return string(from.Kind) + "-" + hex.EncodeToString(hash.Sum(nil)[:8])
}

// dialledIn returns the calling code of the routes that a source is for; empty:
// they have none, or not the same.
func dialledIn(o *config.OnCall, name config.Name) string {
	var codes []string
	for i := range o.Routes {
		r := &o.Routes[i]
		if len(r.Sources) == 0 || slices.Contains(r.Sources, name) {
			codes = append(codes, string(r.CallingCode))
		}
	}
	if codes = slices.Compact(codes); len(codes) == 1 {
		return codes[0]
	}
	return ""
}

// newSource returns a source of the settings, whose numbers are dialled within
// the country of a calling code.
func newSource(from *config.OnCallSource, callingCode string, loopback bool) (source.Source, error) {
	client := fetch.New(fetch.Options{Guard: fetch.Guard{Private: from.AllowPrivate, Loopback: from.AllowPrivate || loopback}})
	address := from.URL.Reveal()
	switch string(from.Kind) {
	case source.KindPagerDuty:
		return made(source.NewPagerDuty(source.PagerDutyConfig{URL: address, Key: from.APIKey, Policy: from.EscalationPolicy, CallingCode: callingCode, Client: client}))
	case source.KindBetterStack:
		return made(source.NewBetterStack(source.BetterStackConfig{URL: address, Key: from.APIKey, Calendars: from.Calendars, CallingCode: callingCode, Client: client}))
	case source.KindIlert:
		return made(source.NewIlert(source.IlertConfig{URL: address, Key: from.APIKey, Policy: from.EscalationPolicy, CallingCode: callingCode, Client: client}))
	case source.KindGoAlert:
		return made(source.NewGoAlert(source.GoAlertConfig{URL: address, Key: from.APIKey, Service: from.Service, CallingCode: callingCode, Client: client}))
	case source.KindGrafana:
		return made(source.NewGrafana(source.GrafanaConfig{URL: address, Key: from.APIKey, Schedules: from.Schedules, Client: client}))
	case source.KindICal:
		c := source.ICalConfig{Path: string(from.Path), Zone: from.TimeZone, Level: from.Level, Categories: from.Categories, CallingCode: callingCode, Client: client}
		if from.URL.IsSet() {
			c.URL = from.URL
		}
		return made(source.NewICal(c))
	case source.KindFile:
		return made(source.NewFile(source.FileConfig{Path: string(from.Path), Zone: from.TimeZone, CallingCode: callingCode}))
	}
	return nil, fault.Newf(fault.Invalid, "there is no kind %q", from.Kind)
}

// made returns a source, nil where there is none: not a nil pointer in an
// interface.
func made[S source.Source](s S, err error) (source.Source, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// A source stays down when so many questions in a row had no answer, over so
// long. Answers are used for a day, so nobody has to be woken at once.
const (
	downAfter    = 3
	downAfterFor = 10 * time.Minute
)

// fetched tells metrics and the operator how a source is.
func (a *App) fetched(state oncall.State) {
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
