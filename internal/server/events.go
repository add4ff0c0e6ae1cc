package server

import (
	"context"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens"
)

// webhookPath is where the webhook is, below the public URL.
const webhookPath = "webresponder"

// eventsSecret names the secret that event keys are derived from.
const eventsSecret = "events"

// EventKeys returns the keys of the addresses to which the phone system posts
// incoming texts.
func EventKeys(ctx context.Context, settings *config.Settings, s *store.Store) (textback.EventKeys, error) {
	secret, err := s.Secret(ctx, eventsSecret)
	return textback.EventKeys{Secret: secret, Before: textback.KeyOfBefore(settings.Forms.Secret.Reveal()), Moved: s.EventKeys}, err
}

// inbox wires the receiver of incoming texts.
func (f *textBack) inbox(system *phoneSystem, keys textback.EventKeys) *textback.Inbox {
	settings := system.settings.TextBack
	return &textback.Inbox{
		Keys: keys, Entries: system.entries, Mail: f.store, Log: web.Note, Count: f.metrics.Inbound.Count,
		Replies: textback.Replies{Stop: string(settings.StopConfirmation), Start: string(settings.StartConfirmation), Help: string(settings.Help)},
		Limits:  textback.ReplyLimits{Entry: settings.EntryRepliesPerHour, Tenant: settings.TenantRepliesPerHour},
		Guesses: f.guesses, Stale: f.subscriber.LookSoon,
		Capped: func(entry, domain string) {
			f.alerts.Raise(context.Background(), alert.Alert{Kind: alert.RepliesCapped, About: domain, Text: fmt.Sprintf(
				"So many people text START or HELP to the numbers of %s that some get no answer, of %s just now. STOP counts all the same. "+
					"Somebody may be flooding them; otherwise raise textback.entry_replies_per_hour or tenant_replies_per_hour.", domain, entry)})
		},
	}
}

// newDomainsEvery is how often we check for domains without an event
// subscription: a form may just have been sent for one.
const newDomainsEvery = 10 * time.Second

// subscribe makes the phone system post the texts of every entry's domain to us,
// and no others.
func (f *textBack) subscribe(ctx context.Context) {
	p := partOf[*textBackPart](f.site.Load())
	if p == nil || p.eventsAt == nil {
		return
	}
	whole := p.system.entries.Whole()
	domains := textback.Domains(p.system.entries.All())
	f.subscriber.Round(ctx, p.system.client, domains, p.eventsAt)
	if whole {
		f.subscriber.EndUnused(ctx, p.system.client, domains, p.eventsAt)
	}
}

// subscribed tells the operator if a domain's texts do not reach us: STOP
// messages would not arrive.
func (f *textBack) subscribed(ctx context.Context, domain, did string, err error) {
	f.metrics.Subscriptions.Count(part.ResultOf(err == nil))
	if err != nil {
		var cause alert.Key
		if p := partOf[*phoneSystem](f.site.Load()); p != nil {
			cause = p.down()
		}
		f.alerts.Raise(ctx, alert.Alert{Kind: alert.SubscriptionFailed, About: domain, Cause: cause, Text: fmt.Sprintf(
			"People's texts to the numbers of %s do not reach us, STOP among them: %v", domain, err)})
		return
	}
	f.alerts.Resolve(ctx, alert.SubscriptionFailed, domain)
	if did != textback.Existed {
		f.log.InfoContext(ctx, "subscribed to people's texts", "domain", domain, "subscription", did)
	}
}

// unsubscribed tells that a domain without entries posts its texts to us no more,
// or still does.
func (f *textBack) unsubscribed(ctx context.Context, domain string, err error) {
	if err != nil {
		f.log.WarnContext(ctx, "event subscription not ended", "domain", domain, "error", err.Error())
		return
	}
	f.alerts.Resolve(ctx, alert.SubscriptionFailed, domain)
	f.log.InfoContext(ctx, "event subscription ended", "domain", domain)
}

// EndEvents ends the subscription to the texts of a domain, if no entry of it is
// left, and reports whether there was one.
func EndEvents(ctx context.Context, settings *config.Settings, s *store.Store, client *netsapiens.Client, entries *entry.Book, domain string) (ended bool, err error) {
	used := func() bool { return !entries.Whole() || textback.Serves(entries.All(), domain) }
	if domain == "" || used() {
		return false, nil
	}
	postURL, err := EventsURL(ctx, settings, s, domain)
	if err != nil {
		return false, err
	}
	n, err := textback.Unsubscribe(ctx, client, domain, postURL)
	if err == nil {
		err = s.ForgetEventKey(ctx, domain)
	}
	if err == nil && settings.TextBack.Replies && used() { // a form has been sent meanwhile
		_, err = textback.Subscribe(ctx, client, domain, postURL, time.Now())
	}
	return n > 0, err
}

// EventsURL returns where the phone system posts the texts of a domain.
func EventsURL(ctx context.Context, settings *config.Settings, s *store.Store, domain string) (string, error) {
	keys, err := EventKeys(ctx, settings, s)
	return keys.URL(settings.PublicURL.JoinPath(webhookPath), domain), err
}
