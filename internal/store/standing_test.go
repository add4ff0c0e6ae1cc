package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestWhatAnOperatorWatchesIsCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		now := time.Now()
		for _, why := range []ledger.Why{ledger.Refused, ledger.Refused, ledger.Uncertain} {
			text, err := s.Enqueue(t.Context(), ledger.Text{Entry: "e", Domain: "d", User: "u", Session: "s", From: "12125550100", To: "12125550123", Message: "m", Deadline: now.Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			claimed, err := s.Claim(t.Context(), text.ID, now.Add(time.Second), now.Add(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Finish(t.Context(), ledger.Result{ID: text.ID, Attempt: claimed.Attempts, At: now, State: ledger.Dead, Why: why}); err != nil {
				t.Fatal(err)
			}
		}
		for number, channel := range map[string]ledger.Channel{"12125550101": ledger.Texts, "12125550102": ledger.AnyWay} {
			if err := s.Suppress(t.Context(), ledger.Suppression{Number: number, Tenant: ledger.AnyTenant, Channel: channel, At: now, How: ledger.ByOperator}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Schedule(t.Context(), "other", "x", now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		got, err := s.Standing(t.Context())
		want := store.Standing{
			Dead:         map[ledger.Why]int{ledger.Refused: 2, ledger.Uncertain: 1},
			Suppressions: map[ledger.Channel]int{ledger.Texts: 1, ledger.AnyWay: 1},
			Waiting:      4, // the texts' jobs, which find nothing to do
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}
