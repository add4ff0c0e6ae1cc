package netsapiens_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

const hook = "https://hooks.example.net/webresponder/events?key=k"

func TestSubscriptionIsMadeRenewedAndEnded(t *testing.T) {
	now := time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)
	for domain, path := range map[string]string{"example.com": "/ns-api/v2/domains/example.com/subscriptions", netsapiens.Any: "/ns-api/v2/subscriptions"} {
		t.Run(domain, func(t *testing.T) {
			system := start(t, nstest.Quirks{})
			system.SetNow(func() time.Time { return now })
			c := clientOf(t, system.URL)
			made, err := c.CreateSubscription(t.Context(), netsapiens.Subscription{Model: netsapiens.ModelMessage, PostURL: hook, Domain: domain,
				Expires: now.Add(time.Hour).In(time.FixedZone("", 3600))})
			want := netsapiens.Subscription{ID: made.ID, Model: "message", PostURL: hook, Reseller: "*", Domain: domain, User: "*",
				Created: now, Expires: now.Add(time.Hour), Status: netsapiens.StatusPending}
			if diff := cmp.Diff(want, made); diff != "" || err != nil || made.ID == "" {
				t.Fatalf("made, %v (-want +got):\n%s", err, diff)
			}
			if _, err := c.CreateSubscription(t.Context(), made); verdict(err) != "exists permanent" {
				t.Errorf("once more: %v", err)
			}
			change := netsapiens.SubscriptionChange{PostURL: hook + "2", Expires: now.Add(2 * time.Hour), ResetCounts: true}
			if err := c.ChangeSubscription(t.Context(), domain, made.ID, change); err != nil {
				t.Error(err)
			}
			want.PostURL, want.Expires = hook+"2", now.Add(2*time.Hour)
			all, err := netsapiens.Collect(c.Subscriptions(t.Context(), domain))
			if diff := cmp.Diff([]netsapiens.Subscription{want}, all); diff != "" || err != nil {
				t.Errorf("all, %v (-want +got):\n%s", err, diff)
			}
			if err := c.DeleteSubscription(t.Context(), domain, made.ID); err != nil {
				t.Error(err)
			}
			if err := c.DeleteSubscription(t.Context(), domain, made.ID); verdict(err) != "missing permanent" {
				t.Errorf("deleted again: %v", err)
			}
			if err := c.ChangeSubscription(t.Context(), domain, made.ID, change); verdict(err) != "missing permanent" {
				t.Errorf("changed when gone: %v", err)
			}
			bodies := map[nstest.Call]string{}
			for _, r := range system.Requests() {
				if !strings.HasPrefix(r.Path, path) {
					t.Errorf("asked %s", r.Path)
				}
				if r.Method != http.MethodGet && r.Done {
					bodies[r.Call] = r.Body
				}
			}
			gone := ""
			if domain == netsapiens.Any {
				gone = `{"subscription_id":"` + made.ID + `"}`
			}
			if diff := cmp.Diff(map[nstest.Call]string{
				nstest.CreateSubscription: `{"model":"message","post-url":"` + hook + `","domain":"` + domain + `","user":"*","subscription-expires-datetime":"2026-03-04 13:00:00"}`,
				nstest.UpdateSubscription: `{"post-url":"` + hook + `2","subscription-expires-datetime":"2026-03-04 14:00:00","error-count":0,"posts-count":0}`,
				nstest.DeleteSubscription: gone,
			}, bodies); diff != "" {
				t.Errorf("bodies (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSubscriptionThatIsTakenWithoutBeingShownIsFound(t *testing.T) {
	system := start(t, nstest.Quirks{EmptyBodies: true})
	c := clientOf(t, system.URL)
	made, err := c.CreateSubscription(t.Context(), netsapiens.Subscription{Model: netsapiens.ModelMessage, PostURL: hook, Domain: "example.com"})
	if err != nil || made.ID != "" || made.PostURL != hook {
		t.Errorf("made %+v, %v", made, err)
	}
	all, err := netsapiens.Collect(c.Subscriptions(t.Context(), "example.com"))
	if err != nil || len(all) != 1 || all[0].ID == "" || all[0].PostURL != hook {
		t.Errorf("all %+v, %v", all, err)
	}
}

func TestSubscriptionsAreReadAsPhoneSystemsWriteThem(t *testing.T) {
	at := time.Date(2023, time.October, 9, 17, 16, 36, 0, time.UTC)
	for body, want := range map[string]netsapiens.Subscription{
		`{"id":"f3","model":"message","status":"error","error-count":3,"posts-count":"12","subscription-creation-datetime":"2023-10-09 17:16:36"}`: {
			ID: "f3", Model: "message", Status: netsapiens.StatusError, Errors: 3, Posts: 12, Created: at},
		`{"id":7,"user":2000,"subscription-expires-datetime":"2023-10-09T19:16:36+02:00"}`:       {ID: "7", User: "2000", Expires: at},
		`{"id":"f3","error-count":null,"posts-count":{},"subscription-expires-datetime":"soon"}`: {ID: "f3"},
		`{"id":"f3","error-count":-1,"posts-count":1.5,"domain":[]}`:                             {ID: "f3"},
	} {
		c := answering(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "[%s]", body) })
		all, err := netsapiens.Collect(c.Subscriptions(t.Context(), "example.com"))
		if diff := cmp.Diff([]netsapiens.Subscription{want}, all); diff != "" || err != nil {
			t.Errorf("%s, %v (-want +got):\n%s", body, err, diff)
		}
	}
}

func TestSubscriptionThatCannotBeIsNotAskedFor(t *testing.T) {
	system := start(t, nstest.Quirks{})
	c := clientOf(t, system.URL)
	ctx := t.Context()
	good := netsapiens.Subscription{Model: netsapiens.ModelMessage, PostURL: hook, Domain: "example.com"}
	create := func(change func(*netsapiens.Subscription)) error {
		s := good
		change(&s)
		_, err := c.CreateSubscription(ctx, s)
		return err
	}
	const subscribe = "subscribe to events (message) of example.com: "
	for want, err := range map[string]error{
		subscribe + "the URL that events are to be posted to is not one":                                                                     create(func(s *netsapiens.Subscription) { s.PostURL = "hooks.example.net?key=k" }),
		"subscribe to events () of example.com: the model of the events is empty":                                                            create(func(s *netsapiens.Subscription) { s.Model = "" }),
		"subscribe to events (message) of : the domain is empty":                                                                             create(func(s *netsapiens.Subscription) { s.Domain = "" }),
		"change an event subscription of example.com: there is nothing to change":                                                            c.ChangeSubscription(ctx, "example.com", "x", netsapiens.SubscriptionChange{}),
		"change an event subscription of all domains: the subscription is empty":                                                             c.ChangeSubscription(ctx, "*", "", netsapiens.SubscriptionChange{ResetCounts: true}),
		"change an event subscription of example.com: the URL that events are to be posted to is not one":                                    c.ChangeSubscription(ctx, "example.com", "x", netsapiens.SubscriptionChange{PostURL: "x"}),
		"delete an event subscription of example.com: the subscription cannot stand in an address":                                           c.DeleteSubscription(ctx, "example.com", ".."),
		"look for a text to anonymous as user 2000 of example.com: the number of the destination, \"anonymous\", has more than digits in it": second(c.HasText(ctx, "example.com", "2000", "s", "anonymous", "x")),
	} {
		if e := failed(t, err); e.Error() != want || verdict(err) != "permanent" {
			t.Errorf("got  %s\nwant %s", e, want)
		}
	}
	if asked := system.Requests(); len(asked) != 0 {
		t.Errorf("asked %v", asked)
	}
}
