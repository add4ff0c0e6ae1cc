package server

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/internal/store"
)

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
		Guesses: f.guesses, Stale: f.subscriptions.lookSoon,
		Capped: func(entry, domain string) {
			f.alerts.Raise(context.Background(), alert.Alert{Kind: alert.RepliesCapped, About: domain, Text: fmt.Sprintf(
				"So many people text START or HELP to the numbers of %s that some get no answer, of %s just now. STOP counts all the same. "+
					"Somebody may be flooding them; otherwise raise textback.entry_replies_per_hour or tenant_replies_per_hour.", domain, entry)})
		},
	}
}

const (
	// newDomainsEvery is how often we check for domains without an event
	// subscription: a form may just have been sent for one.
	newDomainsEvery = 10 * time.Second

	// subscribeEvery is how often we check a subscription. If someone deletes
	// it on the phone system, we miss STOP messages until the next check.
	subscribeEvery = time.Hour

	// subscribeAgain is how soon we try again after a failed check.
	subscribeAgain = 5 * time.Minute

	// staleAgain is how soon we check a subscription again if posts still come
	// with the old key after it was moved: someone has set it back.
	staleAgain = 10 * time.Minute
)

// subscriptions knows when to check each domain's subscription next.
type subscriptions struct {
	mu     sync.Mutex
	looked map[string]time.Time // when it was last checked, by domain in lower case
	next   map[string]time.Time // when it is due, likewise

	all   string          // the address that all post to: if it changes, all are due
	keyed map[string]bool // domains recorded as having their own key; used by the subscribing goroutine alone
}

// lookSoon makes a domain's subscription due soon, unless it was just checked.
func (s *subscriptions) lookSoon(domain string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	domain = strings.ToLower(domain)
	if soon := s.looked[domain].Add(staleAgain); soon.Before(s.next[domain]) {
		s.next[domain] = soon
	}
}

// begin starts a round.
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

// done records that a subscription was checked.
func (s *subscriptions) done(domain string, now time.Time, again time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	domain = strings.ToLower(domain)
	s.looked[domain], s.next[domain] = now, now.Add(again)
}

// subscribe makes the phone system post the texts of every entry's domain to
// us, new domains soon, and tells the operator if that fails: STOP messages
// would not arrive.
func (f *textBack) subscribe(ctx context.Context) {
	p, known := partOf[textBackPart](f.site.Load()), &f.subscriptions
	if p == nil || p.eventsAt == nil {
		return
	}
	known.begin(p.eventsAt(""))
	for _, domain := range p.system.textDomains() {
		if ctx.Err() != nil {
			return
		}
		now := time.Now()
		if !known.isDue(domain, now) {
			continue
		}
		did, err := textback.Subscribe(ctx, p.system.client, domain, p.eventsAt(domain), now)
		if err == nil && !known.keyed[domain] {
			err = f.keepEventKey(ctx, domain, did, now)
			known.keyed[domain] = err == nil
		}
		f.metrics.Subscriptions.Count(part.ResultOf(err == nil))
		if err != nil {
			known.done(domain, now, subscribeAgain)
			f.alerts.Raise(ctx, alert.Alert{Kind: alert.SubscriptionFailed, About: domain, Text: fmt.Sprintf(
				"People's texts to the numbers of %s do not reach us, STOP among them: %v", domain, err)})
			continue
		}
		known.done(domain, now, subscribeEvery)
		f.alerts.Resolve(ctx, alert.SubscriptionFailed, domain)
		if did != textback.Existed {
			f.log.InfoContext(ctx, "subscribed to people's texts", "domain", domain, "subscription", did)
		}
	}
}

// keepEventKey records that a domain has its own key. If the subscription was
// created just now, no post with another key can be on its way.
func (f *textBack) keepEventKey(ctx context.Context, domain, did string, now time.Time) error {
	if did == textback.Created {
		now = time.UnixMilli(1)
	}
	return f.store.KeepEventKey(ctx, domain, now)
}
