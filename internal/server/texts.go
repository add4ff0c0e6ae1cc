package server

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/netsapiens"
)

// textBack wires the webhook, the inbox, the outbox and the form.
func (a *Server) textBack(ctx context.Context, s *site, before *site) ([]web.Route, error) {
	settings := s.settings
	var err error
	if before != nil && before.entries != nil && before.settings.DomainsFile == settings.DomainsFile {
		s.entries = before.entries
	} else if s.entries, err = a.openEntries(ctx, settings); err != nil {
		return nil, err
	}
	s.client, err = netsapiens.New(netsapiens.Config{
		URL: settings.NetSapiens.URL.String(), Token: netsapiens.Secret(settings.NetSapiens.Token.Reveal()),
	})
	if err != nil {
		return nil, err
	}
	s.phoneSystem = alert.NewPhoneSystem(a.alerts, settings.NetSapiens.URL.Host)
	hook := settings.PublicURL.JoinPath("webresponder")
	policy := textback.Policy{
		QueueOnFailure: settings.TextBack.QueueOnFailure, GiveUpAfter: settings.TextBack.GiveUpAfter,
		Resend: settings.TextBack.WhenUncertain == textback.Resend, Pace: a.options.Pace,
	}
	attempted := func(t ledger.Text, r ledger.Result) { a.attempted(s, t, r) }
	webhook := textback.Config{
		Entries: s.entries, Ledger: a.store, Sender: s.client, URL: hook,
		Patience: settings.TextBack.Patience, Rules: settings.TextBack.Rules(), Policy: policy, Texts: settings.TextBack.Texts.Texts(),
		Address: func(r *http.Request) netip.Addr { return web.ClientAddress(r, settings.TrustedProxies) },
		Log:     web.Note, About: web.About, Whole: web.Whole, Count: func(reason textback.Reason) { a.metrics.Text(string(reason)) }, Attempted: attempted,
		Limited: a.limited, MadeKey: a.madeKey(settings), Guesses: a.guesses, Unkeyed: func(id string) { a.suspects.add(id, time.Now()) },
	}
	if before != nil && before.webhook != nil {
		s.webhook, err = before.webhook.With(webhook)
	} else {
		s.webhook, err = textback.NewWebhook(webhook)
	}
	if err != nil {
		return nil, err
	}
	s.outbox = &textback.Outbox{
		Queue: a.store, Sender: s.client, Finder: s.client, Policy: policy, Attempted: attempted,
		Quiet: func(id string) *hours.Quiet { return s.quiet(id) },
	}
	routes := []web.Route{
		{Path: "/webresponder", Name: "webresponder", Handler: s.webhook, Open: true},
		{Path: "/update-sms", Name: "update-sms", Handler: a.form(s)},
	}
	if settings.TextBack.Replies {
		keys, err := EventKeys(ctx, settings, a.store)
		if err != nil {
			return nil, err
		}
		s.eventsAt = func(domain string) string { return keys.URL(hook, domain) }
		routes = append(routes, web.Route{Path: "/webresponder/events", Name: "events", MaxBody: textback.MaxPost, Handler: a.inbox(s, keys)})
	}
	return routes, nil
}

// quiet returns an entry's quiet hours.
func (s *site) quiet(id string) *hours.Quiet {
	quiet := s.settings.TextBack.QuietHours
	if e, ok := s.entries.Get(id); ok {
		return quiet.In(e.TimeZone)
	}
	return quiet
}

// attempted tells the operator the result of an attempt at a text, if they need
// to know.
func (a *Server) attempted(s *site, t ledger.Text, r ledger.Result) {
	ctx := context.Background()
	a.metrics.Attempt(r)
	s.phoneSystem.Attempt(ctx, r.State == ledger.Sent || r.Why == ledger.Refused)
	if r.State != ledger.Dead || r.Why == ledger.Suppressed {
		return
	}
	a.alerts.Raise(ctx, alert.Alert{Kind: alert.TextDead, About: t.Entry, Text: fmt.Sprintf(
		"The text %s of %s to %s does not go out by itself (%s): %s. See it with: switchhook texts list --state dead; send it with: switchhook texts resend %s",
		t.ID, t.Entry, phone.Mask(t.To), r.Why, r.Problem, t.ID)})
}

// limited tells the operator that a cap stopped an entry's text.
func (a *Server) limited(id string, full ledger.Full) {
	what := "Either strangers ask for texts, or the entry has more callers than the cap allows: the settings of [textback] say how many."
	switch full.Cap.Scope {
	case ledger.OfNewNumbers:
		what = "Anybody who knows the address of its webhook can ask for texts: give the entry a key, or raise textback.new_numbers_per_hour."
	case ledger.OfSource:
		what = "If it is your phone system, name it in the allow_from of its entries or give them keys; else somebody tries to text strangers."
	}
	a.alerts.Raise(context.Background(), alert.Alert{Kind: alert.TextsLimited, About: full.Cap.Of, Text: fmt.Sprintf(
		"Callers of %s are not texted until %s: there were %s. %s", id, full.Until.UTC().Format(time.RFC3339), full.Cap, what)})
}

// textDomains returns the domains that texts are sent in.
func (s *site) textDomains() []string {
	var domains []string
	for _, e := range s.entries.All() {
		if e.HasText() && e.APIDomain != "" {
			domains = append(domains, e.APIDomain)
		}
	}
	slices.Sort(domains)
	return slices.Compact(domains)
}
