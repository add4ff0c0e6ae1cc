package app

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/alert"
	"github.com/switchhook/switchhook/internal/config"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/textback"
	"github.com/switchhook/switchhook/internal/web"
)

// eventsSecret names the secret that the keys of events are derived from.
const eventsSecret = "events"

// EventKeys returns the keys of the addresses that the phone system posts
// people's texts to.
func EventKeys(ctx context.Context, settings *config.Settings, s *store.Store) (textback.EventKeys, error) {
	secret, err := s.Secret(ctx, eventsSecret)
	return textback.EventKeys{Secret: secret, Before: textback.KeyOfBefore(settings.Forms.Secret.Reveal()), Moved: s.EventKeys}, err
}

// inbox wires what takes people's texts.
func (a *App) inbox(s *site, keys textback.EventKeys) *textback.Inbox {
	settings := s.settings.TextBack
	return &textback.Inbox{
		Keys: keys, Entries: s.entries, Mail: a.store, Log: web.Note, Count: a.metrics.Inbound,
		Replies: textback.Replies{Stop: string(settings.StopConfirmation), Start: string(settings.StartConfirmation), Help: string(settings.Help)},
		Limits:  textback.ReplyLimits{Entry: settings.EntryRepliesPerHour, Tenant: settings.TenantRepliesPerHour},
		Guesses: a.guesses, Stale: a.subscriptions.lookSoon,
		Capped: func(entry, domain string) {
			a.alerts.Raise(context.Background(), alert.Alert{Kind: alert.RepliesCapped, About: domain, Text: fmt.Sprintf(
				"So many people text START or HELP to the numbers of %s that some get no answer, of %s just now. STOP counts all the same. "+
					"Somebody may be flooding them; otherwise raise textback.entry_replies_per_hour or tenant_replies_per_hour.", domain, entry)})
		},
	}
}

// staleAgain is how often a subscription is looked at of which posts come with
// the key of before though it was moved: somebody has set it back.
const staleAgain = 10 * time.Minute

// subscriptions knows when the subscription of each domain is looked at next.
type subscriptions struct {
	mu     sync.Mutex
	looked map[string]time.Time // when it was last, by domain in small letters
	next   map[string]time.Time // when it is to be again, likewise

	all   string          // stands for where they post to: where it changes all are looked at
	keyed map[string]bool // domains that are written down to have their own key; of the one goroutine that subscribes
}

// lookSoon has the subscription of a domain looked at, unless it was just now.
func (s *subscriptions) lookSoon(domain string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	domain = strings.ToLower(domain)
	if soon := s.looked[domain].Add(staleAgain); soon.Before(s.next[domain]) {
		s.next[domain] = soon
	}
}

// begin begins a round.
func (s *subscriptions) begin(all string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all != all {
		s.all, s.keyed = all, map[string]bool{}
		s.looked, s.next = map[string]time.Time{}, map[string]time.Time{}
	}
}

func (s *subscriptions) isDue(domain string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !now.Before(s.next[strings.ToLower(domain)])
}

// done notes that a subscription was looked at.
func (s *subscriptions) done(domain string, now time.Time, again time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	domain = strings.ToLower(domain)
	s.looked[domain], s.next[domain] = now, now.Add(again)
}

// subscribe makes the phone system post the texts of every domain of the
// entries, those of a new one soon, and tells the operator where it does not:
// STOP would not arrive.
func (a *App) subscribe(ctx context.Context) {
	s, known := a.site.Load(), &a.subscriptions
	if s.eventsAt == nil {
		return
	}
	known.begin(s.eventsAt(""))
	for _, domain := range s.textDomains() {
		if ctx.Err() != nil {
			return
		}
		now := time.Now()
		if !known.isDue(domain, now) {
			continue
		}
		did, err := textback.Subscribe(ctx, s.client, domain, s.eventsAt(domain), now)
		if err == nil && !known.keyed[domain] {
			err = a.keepEventKey(ctx, domain, did, now)
			known.keyed[domain] = err == nil
		}
		a.metrics.Subscription(err == nil)
		if err != nil {
			known.done(domain, now, subscribeAgain)
			a.alerts.Raise(ctx, alert.Alert{Kind: alert.SubscriptionFailed, About: domain, Text: fmt.Sprintf(
				"People's texts to the numbers of %s do not reach us, STOP among them: %v", domain, err)})
			continue
		}
		known.done(domain, now, subscribeEvery)
		a.alerts.Resolve(ctx, alert.SubscriptionFailed, domain)
		if did != textback.Existed {
			a.log.InfoContext(ctx, "subscribed to people's texts", "domain", domain, "subscription", did)
		}
	}
}

// keepEventKey writes down that a domain has its own key. Where the
// subscription was made just now nothing is under way with another.
func (a *App) keepEventKey(ctx context.Context, domain, did string, now time.Time) error {
	if did == textback.Created {
		now = time.UnixMilli(1)
	}
	return a.store.KeepEventKey(ctx, domain, now)
}
