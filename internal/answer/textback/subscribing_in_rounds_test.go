package textback_test

import (
	"context"
	"errors"
	"iter"
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
	fail func() error // optional
	told []string     // what was checked in the last round
}

func newRounds() *rounds {
	r := &rounds{has: map[string]netsapiens.Subscription{}}
	r.KeepKey = func(context.Context, string, time.Time) error { return nil }
	r.Checked = func(_ context.Context, domain, did string, err error) {
		if err != nil {
			did = "failed"
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

func (r *rounds) DeleteSubscription(context.Context, string, string) error { return nil }

// wants runs a round and compares what was checked.
func (r *rounds) wants(ctx context.Context, t *testing.T, want ...string) {
	t.Helper()
	r.told = nil
	r.Round(ctx, r, []string{"a.example", "b.example"}, func(domain string) string { return "https://hooks.example.net/" + domain })
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
