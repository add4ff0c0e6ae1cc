package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestALaterStepKnowsWhatItsCallWasAnswered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		asks := func(ledger.History) ledger.Decision { return ledger.Decision{Reason: "consent"} }
		first := func(key ledger.Key, now time.Time) *ledger.Answered {
			t.Helper()
			var found *ledger.Answered
			begin(t, s, key, now, func(h ledger.History) ledger.Decision {
				found = h.First
				return ledger.Decision{Reason: "declined", Forget: true}
			})
			return found
		}
		begin(t, s, callOf("a"), noon(), func(h ledger.History) ledger.Decision {
			if h.First != nil {
				t.Errorf("before the first step there is %+v", h.First)
			}
			return asks(h)
		})
		second := callOf("a")
		second.Step = "consent"
		if diff := cmp.Diff(&ledger.Answered{Key: callOf("a"), At: noon(), Reason: "consent"}, first(second, noon().Add(time.Minute))); diff != "" {
			t.Errorf("the first answer (- want, + got):\n%s", diff)
		}
		for name, key := range map[string]ledger.Key{
			"another call":          {Entry: "shop", CallID: "b", Caller: caller, Step: "consent"},
			"a call without id":     {Entry: "shop", Caller: caller, Step: "consent"},
			"another entry":         {Entry: "other", CallID: "a", Caller: caller, Step: "consent"},
			"another caller":        {Entry: "shop", CallID: "a", Caller: "12125550124", Step: "consent"},
			"the first step itself": {Entry: "shop", CallID: "c", Caller: caller},
		} {
			if found := first(key, noon()); found != nil {
				t.Errorf("%s: %+v", name, found)
			}
		}
	})
}
