package textback

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/setting/guess"
)

// eventsPath is where the phone system posts, below the webhook.
const eventsPath = "events"

// paramDomain says in an address of events which domain its key is of.
const paramDomain = "domain"

// EventKeys are the keys of the URLs that phone systems post events to. Each
// domain has its own: anyone who can read the subscriptions of a domain can
// post for that domain, and for no other.
type EventKeys struct {
	Secret string // from the database, to derive keys from; empty: no key is valid

	// Before is the key that all domains had in common before they had their
	// own. It counts for a domain until its subscription was moved; empty: never.
	Before string

	// Moved returns since when the phone system posts each domain's events with
	// the domain's own key; domains are in lower case. It is called for each
	// post with the old key.
	Moved func(context.Context) (map[string]time.Time, error)
}

// keyOfBeforeCounts is how long the old key stays valid for a domain whose
// subscription was moved: what was in flight has arrived by then.
const keyOfBeforeCounts = 10 * time.Minute

// KeyOfBefore derives the old key, which all domains had in common, from the
// secret of the forms.
func KeyOfBefore(secret string) string { return deriveKey(secret, "switchhook message events") }

// Of derives the key of a domain.
func (k EventKeys) Of(domain string) string {
	return deriveKey(k.Secret, "switchhook message events of "+strings.ToLower(domain))
}

func deriveKey(secret, what string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(what)) // has no error
	return hex.EncodeToString(mac.Sum(nil))
}

// URL returns what the phone system is to post the texts of a domain to.
func (k EventKeys) URL(webhook *url.URL, domain string) string {
	u := webhook.JoinPath(eventsPath)
	u.RawQuery = url.Values{paramDomain: {strings.ToLower(domain)}, paramKey: {k.Of(domain)}}.Encode()
	return u.String()
}

// guessable returns the secret that a wrong key of a post counts as a guess at.
// It names only domains whose events we take: strangers make up others by the
// million.
func guessable(query url.Values, all []*entry.Entry) guess.Secret {
	s := guess.Secret{Place: guess.Events}
	domain := query.Get(paramDomain)
	for _, e := range all {
		if domain != "" && strings.EqualFold(domain, e.APIDomain) {
			s.Of = e.APIDomain
			break
		}
	}
	return s
}

// admittedPost is a post whose key counts.
type admittedPost struct {
	domain string               // that the key is of; empty: it is the old key
	moved  map[string]time.Time // as EventKeys.Moved returns it; for the old key
	now    time.Time
}

// speaksFor says whether a post counts for a domain.
func (a *admittedPost) speaksFor(domain string) bool {
	if a.domain != "" {
		return strings.EqualFold(a.domain, domain)
	}
	since, ok := a.moved[strings.ToLower(domain)]
	return !ok || a.now.Sub(since) < keyOfBeforeCounts
}

// admitPost returns what a post counts for; nil: its key is wrong.
func (k EventKeys) admitPost(ctx context.Context, query url.Values, now time.Time) (*admittedPost, error) {
	given, domain := query.Get(paramKey), query.Get(paramDomain)
	if k.Secret != "" && domain != "" && sameKey(given, k.Of(domain)) {
		return &admittedPost{domain: domain, now: now}, nil
	}
	if k.Before == "" || !sameKey(given, k.Before) {
		return nil, nil //nolint:nilnil // a wrong key is no error
	}
	moved, err := k.Moved(ctx)
	if err != nil {
		return nil, err
	}
	return &admittedPost{moved: moved, now: now}, nil
}

// sameKey compares in constant time.
func sameKey(given, wanted string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(wanted))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
