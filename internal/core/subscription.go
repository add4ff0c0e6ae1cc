package core

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// Everybody is the domain of a Subscription to the events of all domains, and
// the user of one to those of all users.
const Everybody = "*"

// The models of events that happen here.
const (
	modelMessage = "message"
	modelCall    = "call"
	modelCDR     = "cdr"
)

// models are those that can be subscribed to. Only the three above have events
// here.
var models = []string{
	modelMessage, modelCall, modelCDR,
	"agent", "auditlog", "auditlog_lite", "call_origid", "messagesession", "subscriber", "presence", "voicemail",
}

// What the field status of a subscription says.
const (
	subscriptionPending = "pending"
	subscriptionActive  = "active"
	subscriptionError   = "error"
)

const (
	// subscriptionTime is how subscriptions have their times, in UTC.
	subscriptionTime = time.DateTime

	// subscriptionYears is the default life of a subscription: that of the
	// vendor's, with an API key.
	subscriptionYears = 20

	// maxPostURL bounds the URL of a subscription, in bytes.
	maxPostURL = 2048
)

// CreateSubscription subscribes to events: to those of a domain, or of
// Everybody. The fields model and post-url are required. An ErrExists says that
// there is one of the same model, URL and user.
func (c *Core) CreateSubscription(ctx context.Context, domain string, fields Fields) (Object, error) {
	if domain != Everybody {
		of, err := c.domain(ctx, domain)
		if err != nil {
			return Object{}, err
		}
		domain = nameIn(of, "domain")
	}
	fields = fields.Clone()
	now := c.config.Now().UTC()
	for name, value := range map[string]any{
		"domain":                domain,
		"status":                subscriptionPending,
		"error-count":           0,
		"posts-count":           0,
		"current-active-server": "",

		"subscription-creation-datetime": now.Format(subscriptionTime),
	} {
		fields.set(name, value)
	}
	for name, value := range map[string]any{
		"user":                     Everybody,
		"reseller":                 Everybody,
		"subscription-geo-support": "yes",
		"preferred-server":         "",

		"subscription-expires-datetime": now.AddDate(subscriptionYears, 0, 0).Format(subscriptionTime),
	} {
		fields.setDefault(name, value)
	}
	if err := c.checkSubscription(fields); err != nil {
		return Object{}, err
	}
	id := newSubscriptionID()
	fields.set("id", id)
	made := create(Key{Kind: Subscription, Domain: domain, ID: id}, fields)
	have, err := c.living(ctx, domain)
	if err != nil {
		return Object{}, err
	}
	if slices.ContainsFunc(have, func(o Object) bool { return sameSubscription(o.Fields, fields) }) {
		return Object{}, describe(ErrExists, made.Object.Key)
	}
	return made.Object, c.apply(ctx, made)
}

// newSubscriptionID returns an id as the vendor has them: 32 hexadecimal
// digits.
func newSubscriptionID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// sameSubscription reports whether two subscriptions of a domain would post
// the same things to the same place.
func sameSubscription(a, b Fields) bool {
	return !slices.ContainsFunc([]string{"model", "post-url", "user", "reseller"}, func(name string) bool { return a.Text(name) != b.Text(name) })
}

// checkSubscription refuses what could never be posted, and normalizes the time
// at which the subscription ends.
func (c *Core) checkSubscription(f Fields) error {
	if model := f.Text("model"); !slices.Contains(models, model) {
		return fault.Newf(fault.Invalid, "%.100q is not a model of events", model).WithHint("%s are", strings.Join(models, ", "))
	}
	address := f.Text("post-url")
	u, err := url.Parse(address)
	if err != nil || len(address) > maxPostURL || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return fault.Newf(fault.Invalid, "post-url is not a URL that can be posted to").WithHint("write it as https://hooks.example.net/events")
	}
	ends, ok := subscriptionEnd(f)
	if !ok {
		return fault.Newf(fault.Invalid, "subscription-expires-datetime is not a time").WithHint("write it as 2030-12-31 23:59:59, in UTC")
	}
	if !c.config.Now().Before(ends) {
		return fault.Newf(fault.Invalid, "subscription-expires-datetime is over").WithHint("delete the subscription to end it")
	}
	f.set("subscription-expires-datetime", ends.Format(subscriptionTime))
	return nil
}

// subscriptionEnd returns when a subscription ends.
func subscriptionEnd(f Fields) (time.Time, bool) {
	text := f.Text("subscription-expires-datetime")
	for _, layout := range []string{subscriptionTime, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() <= 9999 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// UpdateSubscription changes fields of a subscription. What it is of stays;
// its counts can be set to 0 only.
func (c *Core) UpdateSubscription(ctx context.Context, domain, id string, fields Fields) error {
	fields = fields.Without("id", "domain", "user", "reseller", "user-scope", "status", "current-active-server", "subscription-creation-datetime")
	for _, name := range []string{"error-count", "posts-count"} {
		if !fields.Has(name) {
			continue
		}
		if fields.Text(name) != "0" {
			return fault.Newf(fault.Invalid, "%s can be set to 0 only", name)
		}
		fields.set(name, 0)
	}
	return c.update(ctx, Key{Kind: Subscription, Domain: domain, ID: id}, func(old Fields) (Fields, error) {
		changed := old.With(fields)
		return changed, c.checkSubscription(changed)
	})
}

// DeleteSubscription ends a subscription.
func (c *Core) DeleteSubscription(ctx context.Context, domain, id string) error {
	return c.apply(ctx, removal(Key{Kind: Subscription, Domain: domain, ID: id}))
}

// SubscriptionByID returns a subscription of whichever domain.
func (c *Core) SubscriptionByID(ctx context.Context, id string) (Object, error) {
	key := Key{Kind: Subscription, ID: id}
	found, err := c.Objects(ctx, key, 0, 1)
	switch {
	case err != nil:
		return Object{}, err
	case len(found) == 0 || id == "":
		return Object{}, describe(ErrNotFound, key)
	}
	return found[0], nil
}

// living returns a domain's subscriptions and removes those that have ended.
func (c *Core) living(ctx context.Context, domain string) ([]Object, error) {
	found, err := c.Objects(ctx, Key{Kind: Subscription, Domain: domain}, 0, 0)
	if err != nil {
		return nil, err
	}
	var alive []Object
	for _, o := range found {
		if !c.ended(o) {
			alive = append(alive, o)
			continue
		}
		if err := c.state.Apply(ctx, removal(o.Key)); err != nil && !errors.Is(err, ErrNotFound) {
			return nil, describe(err, o.Key)
		}
	}
	return alive, nil
}

func (c *Core) ended(subscription Object) bool {
	ends, ok := subscriptionEnd(subscription.Fields)
	return ok && !c.config.Now().Before(ends)
}

// subscribers returns the subscriptions to an event.
func (c *Core) subscribers(ctx context.Context, e event) ([]Key, error) {
	var keys []Key
	for _, domain := range []string{e.domain, Everybody} {
		found, err := c.living(ctx, domain)
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			user := o.Fields.TextOr("user", Everybody)
			if o.Fields.Text("model") == e.model && (user == Everybody || sameName(user, e.user)) {
				keys = append(keys, o.Key)
			}
		}
	}
	return keys, nil
}
