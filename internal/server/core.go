package server

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/trunk"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/barring"
	"github.com/switchhook/switchhook/internal/core/nsapi"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/web"
)

// phoneSide is the Core: its API and its terminals' lines. It outlives a reload,
// with its whole state.
type phoneSide struct {
	*Server

	speaking *speaking
}

// phoneSidePart is its part of a site, the same one in all of them.
type phoneSidePart struct {
	partBase

	core     *core.Core
	exchange *core.Exchange
	prompts  *prompt.Library
	sip      *sipCalls // nil: no calls are taken over SIP
	domain   string    // that the Core was started with
}

func newPhoneSide(a *Server, s *speaking) *phoneSide { return &phoneSide{a, s} }

func (f *phoneSide) feature() feature {
	return feature{
		wire: f.wire, swapped: f.swapped, listen: f.listen, start: f.start, drain: f.drain, settle: f.settle,
		metrics: []prometheus.Collector{trunkCollector{f.trunk}, sipCollector{f.sipCalls}},
	}
}

// swapped has a running Core take over what it can of new settings.
func (f *phoneSide) swapped(s, _ *site) {
	p := partOf[*phoneSidePart](s)
	if p == nil || s.settings.Core == nil {
		return
	}
	if calls := f.sipCalls(); calls != nil {
		calls.reload(&s.settings.Core.Voice)
	}
	f.leadNumbers(context.Background(), p, s.settings.Core.Numbers)
}

// drain refuses new calls over SIP from now on, answers OPTIONS so, and takes the
// registration back: carriers then send their calls elsewhere.
func (f *phoneSide) drain() {
	calls := f.sipCalls()
	if calls == nil {
		return
	}
	calls.stack.Drain()
	if calls.trunk != nil {
		calls.trunk.Leave()
	}
}

// settle waits until each BYE is answered: a caller whose BYE is lost with the
// socket stays in a dead call.
func (f *phoneSide) settle(ctx context.Context) {
	if p := partOf[*phoneSidePart](f.site.Load()); p != nil && p.sip != nil && p.sip.stack.Settle(ctx) != nil {
		f.log.Warn("ends of calls not answered")
	}
}

// wire wires the Core, if the first settings have one.
func (f *phoneSide) wire(ctx context.Context, s, before *site) (sitePart, error) {
	if p := partOf[*phoneSidePart](before); p != nil { // see sameCore
		return p, nil
	}
	settings := s.settings
	if before != nil || settings.Core == nil {
		return nil, nil
	}
	fetcher := fetch.New(fetch.Options{Guard: f.guard(settings)})
	prompts := prompt.New(prompt.Config{
		Client: fetcher, Voice: f.speaking, Disk: partOf[*speakingPart](s).disk, Count: f.speaking.prompts.Count,
		Wideband: len(settings.Core.Voice.SIP) > 0, // telephones may have G.722, terminals have µ-law alone
	})
	f.stops.add("prompts", func(context.Context) error { prompts.Close(); return nil })
	p := &phoneSidePart{prompts: prompts, domain: string(settings.Core.Domain)}
	p.core = core.New(core.Config{
		State: f.store, Engine: engine.New(engine.Config{Client: fetcher, Prompts: prompts}), Sent: f.options.Sent,
		Queued: f.options.Queued, QueueTime: f.options.QueueTime, Poster: core.NewPoster(fetcher), Log: f.log,
		CountryCode: string(settings.Core.CallingCode), InHand: &f.calls, Keep: f.keepCall,
		Barring: partOf[*callsOutPart](s).barring, Outside: p.outside(&settings.Core.Voice),
	})
	if err := p.makeDomain(ctx, p.domain); err != nil {
		return nil, err
	}
	p.exchange = &core.Exchange{Core: p.core, Home: phone.HomeOfCode(string(settings.Core.CallingCode)), Keep: f.keepCall, Nowhere: rate.NewLimiter(1, nowhereAtOnce)}
	lines := &wire.Lines{Exchange: p.exchange, Calls: &f.calls, Recordings: partOf[*recordingsPart](s).terminals}
	api, err := nsapi.New(nsapi.Config{Core: p.core, Log: f.log, Note: web.NoteOr(f.log), Guesses: f.guesses, Keys: []nsapi.Key{{
		Token: nsapi.Token(f.token), Scope: nsapi.SuperUser, Domain: string(settings.Core.Domain), Description: "the operator's",
	}}})
	if err != nil {
		return nil, err
	}
	p.routes = map[string]part.Routes{listenSetting: {
		API: []part.Route{{Path: "/ns-api/", Name: "ns-api", Handler: api}},
		Operator: []part.Route{
			{Path: wire.LinePath, Name: "line", Handler: f.door(lines)},
			{Path: wire.RoutePath, Name: "route", Handler: f.door(&wire.Routes{Explainer: p.exchange})},
			{Path: wire.TextPath, Name: "text", Handler: f.door(&wire.Texts{Receiver: p.exchange})},
		},
	}}
	f.leadNumbers(ctx, p, settings.Core.Numbers)
	p.checks = map[string]part.Check{"calls": f.takesCalls}
	if len(settings.Core.Voice.SIP) > 0 {
		p.checks["sip"] = p.takesSIP
	}
	p.introduce = func() {
		f.log.Info("the Core is on", "domain", string(settings.Core.Domain))
		if p.sip != nil {
			f.log.Info("calls over SIP are taken", "addresses", p.sip.addresses(), "at_once", settings.Core.Voice.Most())
		}
	}
	p.close = fetcher.CloseIdle
	return p, nil
}

// guard says which addresses responders and telephones outside may have.
func (f *phoneSide) guard(s *config.Settings) fetch.Guard {
	return fetch.Guard{Private: s.AllowPrivateResponders, Loopback: s.AllowPrivateResponders || f.options.LoopbackResponders}
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
	p := partOf[*phoneSidePart](s)
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
	if p.sip != nil {
		p.sip.start(&f.stops, s.settings.Core.Voice.Most())
		if p.sip.trunk != nil {
			f.stops.beside(ctx, "trunk", p.sip.trunk.Run)
		}
	}
	return nil
}

// sameCore reports whether two settings ask for the same Core. A running one
// can be changed by its API only: calls go on in it, so it stays until the
// server is restarted.
func sameCore(a, b *config.Settings) bool {
	if a.Core == nil || b.Core == nil {
		return a.Core == b.Core
	}
	return reflect.DeepEqual(restarted(a.Core), restarted(b.Core)) && slices.EqualFunc(a.Core.Trunk.Trunks, b.Core.Trunk.Trunks, trunk.Settings.Equal) &&
		a.Data == b.Data && a.AllowPrivateResponders == b.AllowPrivateResponders
}

// restarted returns the settings that a running Core keeps: all but what a reload
// puts in force.
func restarted(c *config.Core) config.Core {
	kept := *c
	kept.Drain = 0 // read as the server stops
	kept.Numbers = nil
	kept.Voice.Allow, kept.Voice.TLS = nil, voice.TLSSettings{}
	kept.Barring = barring.Settings{}
	kept.Trunk.Trunks = nil // a password is not compared so
	return kept
}

// keepCall stores the trace of a call. If that fails, the caller need not know.
func (f *phoneSide) keepCall(call core.StoredCall) {
	ctx, cancel := context.WithTimeout(context.Background(), keepTimeout)
	defer cancel()
	if err := f.store.KeepCall(ctx, call); err != nil {
		f.troubled(ctx, "call trace not stored", err)
	}
}

// nowhereAtOnce is how many traces of calls that lead nowhere are stored at once; after
// that, one a second: those who try numbers by the thousand are not to fill the disk.
const nowhereAtOnce = 100

// keepTimeout is how long a line stays open after its call, to store the trace.
const keepTimeout = 5 * time.Second
