package server

import (
	"context"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/netsapiens"
)

// sweepEvery is how long a text or a call back interrupted by the death of its
// process can stay unnoticed after its lease has ended.
const sweepEvery = 2 * time.Second

// textBack answers callers with a text.
type textBack struct {
	*Server

	provisioning *provisioning
	metrics      *textback.Metrics
	subscriber   textback.Subscriber
}

// textBackPart is its part of a site.
type textBackPart struct {
	partBase

	system   *phoneSystem
	webhook  *textback.Webhook
	outbox   *textback.Outbox
	eventsAt func(domain string) string // where the phone system posts a domain's texts; nil: nowhere
}

func newTextBack(a *Server, p *provisioning) *textBack {
	f := &textBack{Server: a, provisioning: p, metrics: textback.NewMetrics()}
	f.subscriber.Keys, f.subscriber.KeepKey, f.subscriber.ForgetKey = a.store.EventKeys, a.store.KeepEventKey, a.store.ForgetEventKey
	f.subscriber.Checked, f.subscriber.Ended = f.subscribed, f.unsubscribed
	return f
}

func (f *textBack) feature() feature {
	return feature{
		wire:    f.wire,
		jobs:    []part.Job{{Kind: ledger.TextJob, Patience: f.options.Pace.Job(), Work: f.attemptText}},
		loops:   []part.Loop{{Every: sweepEvery, Do: f.sweepTexts}, {Every: newDomainsEvery, Do: f.subscribe}},
		metrics: f.metrics.Collectors(),
		tidy:    f.tidyTexts,
	}
}

// wire wires the webhook, the inbox, the outbox and the form.
func (f *textBack) wire(ctx context.Context, s, before *site) (sitePart, error) {
	settings, system := s.settings, partOf[*phoneSystem](s)
	if system == nil {
		return nil, nil
	}
	p := &textBackPart{system: system}
	hook := settings.PublicURL.JoinPath(webhookPath)
	policy := textback.Policy{
		QueueOnFailure: settings.TextBack.QueueOnFailure, GiveUpAfter: settings.TextBack.GiveUpAfter,
		Resend: settings.TextBack.WhenUncertain == textback.Resend, Pace: f.options.Pace,
	}
	attempted := func(t ledger.Text, r ledger.Result) { f.attempted(system, t, r) }
	config := textback.Config{
		Entries: system.entries, Ledger: f.store, Sender: system.client, URL: hook,
		Patience: settings.TextBack.Patience, Rules: settings.TextBack.Rules(), Policy: policy, Texts: settings.TextBack.Texts.Texts(),
		Address: web.Client, Log: web.Note, About: web.About, Whole: web.Whole, Count: f.metrics.Answers.Count, Attempted: attempted,
		Admission: &f.overload.texts, Limited: f.limited, Tell: f.sparse.Tell, Guesses: f.guesses, Unkeyed: f.provisioning.suspect,
	}
	if settings.TextBack.Keys == textback.AutoKeys {
		config.MadeKey = f.provisioning.madeKeys.Recall
	}
	var err error
	if old := partOf[*textBackPart](before); old != nil {
		p.webhook, err = old.webhook.With(config)
	} else {
		p.webhook, err = textback.NewWebhook(config)
	}
	if err != nil {
		return nil, err
	}
	p.outbox = &textback.Outbox{
		Queue: f.store, Sender: system.client, Finder: system.client, Policy: policy, Attempted: attempted, Quiet: system.quiet,
	}
	routes := []part.Route{
		{Path: "/" + webhookPath, Name: webhookPath, Handler: p.webhook, Open: true},
		{Path: "/update-sms", Name: "update-sms", Handler: &textback.Form{
			Secret: netsapiens.Secret(settings.Forms.Secret.Reveal()), Guesses: f.guesses, Store: system.entries,
			Provision: f.provisioning.forForms(s), Audit: f.store.Audit, Tell: f.sparse.Tell, Log: web.Note,
		}},
	}
	if settings.TextBack.Replies {
		keys, err := EventKeys(ctx, settings, f.store)
		if err != nil {
			return nil, err
		}
		p.eventsAt = func(domain string) string { return keys.URL(hook, domain) }
		routes = append(routes, part.Route{Path: "/webresponder/events", Name: "events", MaxBody: textback.MaxPost, Handler: f.inbox(system, keys)})
	}
	p.routes = map[string]part.Routes{listenSetting: {Webhooks: routes}}
	p.introduce = func() { f.introduce(system) }
	return p, nil
}

// introduce logs what is served.
func (f *textBack) introduce(system *phoneSystem) {
	texts := 0
	for _, e := range system.entries.All() {
		if e.HasText() {
			texts++
		}
	}
	f.log.Info("text-back is on", "entries", WhereEntries(system.settings), "texts", texts,
		"phone_system", system.settings.NetSapiens.URL.String(), "public_url", system.settings.PublicURL.String())
}

// quiet returns an entry's quiet hours.
func (p *phoneSystem) quiet(id string) *hours.Quiet {
	quiet := p.settings.TextBack.QuietHours
	if e, ok := p.entries.Get(id); ok {
		return quiet.In(e.TimeZone)
	}
	return quiet
}

// attemptText makes the next attempt at a text.
func (f *textBack) attemptText(ctx context.Context, id string) (again time.Time, err error) {
	p := partOf[*textBackPart](f.site.Load())
	if p == nil {
		return time.Now().Add(tidyEvery), nil // text-back was switched off: the text waits
	}
	f.watchClock(ctx) // otherwise a clock jump would make the text look too late
	return p.outbox.Work(ctx, id)
}

// sweepTexts picks up texts that a dead process left unfinished.
func (f *textBack) sweepTexts(ctx context.Context) {
	f.watchClock(ctx) // otherwise running attempts could look abandoned
	stranded, err := f.store.Sweep(ctx, time.Now())
	if err != nil {
		f.troubled(ctx, "interrupted texts not checked", err)
		return
	}
	f.probe(ctx)
	for _, id := range stranded {
		f.log.Warn("text send interrupted; verifying delivery", "text", id)
	}
}

// tidyTexts removes what is past the retention.
func (f *textBack) tidyTexts(ctx context.Context, before time.Time) {
	removed, err := f.store.Purge(ctx, before)
	if err != nil {
		f.troubled(ctx, "old calls and texts not removed", err)
		return
	}
	if removed.Texts+removed.Answers+removed.Calls+removed.Inbound > 0 {
		f.log.Info("old records removed", "texts", removed.Texts, "answers", removed.Answers, "calls", removed.Calls, "inbound", removed.Inbound)
	}
}

// attempted tells the operator the result of an attempt at a text, if they need
// to know.
func (f *textBack) attempted(system *phoneSystem, t ledger.Text, r ledger.Result) {
	ctx := context.Background()
	f.metrics.Attempted(r)
	if r.State != ledger.Dead || r.Why == ledger.Suppressed {
		return
	}
	a := alert.Alert{Kind: alert.TextDead, About: t.Entry, Text: fmt.Sprintf(
		"The text %s of %s to %s does not go out by itself (%s): %s.", t.ID, t.Entry, phone.Mask(t.To), r.Why, r.Problem),
		Do: "See it with: switchhook texts list --state dead; send it with: switchhook texts resend " + t.ID +
			"; all that are dead of the entry with: switchhook texts resend --dead --entry " + t.Entry}
	if r.Why == ledger.Failed || r.Why == ledger.Uncertain {
		a.Cause = system.down()
	}
	f.alerts.Raise(ctx, a)
}

// limited tells the operator that a cap stopped an entry's text.
func (f *textBack) limited(id string, full ledger.Full) {
	what := "Either strangers ask for texts, or the entry has more callers than the cap allows: the settings of [textback] say how many."
	switch full.Cap.Scope {
	case ledger.OfNewNumbers:
		what = "Anybody who knows the address of its webhook can ask for texts: give the entry a key, or raise textback.new_numbers_per_hour."
	case ledger.OfSource:
		what = "If it is your phone system, name it in the allow_from of its entries or give them keys; else somebody tries to text strangers."
	}
	f.alerts.Raise(context.Background(), alert.Alert{Kind: alert.TextsLimited, About: full.Cap.Of, Text: fmt.Sprintf(
		"Callers of %s are not texted until %s: there were %s. %s", id, full.Until.UTC().Format(time.RFC3339), full.Cap, what)})
}
