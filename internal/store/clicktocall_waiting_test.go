package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// mostIn returns the most moments that any period of this length holds.
func mostIn(moments []time.Time, per time.Duration) (most int) {
	slices.SortFunc(moments, time.Time.Compare)
	for i := range moments {
		within := 0
		for _, at := range moments[i:] {
			if at.Sub(moments[i]) < per {
				within++
			}
		}
		most = max(most, within)
	}
	return most
}

// TestNoWindowHoldsMoreThanACapOfWhatWaits asks for calls now and later, in any
// order, and counts in every window.
func TestNoWindowHoldsMoreThanACapOfWhatWaits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s, round := open(t), 0
		rapid.Check(t, func(r *rapid.T) {
			round++
			entry := fmt.Sprint("entry", round)
			most, per := rapid.IntRange(1, 4).Draw(r, "most"), time.Duration(rapid.IntRange(1, 100).Draw(r, "seconds"))*time.Second
			var had []time.Time
			now := dawn
			for range 12 {
				now = now.Add(time.Duration(rapid.IntRange(0, 40_000).Draw(r, "pause")) * time.Millisecond)
				a := asked(fmt.Sprintf("1212555%04d", rapid.IntRange(0, 9999).Draw(r, "number")), "")
				a.Entry, a.Network = entry, ledger.NewID()
				a.Caps = []clicktocall.Cap{{Scope: clicktocall.OfWidget, Of: entry, Most: most, Per: per}}
				moment := now
				if rapid.Bool().Draw(r, "later") {
					a.At = now.Add(time.Duration(rapid.IntRange(1, 300).Draw(r, "ahead")) * time.Second)
					moment = a.At
				}
				c, _, err := s.BeginCallBack(t.Context(), a, now, func(k clicktocall.Known) *clicktocall.CallBack {
					if len(k.Full) > 0 {
						if !k.Full[0].Until.After(now) {
							r.Errorf("it is full until %v, and now is %v", k.Full[0].Until, now)
						}
						return nil
					}
					c := placing(a, now)
					if !a.At.IsZero() {
						c.State, c.Attempts, c.At, c.Lease = clicktocall.Scheduled, 0, a.At, time.Time{}
					}
					return c
				})
				if err != nil {
					t.Fatal(err)
				}
				if with := append(slices.Clone(had), moment); (c != nil) != (mostIn(with, per) <= most) {
					r.Fatalf("had %v at %v with %v, %d in %v are allowed", c != nil, moment, had, most, per)
				} else if c != nil {
					had = with
				}
			}
		})
	})
}
