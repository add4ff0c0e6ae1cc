package server

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/dialplan"
	"github.com/switchhook/switchhook/internal/core/nsapi"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server/config"
)

// unreachable is what a caller hears if a number leads nowhere.
const unreachable = "The number you have called cannot be reached."

// phoneSide is the Core: its API and its terminals' lines. It outlives a reload,
// with its whole state.
type phoneSide struct{ *Server }

// phoneSidePart is its part of a site, the same one in all of them.
type phoneSidePart struct {
	brought

	core  *core.Core
	lines *wire.Lines
}

func newPhoneSide(a *Server) *phoneSide { return &phoneSide{a} }

func (f *phoneSide) feature() feature {
	return feature{wire: f.wire, start: f.start, wait: func(ctx context.Context) error {
		if p := partOf[phoneSidePart](f.site.Load()); p != nil {
			return p.lines.Wait(ctx)
		}
		return nil
	}}
}

// wire wires the Core, if the first settings have one.
func (f *phoneSide) wire(ctx context.Context, s, before *site) (wired, error) {
	if p := partOf[phoneSidePart](before); p != nil { // see sameCore
		return p, nil
	}
	settings := s.settings
	if before != nil || settings.Core == nil {
		return nil, nil
	}
	private := settings.AllowPrivateResponders
	fetcher := fetch.New(fetch.Options{Guard: fetch.Guard{Private: private, Loopback: private || f.options.LoopbackResponders}})
	prompts := prompt.New(prompt.Config{Client: fetcher})
	f.stops.add("prompts", func(context.Context) error { prompts.Close(); return nil })
	p := &phoneSidePart{core: core.New(core.Config{
		State: f.store, Engine: engine.New(engine.Config{Client: fetcher, Prompts: prompts}), Sent: f.options.Sent,
		Queued: f.options.Queued, QueueTime: f.options.QueueTime, Poster: core.NewPoster(fetcher), Log: f.log,
		CountryCode: string(settings.Core.CallingCode),
	})}
	if err := p.makeDomain(ctx, string(settings.Core.Domain)); err != nil {
		return nil, err
	}
	exchange := exchange{core: p.core, home: phone.HomeOfCode(string(settings.Core.CallingCode)), keep: f.keepCall}
	p.lines = &wire.Lines{Exchange: exchange}
	api, err := nsapi.New(nsapi.Config{Core: p.core, Log: f.log, Guesses: f.guesses, Keys: []nsapi.Key{{
		Token: nsapi.Token(f.token), Scope: nsapi.SuperUser, Domain: string(settings.Core.Domain), Description: "the operator's",
	}}})
	if err != nil {
		return nil, err
	}
	p.routes = map[string]part.Routes{listenSetting: {
		API: []part.Route{{Path: "/ns-api/", Name: "ns-api", Handler: api}},
		Operator: []part.Route{
			{Path: wire.LinePath, Name: "line", Handler: f.door(p.lines)},
			{Path: wire.RoutePath, Name: "route", Handler: f.door(&wire.Routes{Explainer: exchange})},
			{Path: wire.TextPath, Name: "text", Handler: f.door(&wire.Texts{Receiver: exchange})},
		},
	}}
	p.introduce = func() { f.log.Info("the Core is on", "domain", string(settings.Core.Domain)) }
	p.close = fetcher.CloseIdle
	return p, nil
}

// makeDomain makes the Core's domain, unless an earlier start has.
func (p *phoneSidePart) makeDomain(ctx context.Context, name string) error {
	domain, err := json.Marshal(map[string]string{"domain": name})
	if err != nil {
		return err
	}
	fields, err := core.ParseFields(domain)
	if err != nil {
		return err
	}
	if _, err := p.core.CreateDomain(ctx, fields); err != nil && !errors.Is(err, core.ErrExists) {
		return err
	}
	return nil
}

// start writes down where the Core listens, and starts what its calls need.
func (f *phoneSide) start(ctx context.Context) error {
	s := f.site.Load()
	p := partOf[phoneSidePart](s)
	if p == nil {
		return nil
	}
	withdraw, err := announce(string(s.settings.Data), f.Address())
	if err != nil {
		return err
	}
	f.stops.add("address of the Core", func(context.Context) error { withdraw(); return nil })
	f.stops.beside(ctx, "events of the Core", p.core.PostEvents)
	f.stops.beside(ctx, "queues of the Core", p.core.WorkQueues)
	return nil
}

// sameCore reports whether two settings ask for the same Core. A running one
// can be changed by its API only: calls go on in it, so it stays until the
// server is restarted.
func sameCore(a, b *config.Settings) bool {
	if a.Core == nil || b.Core == nil {
		return a.Core == b.Core
	}
	return *a.Core == *b.Core && a.Data == b.Data && a.AllowPrivateResponders == b.AllowPrivateResponders
}

// exchange adapts the Core to the console.
type exchange struct {
	core *core.Core
	home phone.Home // of numbers without a country code
	keep func(core.StoredCall)
}

// Place routes a call, runs it and stores its trace. If the number leads
// nowhere, the caller hears so.
func (x exchange) Place(ctx context.Context, from, to string, line engine.Line, route func([]string), record func(trace.Stamped)) engine.Outcome {
	began := time.Now()
	var events []byte
	outcome := x.place(ctx, from, to, line, route, func(e trace.Stamped) {
		record(e)
		if line, err := e.AppendJSON(nil); err == nil { // an event that JSON cannot hold is recorded all the same
			events = append(append(events, line...), '\n')
		}
	})
	x.keep(core.StoredCall{
		ID: strings.ToLower(rand.Text()), At: began, From: x.digits(from), To: x.digits(to), Outcome: outcome.Reason, Failed: outcome.Failed, Trace: events,
	})
	return outcome
}

// digits returns a number as the ledger stores it; anything else is unchanged.
func (x exchange) digits(number string) string {
	if n := phone.Read(number, x.home); !n.Hidden() {
		return n.Digits()
	}
	return number
}

// keepCall stores the trace of a call. If that fails, the caller need not know.
func (f *phoneSide) keepCall(call core.StoredCall) {
	ctx, cancel := context.WithTimeout(context.Background(), keepTimeout)
	defer cancel()
	if err := f.store.KeepCall(ctx, call); err != nil {
		f.troubled(ctx, "the trace of a call could not be kept", err)
	}
}

// keepTimeout is how long a line stays open after its call, to store the trace.
const keepTimeout = 5 * time.Second

func (x exchange) place(ctx context.Context, from, to string, line engine.Line, route func([]string), record func(trace.Stamped)) engine.Outcome {
	if decided, err := x.core.Route(ctx, dialplan.Query{From: from, To: to}); err == nil {
		route(explain(decided))
	}
	call, err := x.core.Place(ctx, from, to, line, record)
	if err == nil {
		return call.Outcome
	}
	return x.turnDown(ctx, from, to, line, record, err)
}

// turnDown ends a call that leads nowhere. A caller who is connected hears so;
// the others' phone system tells them.
func (x exchange) turnDown(ctx context.Context, from, to string, line engine.Line, record func(trace.Stamped), reason error) engine.Outcome {
	record(trace.Stamped{At: line.Now(), Event: trace.Answer{From: from, To: to}})
	answered := true
	if answerer, ok := engine.As[engine.Answerer](line); ok {
		_, answered = answerer.Answered()
	}
	var err error
	if answered {
		began := line.Now()
		var played engine.Played
		played, err = line.Play(ctx, engine.Speech{Text: unreachable}, nil)
		record(trace.Stamped{At: began, Event: trace.Say{Text: unreachable, Barged: played.Barged}})
	}
	outcome := engine.Outcome{By: trace.ByEngine, Reason: reason.Error(), Failed: true}
	if errors.Is(err, engine.ErrHungUp) || errors.Is(context.Cause(ctx), engine.ErrHungUp) {
		outcome.By, outcome.Reason = trace.ByCaller, "the caller hung up"
	} else {
		_ = line.Hangup(ctx, causeOf(reason)) // the call ends here in any case
	}
	record(trace.Stamped{At: line.Now(), Event: trace.Hangup{By: outcome.By, Reason: outcome.Reason}})
	return outcome
}

// causeOf returns how the caller's phone system is told that a call leads
// nowhere.
func causeOf(reason error) engine.Cause {
	switch fault.CodeOf(reason) {
	case fault.NotFound:
		return engine.Nowhere
	case fault.Refused:
		return engine.Rejected
	case fault.Unsupported, fault.Unavailable:
		return engine.Unavailable
	}
	return engine.Failed
}

// ReceiveText delivers a text from outside.
func (x exchange) ReceiveText(ctx context.Context, from, to, message string) error {
	_, err := x.core.ReceiveText(ctx, from, to, message)
	return err
}

// Explain says where a call would go, including the rules that did not match.
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
