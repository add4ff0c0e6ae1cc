package app

import (
	"context"
	"encoding/json"
	"time"

	"github.com/switchhook/switchhook/internal/console"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/dialplan"
	"github.com/switchhook/switchhook/internal/engine"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/nsapi"
	"github.com/switchhook/switchhook/internal/simulator"
	"github.com/switchhook/switchhook/internal/trace"
	"github.com/switchhook/switchhook/internal/web"
)

// unreachable is what a caller hears where a number leads nowhere.
const unreachable = "The number you have called cannot be reached."

// phoneSide wires the Core: its API, and the lines of terminals. The Core
// itself, with all that it knows, outlives new settings.
func (a *App) phoneSide(ctx context.Context, s *site, before *site) ([]web.Route, error) {
	settings := s.settings
	if before != nil && before.core != nil {
		s.core, s.fetcher, s.token = before.core, before.fetcher, before.token
	} else {
		var err error
		if s.token, err = OperatorToken(string(settings.Data)); err != nil {
			return nil, err
		}
		private := settings.AllowPrivateResponders
		s.fetcher = fetch.New(fetch.Options{Guard: fetch.Guard{Private: private, Loopback: private || a.options.LoopbackResponders}})
		s.core = core.New(core.Config{Engine: engine.New(engine.Config{Client: s.fetcher}), Sent: a.options.Sent})
		domain, err := json.Marshal(map[string]string{"domain": string(settings.Core.Domain)})
		if err != nil {
			return nil, err
		}
		fields, err := core.ParseFields(domain)
		if err != nil {
			return nil, err
		}
		if _, err := s.core.CreateDomain(ctx, fields); err != nil {
			return nil, err
		}
	}
	exchange := exchange{s.core}
	s.lines = &console.Lines{Token: s.token, Exchange: exchange}
	if before != nil && before.lines != nil {
		s.lines = before.lines
	}
	api, err := nsapi.New(nsapi.Config{Core: s.core, Log: a.log, Keys: []nsapi.Key{{
		Token: nsapi.Token(s.token), Scope: nsapi.SuperUser, Domain: string(settings.Core.Domain), Description: "the operator's",
	}}})
	if err != nil {
		return nil, err
	}
	return []web.Route{
		{Path: "/ns-api/", Name: "ns-api", Handler: api},
		{Path: simulator.LinePath, Name: "line", Handler: s.lines},
		{Path: simulator.RoutePath, Name: "route", Handler: &console.Routes{Token: s.token, Explainer: exchange}},
	}, nil
}

// exchange is the Core as the console knows it.
type exchange struct{ core *core.Core }

// Place routes a call and runs it. A caller whose number leads nowhere hears
// so.
func (x exchange) Place(ctx context.Context, from, to string, line engine.Line, route func([]string), record func(trace.Stamped)) engine.Outcome {
	if decided, err := x.core.Route(ctx, dialplan.Query{From: from, To: to}); err == nil {
		route(explain(decided))
	}
	call, err := x.core.Place(ctx, from, to, line, record)
	if err == nil {
		return call.Outcome
	}
	record(trace.Stamped{At: line.Now(), Event: trace.Answer{From: from, To: to}})
	began := line.Now()
	played, playErr := line.Play(ctx, engine.Speech{Text: unreachable}, nil)
	record(trace.Stamped{At: began, Event: trace.Say{Text: unreachable, Barged: played.Barged}})
	outcome := engine.Outcome{By: trace.ByEngine, Reason: err.Error(), Failed: true}
	if playErr == nil {
		_ = line.Hangup(ctx) // the call ends here whatever it says
	}
	record(trace.Stamped{At: line.Now(), Event: trace.Hangup{By: outcome.By, Reason: outcome.Reason}})
	return outcome
}

// Explain tells where a call would go, with the rules that were passed over.
func (x exchange) Explain(from, to string, at time.Time) []string {
	decided, err := x.core.Route(context.Background(), dialplan.Query{From: from, To: to, At: at, Explain: true})
	if err != nil {
		return []string{err.Error()}
	}
	return explain(decided)
}

func explain(decided dialplan.Result) []string {
	steps := make([]string, len(decided.Steps))
	for i, step := range decided.Steps {
		steps[i] = step.String()
	}
	return steps
}
