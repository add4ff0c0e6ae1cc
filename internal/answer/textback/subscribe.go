package textback

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/netsapiens"
)

const (
	// renewBefore is how long before its end a subscription is renewed: a
	// server that is down over a long weekend does not lose it.
	renewBefore = 7 * 24 * time.Hour

	// subscribeFor is how long a renewed subscription lasts.
	subscribeFor = 90 * 24 * time.Hour
)

// What Subscribe did.
const (
	Created = "created"
	Changed = "changed"
	Existed = "exists"
)

// Subscriptions are the phone system's event subscriptions. It is
// *netsapiens.Client.
type Subscriptions interface {
	Subscriptions(ctx context.Context, domain string) iter.Seq2[netsapiens.Subscription, error]
	CreateSubscription(ctx context.Context, s netsapiens.Subscription) (netsapiens.Subscription, error)
	ChangeSubscription(ctx context.Context, domain, id string, change netsapiens.SubscriptionChange) error
	DeleteSubscription(ctx context.Context, domain, id string) error
}

// Subscribe makes the phone system post the texts of a domain to a URL of
// EventKeys: it creates the subscription, renews one that is about to end, and
// gives it the URL where that has changed. It says what it did. Subscriptions of
// others are left alone.
func Subscribe(ctx context.Context, api Subscriptions, domain, postURL string, now time.Time) (did string, err error) {
	ours, more, err := findSubscription(ctx, api, domain, postURL)
	if err != nil {
		return "", err
	}
	for _, id := range more { // with two of them every text would come twice
		if err := api.DeleteSubscription(ctx, domain, id); err != nil && !netsapiens.NotFound(err) {
			return "", fmt.Errorf("end a second event subscription of %s: %w", domain, err)
		}
	}
	if ours == nil {
		_, err := api.CreateSubscription(ctx, netsapiens.Subscription{
			Model: netsapiens.ModelMessage, PostURL: postURL, Domain: domain, User: netsapiens.Any, Expires: now.Add(subscribeFor),
		})
		if err != nil && !netsapiens.AlreadyExists(err) {
			return "", fmt.Errorf("subscribe to the texts of %s: %w", domain, err)
		}
		return Created, nil
	}
	var change netsapiens.SubscriptionChange
	if ours.PostURL != postURL {
		change.PostURL = postURL
	}
	if !ours.Expires.IsZero() && ours.Expires.Sub(now) < renewBefore {
		change.Expires = now.Add(subscribeFor)
	}
	change.ResetCounts = ours.Status == netsapiens.StatusError
	if change == (netsapiens.SubscriptionChange{}) {
		return Existed, nil
	}
	if err := api.ChangeSubscription(ctx, domain, ours.ID, change); err != nil {
		return "", fmt.Errorf("renew the event subscription of %s: %w", domain, err)
	}
	return Changed, nil
}

// Unsubscribe ends what Subscribe made, and says how many subscriptions there
// were. Those of others are left alone; a domain that is gone has none.
func Unsubscribe(ctx context.Context, api Subscriptions, domain, postURL string) (ended int, err error) {
	ours, ids, err := findSubscription(ctx, api, domain, postURL)
	switch {
	case netsapiens.NotFound(err):
		return 0, nil
	case err != nil:
		return 0, err
	case ours != nil:
		ids = append(ids, ours.ID)
	}
	for _, id := range ids {
		if err := api.DeleteSubscription(ctx, domain, id); err != nil && !netsapiens.NotFound(err) {
			return ended, fmt.Errorf("end the event subscription of %s: %w", domain, err)
		}
		ended++
	}
	return ended, nil
}

// Subscribed returns the subscription that Subscribe made; nil: there is none.
func Subscribed(ctx context.Context, api Subscriptions, domain, postURL string) (*netsapiens.Subscription, error) {
	ours, _, err := findSubscription(ctx, api, domain, postURL)
	return ours, err
}

// findSubscription returns the subscription that posts the texts of a domain to
// us, and the ids of further ones that do the same.
func findSubscription(ctx context.Context, api Subscriptions, domain, postURL string) (ours *netsapiens.Subscription, more []string, err error) {
	for s, err := range api.Subscriptions(ctx, domain) {
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("read the event subscriptions of %s: %w", domain, err)
		case s.Model != netsapiens.ModelMessage || !sameEndpoint(s.PostURL, postURL) || s.Domain != "" && s.Domain != domain:
		case ours == nil:
			ours = &s
		default:
			more = append(more, s.ID)
		}
	}
	return ours, more, nil
}

// sameEndpoint reports whether two URLs differ in nothing but their queries,
// where the key is.
func sameEndpoint(a, b string) bool {
	one, err := url.Parse(a)
	if err != nil {
		return false
	}
	other, err := url.Parse(b)
	return err == nil && one.Scheme == other.Scheme && one.Host == other.Host && one.Path == other.Path
}

// Domains returns the phone system's domains that entries send texts in.
func Domains(entries []*entry.Entry) []string {
	var domains []string
	for _, e := range entries {
		if e.HasText() && e.APIDomain != "" {
			domains = append(domains, e.APIDomain)
		}
	}
	slices.Sort(domains)
	return slices.Compact(domains)
}

// Serves reports whether entries send texts in a domain.
func Serves(entries []*entry.Entry, domain string) bool {
	return slices.ContainsFunc(entries, func(e *entry.Entry) bool { return e.HasText() && strings.EqualFold(e.APIDomain, domain) })
}
