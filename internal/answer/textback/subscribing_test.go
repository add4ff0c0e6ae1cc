package textback_test

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// subscriber is a phone system whose clock goes as the test says.
type subscriber struct {
	t      *testing.T
	system *nstest.System
	client *netsapiens.Client
	now    time.Time
}

const eventsAt = "https://hooks.example.net/webresponder/events?key=one"

func newSubscriber(t *testing.T) *subscriber {
	t.Helper()
	system := newSystem(nstest.Start(t, nstest.Quirks{}))
	client, err := netsapiens.New(netsapiens.Config{URL: system.URL, Token: nstest.Token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	s := &subscriber{t, system, client, time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)}
	system.SetNow(func() time.Time { return s.now })
	return s
}

func (s *subscriber) subscribes(postURL, want string) {
	s.t.Helper()
	did, err := textback.Subscribe(s.t.Context(), s.client, domain, postURL, s.now)
	if err != nil || did != want {
		s.t.Errorf("it says %q, %v, want %q", did, err, want)
	}
}

// has compares the subscriptions.
func (s *subscriber) has(want ...nstest.Object) {
	s.t.Helper()
	shown := cmpopts.IgnoreMapEntries(func(name string, _ any) bool {
		switch name {
		case "model", "post-url", "domain", "user", "subscription-expires-datetime", "status":
			return false
		}
		return true
	})
	if diff := cmp.Diff(want, s.system.Subscriptions(), shown, cmpopts.EquateEmpty()); diff != "" {
		s.t.Errorf("the subscriptions (- want, + got):\n%s", diff)
	}
}

// subscription is one of ours to which nothing was posted yet.
func subscription(postURL, expires string) nstest.Object {
	return nstest.Object{"model": "message", "post-url": postURL, "domain": domain, "user": "*", "status": netsapiens.StatusPending, "subscription-expires-datetime": expires}
}

func TestASubscriptionIsMadeAndKeptUp(t *testing.T) {
	s := newSubscriber(t)
	s.subscribes(eventsAt, "created")
	s.has(subscription(eventsAt, "2026-09-29 12:00:00"))
	s.subscribes(eventsAt, "exists")
	s.now = s.now.Add(83*24*time.Hour - time.Minute)
	s.subscribes(eventsAt, "exists")
	s.now = s.now.Add(2 * time.Minute) // less than a week is left
	s.subscribes(eventsAt, "changed")
	s.has(subscription(eventsAt, "2026-12-21 12:01:00"))
	s.now = s.now.Add(100 * 24 * time.Hour) // we were down, and it has expired
	s.has()
	s.subscribes(eventsAt, "created")
	s.has(subscription(eventsAt, "2027-03-31 12:01:00"))
}

func TestASubscriptionGetsTheNewKey(t *testing.T) {
	s := newSubscriber(t)
	s.subscribes(eventsAt, "created")
	const other = "https://hooks.example.net/webresponder/events?key=two"
	s.subscribes(other, "changed")
	s.has(subscription(other, "2026-09-29 12:00:00"))
	s.subscribes(other, "exists")
}

func TestASubscriptionThatFailedIsTriedAgain(t *testing.T) {
	s := newSubscriber(t)
	s.subscribes("http://127.0.0.1:1/webresponder/events?key=one", "created")
	if _, failed := s.system.Receive(writer, from, "STOP"); len(failed) != 1 {
		t.Fatalf("the posts that failed are %+v", failed)
	}
	if got := s.system.Subscriptions()[0]; got["error-count"] != 1 || got["status"] != "error" {
		t.Fatalf("the subscription is %v", got)
	}
	s.subscribes("http://127.0.0.1:1/webresponder/events?key=one", "changed")
	if got := s.system.Subscriptions()[0]; got["error-count"] != 0 {
		t.Errorf("the subscription is %v", got)
	}
}

func TestADoubledSubscriptionIsRemovedAndOthersAreLeftAlone(t *testing.T) {
	s := newSubscriber(t)
	expires := s.now.Add(30 * 24 * time.Hour)
	s.system.AddDomain("other.example")
	for _, sub := range []netsapiens.Subscription{
		{Model: netsapiens.ModelMessage, PostURL: "https://crm.example.net/webresponder/events?key=one", Domain: domain},
		{Model: netsapiens.ModelMessage, PostURL: "https://hooks.example.net/events", Domain: domain},
		{Model: netsapiens.ModelCall, PostURL: eventsAt, Domain: domain},
		{Model: netsapiens.ModelMessage, PostURL: eventsAt, Domain: "other.example"},
		{Model: netsapiens.ModelMessage, PostURL: eventsAt + "x", Domain: domain}, // ours, of an earlier key
		{Model: netsapiens.ModelMessage, PostURL: eventsAt, Domain: domain},       // ours
		{Model: netsapiens.ModelMessage, PostURL: eventsAt, Domain: domain, User: "2000"},
	} {
		sub.Expires = expires
		if _, err := s.client.CreateSubscription(t.Context(), sub); err != nil {
			t.Fatal(err)
		}
	}
	s.subscribes(eventsAt, "changed")
	s.subscribes(eventsAt, "exists")
	var left []string
	for _, sub := range s.system.Subscriptions() {
		left = append(left, sub["model"].(string)+" "+sub["domain"].(string)+" "+sub["post-url"].(string))
	}
	if diff := cmp.Diff([]string{
		"message example.net https://crm.example.net/webresponder/events?key=one",
		"message example.net https://hooks.example.net/events",
		"call example.net " + eventsAt,
		"message other.example " + eventsAt,
		"message example.net " + eventsAt,
	}, left); diff != "" {
		t.Errorf("the subscriptions (- want, + got):\n%s", diff)
	}
	ours, err := textback.Subscribed(t.Context(), s.client, domain, eventsAt)
	if err != nil || ours == nil || ours.PostURL != eventsAt {
		t.Errorf("ours is %+v, %v", ours, err)
	}
}

func TestOurSubscriptionsEndAndOthersStay(t *testing.T) {
	s := newSubscriber(t)
	s.subscribes(eventsAt, "created")
	others := netsapiens.Subscription{Model: netsapiens.ModelMessage, PostURL: "https://crm.example.net/events", Domain: domain, Expires: s.now.Add(time.Hour)}
	if _, err := s.client.CreateSubscription(t.Context(), others); err != nil {
		t.Fatal(err)
	}
	ends := func(domain string, want int, fails bool) {
		t.Helper()
		if ended, err := textback.Unsubscribe(t.Context(), s.client, domain, eventsAt+"x"); ended != want || (err != nil) != fails {
			t.Errorf("%d ended, %v; want %d", ended, err, want)
		}
	}
	s.system.Break(nstest.ListSubscriptions, 1, nstest.Refuses(503, "Service Unavailable"))
	ends(domain, 0, true)
	s.system.Break(nstest.DeleteSubscription, 1, nstest.Refuses(403, "Forbidden"))
	ends(domain, 0, true)
	s.system.Break(nstest.DeleteSubscription, 1, nstest.Refuses(404, "Subscription does not exist.").AfterDoing()) // another server was faster
	ends(domain, 1, false)
	ends(domain, 0, false)
	s.has(subscription(others.PostURL, "2026-07-01 13:00:00"))
	ends("gone.example", 0, false) // with its domain
}

func TestWhereThereIsNoSubscriptionNoneIsFound(t *testing.T) {
	s := newSubscriber(t)
	if ours, err := textback.Subscribed(t.Context(), s.client, domain, eventsAt); err != nil || ours != nil {
		t.Errorf("ours is %+v, %v", ours, err)
	}
}

func TestASubscriptionThatCannotBeMadeIsAnError(t *testing.T) {
	for _, call := range []nstest.Call{nstest.ListSubscriptions, nstest.CreateSubscription} {
		s := newSubscriber(t)
		s.system.Break(call, 1, nstest.Refuses(403, "Forbidden"))
		did, err := textback.Subscribe(t.Context(), s.client, domain, eventsAt, s.now)
		if _, ok := errors.AsType[*netsapiens.Error](err); !ok || did != "" {
			t.Errorf("%s: %q, %v", call, did, err)
		}
	}
	s := newSubscriber(t)
	s.system.Break(nstest.CreateSubscription, 1, nstest.Refuses(409, "already exists")) // another server was faster
	s.subscribes(eventsAt, "created")
}

func TestTheEventsURLIsBelowTheWebhook(t *testing.T) {
	keys := textback.EventKeys{Secret: "x"}
	for hook, want := range map[string]string{
		"https://hooks.example.net/webresponder":     "https://hooks.example.net/webresponder/events?domain=example.net&key=",
		"https://hooks.example.net/sub/webresponder": "https://hooks.example.net/sub/webresponder/events?domain=example.net&key=",
	} {
		u, err := url.Parse(hook)
		if err != nil {
			t.Fatal(err)
		}
		if got := keys.URL(u, "Example.NET"); got != want+keys.Of("example.net") {
			t.Errorf("it is %s, want %s…", got, want)
		}
	}
}
