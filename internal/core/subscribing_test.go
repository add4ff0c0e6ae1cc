package core_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
)

const hookURL = "https://hooks.example.net/events?key=k"

func TestSubscriptionHasWhatWasLeftOut(t *testing.T) {
	s := newSystem(t)
	made, err := s.CreateSubscription(t.Context(), "EXAMPLE.net", fields{"model": "message", "post-url": hookURL, "x-note": "ours",
		"status": "active", "error-count": 7, "id": "mine", "domain": "other.example"}.json(t))
	s.must(err)
	got := map[string]string{}
	for name := range made.Fields {
		got[name] = made.Fields.Text(name)
	}
	if len(made.ID) != 32 || got["id"] != made.ID {
		t.Errorf("its id is %s, shown as %s", made.ID, got["id"])
	}
	delete(got, "id")
	if diff := cmp.Diff(map[string]string{"model": "message", "post-url": hookURL, "x-note": "ours", "domain": domain, "user": "*", "reseller": "*", "status": "pending",
		"error-count": "0", "posts-count": "0", "subscription-geo-support": "yes", "preferred-server": "", "current-active-server": "",
		"subscription-creation-datetime": "2026-03-04 12:00:00", "subscription-expires-datetime": "2046-03-04 12:00:00"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSubscriptionsThatCannotBe(t *testing.T) {
	s := newSystem(t)
	for want, change := range map[string]fields{
		`"messages" is not a model of events`:         {"model": "messages"},
		`"" is not a model`:                           {"model": nil},
		"post-url is not a URL":                       {"post-url": "hooks.example.net"},
		"post-url is not a URL that can be posted to": {"post-url": "https://user:pass@hooks.example.net"},
		"post-url is not":                             {"post-url": "https://hooks.example.net/" + strings.Repeat("x", 2048)},
		"post":                                        {"post-url": "file:///etc/passwd"},
		"subscription-expires-datetime is not a time": {"subscription-expires-datetime": "soon"},
		"subscription-expires-datetime is over":       {"subscription-expires-datetime": "2026-03-04 12:00:00"},
	} {
		f := fields{"model": "message", "post-url": hookURL}
		maps.Copy(f, change)
		_, err := s.CreateSubscription(t.Context(), domain, f.json(t))
		if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pass@") {
			t.Errorf("%v, want %q", err, want)
		}
	}
	good := fields{"model": "message", "post-url": hookURL}.json(t)
	if _, err := s.CreateSubscription(t.Context(), "nowhere.example", good); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("of no domain: %v", err)
	}
	made, err := s.CreateSubscription(t.Context(), domain, good)
	s.must(err)
	if _, err := s.CreateSubscription(t.Context(), domain, good); !errors.Is(err, core.ErrExists) {
		t.Errorf("once more: %v", err)
	}
	if _, err := s.CreateSubscription(t.Context(), core.Everybody, good); err != nil {
		t.Errorf("of everybody: %v", err)
	}
	if err := s.UpdateSubscription(t.Context(), domain, made.ID, fields{"error-count": 1}.json(t)); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("a count of 1: %v", err)
	}
	if err := s.UpdateSubscription(t.Context(), domain, made.ID, fields{"post-url": "x"}.json(t)); fault.CodeOf(err) != fault.Invalid {
		t.Errorf("another URL: %v", err)
	}
	if err := s.UpdateSubscription(t.Context(), domain, "0123", good); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("one that is not there: %v", err)
	}
	if _, err := s.SubscriptionByID(t.Context(), "0123"); fault.CodeOf(err) != fault.NotFound || err.Error() != "subscription 0123 does not exist" {
		t.Errorf("one that is not there: %v", err)
	}
}

func TestSubscriptionThatIsOverIsToldOfNothingAndGoes(t *testing.T) {
	s, hook := newTelling(t, loopback), newSubscriber(t, nil)
	address := hook.listen()
	short := s.subscribe(domain, "message", address+"/short", fields{"subscription-expires-datetime": "2026-03-04T14:00:00+01:00"})
	renewed := s.subscribe(domain, "message", address+"/renewed", fields{"subscription-expires-datetime": "2026-03-04 13:00:00"})
	s.must(s.UpdateSubscription(t.Context(), domain, renewed.ID, fields{"subscription-expires-datetime": "2026-03-04 15:00:00", "domain": "other.example"}.json(t)))
	s.now = s.now.Add(time.Hour)
	s.run()
	s.receive("STOP")
	if got := hook.wait(1)[0].path; got != "/renewed" {
		t.Errorf("posted to %s", got)
	}
	s.stop()
	if _, err := s.Object(t.Context(), short); fault.CodeOf(err) != fault.NotFound || len(hook.posts()) != 1 {
		t.Errorf("%v after %d posts", err, len(hook.posts()))
	}
	s.must(s.DeleteSubscription(t.Context(), domain, renewed.ID))
	if err := s.DeleteSubscription(t.Context(), domain, renewed.ID); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("deleted again: %v", err)
	}
}
