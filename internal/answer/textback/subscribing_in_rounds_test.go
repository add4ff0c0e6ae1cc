package textback_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/netsapiens"
)

// rounds is a Subscriber with a phone system that has room for one subscription
// per domain.
type rounds struct {
	textback.Subscriber

	has  map[string]netsapiens.Subscription
	keys map[string]time.Time
	fail func() error // optional
	told []string     // what was checked in the last round
}

func newRounds() *rounds {
	r := &rounds{has: map[string]netsapiens.Subscription{}, keys: map[string]time.Time{}}
	r.Keys = func(context.Context) (map[string]time.Time, error) { return maps.Clone(r.keys), nil }
	r.KeepKey = func(_ context.Context, domain string, since time.Time) error {
		r.keys[domain] = since
		return nil
	}
	r.ForgetKey = func(_ context.Context, domain string) error {
		delete(r.keys, domain)
		return nil
	}
	r.Checked = func(_ context.Context, domain, did string, err error) {
		if err != nil {
			did = "failed"
		}
		r.told = append(r.told, domain+" "+did)
	}
	r.Ended = func(_ context.Context, domain string, err error) {
		did := "ended"
		if err != nil {
			did = "not ended"
		}
		r.told = append(r.told, domain+" "+did)
	}
	return r
}

func (r *rounds) Subscriptions(_ context.Context, domain string) iter.Seq2[netsapiens.Subscription, error] {
	return func(yield func(netsapiens.Subscription, error) bool) {
		if r.fail != nil {
			yield(netsapiens.Subscription{}, r.fail())
		} else if s, ok := r.has[domain]; ok {
			yield(s, nil)
		}
	}
}

func (r *rounds) CreateSubscription(_ context.Context, s netsapiens.Subscription) (netsapiens.Subscription, error) {
	s.ID = s.Domain
	r.has[s.Domain] = s
	return s, nil
}

func (r *rounds) ChangeSubscription(context.Context, string, string, netsapiens.SubscriptionChange) error {
	return nil
}

func (r *rounds) DeleteSubscription(_ context.Context, domain, _ string) error {
	delete(r.has, domain)
	return nil
}

// wants runs a round and compares what was checked.
func (r *rounds) wants(ctx context.Context, t *testing.T, want ...string) {
	t.Helper()
	r.wantsOf(ctx, t, []string{"a.example", "b.example"}, want...)
}

// wantsOf is wants for the domains that have entries.
func (r *rounds) wantsOf(ctx context.Context, t *testing.T, domains []string, want ...string) {
	t.Helper()
	r.told = nil
	postURL := func(domain string) string { return "https://hooks.example.net/" + domain }
	r.Round(ctx, r, domains, postURL)
	r.EndUnused(ctx, r, domains, postURL)
	if diff := cmp.Diff(want, r.told); diff != "" {
		t.Errorf("checked (-want +got):\n%s", diff)
	}
}

func TestSubscriptionsAreCheckedEveryHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		r.wants(t.Context(), t, "a.example created", "b.example created")
		time.Sleep(59 * time.Minute)
		r.wants(t.Context(), t)
		time.Sleep(time.Minute)
		r.wants(t.Context(), t, "a.example exists", "b.example exists")

		time.Sleep(time.Hour)
		r.fail = func() error { return errors.New("the line is dead") }
		r.wants(t.Context(), t, "a.example failed", "b.example failed")
		r.fail = nil
		time.Sleep(5 * time.Minute)
		r.wants(t.Context(), t, "a.example exists", "b.example exists")
	})
}

func TestAStalePostHasItsSubscriptionCheckedSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		r.wants(t.Context(), t, "a.example created", "b.example created")
		r.LookSoon("A.Example")
		r.wants(t.Context(), t)
		time.Sleep(10 * time.Minute)
		r.wants(t.Context(), t, "a.example exists")
	})
}

func TestAStopIsNoFailureOfASubscription(t *testing.T) {
	r := newRounds()
	ctx, stop := context.WithCancel(t.Context())
	r.fail = func() error {
		stop()
		return context.Canceled
	}
	r.wants(ctx, t)
}

func TestTheSubscriptionOfADomainWithoutEntriesEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		r.wants(t.Context(), t, "a.example created", "b.example created")
		left := []string{"a.example"}
		r.wantsOf(t.Context(), t, left)
		time.Sleep(9 * time.Minute) // a file that was emptied by mistake is put back
		r.wants(t.Context(), t, "b.example exists")
		r.wantsOf(t.Context(), t, left)
		time.Sleep(9 * time.Minute)
		r.wantsOf(t.Context(), t, left)
		time.Sleep(time.Minute)
		r.fail = func() error { return errors.New("the line is dead") }
		r.wantsOf(t.Context(), t, left, "b.example not ended")
		r.fail = nil
		r.wantsOf(t.Context(), t, left)
		time.Sleep(time.Hour)
		r.wantsOf(t.Context(), t, left, "a.example exists", "b.example ended")
		if _, there := r.has["b.example"]; there || len(r.keys) != 1 {
			t.Errorf("left are %v and %v", r.has, r.keys)
		}
		r.wants(t.Context(), t, "b.example created") // it is back
	})
}

func TestASubscriptionThatACommandHasEndedIsMadeAgainAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRounds()
		r.wants(t.Context(), t, "a.example created", "b.example created")
		delete(r.has, "b.example")
		delete(r.keys, "b.example")
		r.wants(t.Context(), t, "b.example created")
	})
}
