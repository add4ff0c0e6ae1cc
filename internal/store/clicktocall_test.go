package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// asked is a visitor's request for a call to a number.
func asked(number, key string) clicktocall.Ask {
	return clicktocall.Ask{
		Entry: "sales", Tenant: "example.net", Number: number, Network: "192.0.2.0/24", Block: "192.0.0.0/16", Key: key,
		Token: ledger.NewID(), TokenEnds: dawn.Add(time.Hour),
	}
}

// placing is what decide returns if nothing prevents the call.
func placing(a clicktocall.Ask, now time.Time) *clicktocall.CallBack {
	return &clicktocall.CallBack{
		ID: ledger.NewID(), Entry: a.Entry, Tenant: a.Tenant, Queue: "9002@example.net", Number: a.Number, Network: a.Network, Site: a.Site, Block: a.Block, Key: a.Key,
		State: clicktocall.Placing, Attempts: 1, Lease: now.Add(20 * time.Second),
	}
}

// beginCall requests a call, which is granted unless a cap is reached.
func beginCall(t testing.TB, s *store.Store, a clicktocall.Ask, now time.Time) (c *clicktocall.CallBack, repeated bool, known clicktocall.Known) {
	t.Helper()
	c, repeated, err := s.BeginCallBack(t.Context(), a, now, func(k clicktocall.Known) *clicktocall.CallBack {
		known = k
		if k.Spent || k.Suppressed != nil || len(k.Full) > 0 {
			return nil
		}
		return placing(a, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, repeated, known
}

func finishCall(t testing.TB, s *store.Store, c *clicktocall.CallBack, state clicktocall.State, at time.Time) {
	t.Helper()
	if err := s.FinishCallBack(t.Context(), clicktocall.Result{ID: c.ID, Attempt: c.Attempts, At: at, State: state}); err != nil {
		t.Fatal(err)
	}
}

func state(t testing.TB, s *store.Store, id string) clicktocall.State {
	t.Helper()
	c, err := s.CallBack(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c.State
}

func TestCallBackIsKeptBeforeItIsPlaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		c, repeated, _ := beginCall(t, s, asked("12125550123", "k"), dawn)
		if repeated {
			t.Error("it is the first")
		}
		got, err := s.CallBack(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := *c
		want.Created, want.Updated = dawn, dawn
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("call back (-want +got):\n%s", diff)
		}
		if _, err := s.CallBack(t.Context(), "x"); fault.CodeOf(err) != fault.NotFound {
			t.Error(err)
		}
	})
}

func TestSamePressIsOneCall(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		first, _, _ := beginCall(t, s, asked("12125550123", "k"), dawn)
		for _, row := range []struct {
			what   string
			ask    clicktocall.Ask
			after  time.Duration
			repeat bool
		}{
			{"the same key", asked("12125550123", "k"), time.Hour, true},
			{"another key at once", asked("12125550123", "other"), 20 * time.Second, true},
			{"no key at once", asked("12125550123", ""), 29 * time.Second, true},
			{"another key later", asked("12125550123", "other"), 31 * time.Second, false},
			{"no key later", asked("12125550123", ""), 31 * time.Second, false},
			{"another number", asked("12125550124", "k"), time.Second, false},
		} {
			row.ask.Caps = []clicktocall.Cap{{Scope: clicktocall.OfWidget, Of: "sales", Most: 1, Per: 48 * time.Hour}}
			if c, repeated, _ := beginCall(t, s, row.ask, dawn.Add(row.after)); repeated != row.repeat || repeated && c.ID != first.ID {
				t.Errorf("%s: %v, %v", row.what, repeated, c)
			}
		}
		elsewhere := asked("12125550123", "")
		elsewhere.Network = "198.51.100.0/24"
		if _, repeated, _ := beginCall(t, s, elsewhere, dawn.Add(time.Second)); repeated {
			t.Error("another network's request is answered with what it must not know")
		}
		finishCall(t, s, first, clicktocall.Failed, dawn.Add(time.Second))
		if c, repeated, _ := beginCall(t, s, asked("12125550123", "k"), dawn.Add(40*time.Second)); repeated || c.ID == first.ID {
			t.Error("what certainly failed may be tried again")
		}
	})
}

func TestTokenIsUsedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		a := asked("12125550123", "")
		beginCall(t, s, a, dawn)
		a.Number = "12125550124"
		if c, _, known := beginCall(t, s, a, dawn); c != nil || !known.Spent {
			t.Error("a token was used twice")
		}
		a.Number = ""
		if _, _, known := beginCall(t, s, a, dawn); !known.Spent {
			t.Error("a used token is not known with a number that is none")
		}
		refused := asked("12125550125", "")
		refused.Caps = []clicktocall.Cap{{Scope: clicktocall.OfWidget, Of: "sales", Most: 1, Per: time.Hour}}
		beginCall(t, s, refused, dawn)
		refused.Caps = nil
		if c, _, known := beginCall(t, s, refused, dawn); c == nil || known.Spent {
			t.Error("a token was used up by a refusal")
		}
	})
}

func TestCapsCountASlidingTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		ask := func(after time.Duration) (*clicktocall.CallBack, clicktocall.Known) {
			a := asked("12125550123", "")
			a.Network = fmt.Sprint(after)
			a.Caps = []clicktocall.Cap{
				{Scope: clicktocall.OfNumber, Of: a.Number, Most: 1, Per: 10 * time.Minute}, {Scope: clicktocall.OfNumber, Of: a.Number, Most: 3, Per: 24 * time.Hour},
			}
			c, _, known := beginCall(t, s, a, dawn.Add(after))
			return c, known
		}
		for _, row := range []struct {
			after, until time.Duration // 0: granted
		}{
			{0, 0}, {time.Second, 10 * time.Minute}, {10*time.Minute - time.Millisecond, 10 * time.Minute}, {10 * time.Minute, 0},
			{19 * time.Minute, 20 * time.Minute}, {23 * time.Hour, 0}, {23*time.Hour + 30*time.Minute, 24 * time.Hour},
			{24 * time.Hour, 0}, {24*time.Hour + 10*time.Minute - time.Millisecond, 24*time.Hour + 10*time.Minute}, {24*time.Hour + 10*time.Minute, 0},
			{24*time.Hour + 21*time.Minute, 47 * time.Hour},
		} {
			c, known := ask(row.after)
			var until time.Time
			for _, f := range known.Full {
				if f.Until.After(until) {
					until = f.Until
				}
			}
			want := time.Time{}
			if row.until != 0 {
				want = dawn.Add(row.until)
			}
			if (c != nil) != (row.until == 0) || !until.Equal(want) {
				t.Errorf("after %v: %v until %v, want %v", row.after, c != nil, until, want)
			}
		}
	})
}

func TestWhatCountsForWhom(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		caps := func(a clicktocall.Ask) map[clicktocall.Scope]clicktocall.Cap {
			return map[clicktocall.Scope]clicktocall.Cap{
				clicktocall.OfNumber: {Scope: clicktocall.OfNumber, Of: a.Number, Most: 1, Per: time.Hour}, clicktocall.OfNetwork: {Scope: clicktocall.OfNetwork, Of: a.Network, Most: 1, Per: time.Hour},
				clicktocall.OfWidget: {Scope: clicktocall.OfWidget, Of: a.Entry, Most: 1, Per: time.Hour}, clicktocall.OfTenant: {Scope: clicktocall.OfTenant, Of: a.Tenant, Most: 1, Per: time.Hour},
			}
		}
		full := func(a clicktocall.Ask) []clicktocall.Scope {
			a.Caps = nil
			for _, scope := range []clicktocall.Scope{clicktocall.OfNumber, clicktocall.OfNetwork, clicktocall.OfWidget, clicktocall.OfTenant} {
				a.Caps = append(a.Caps, caps(a)[scope])
			}
			var reached []clicktocall.Scope
			_, _, err := s.BeginCallBack(t.Context(), a, dawn.Add(time.Minute), func(k clicktocall.Known) *clicktocall.CallBack {
				reached = nil
				for _, f := range k.Full {
					reached = append(reached, f.Cap.Scope)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return reached
		}
		all := []clicktocall.Scope{clicktocall.OfNumber, clicktocall.OfNetwork, clicktocall.OfWidget, clicktocall.OfTenant}
		c, _, _ := beginCall(t, s, asked("12125550123", ""), dawn)
		want := func(what string, a clicktocall.Ask, scopes ...clicktocall.Scope) {
			t.Helper()
			if diff := cmp.Diff(scopes, full(a)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		want("being placed", asked("12125550123", ""), all...)
		finishCall(t, s, c, clicktocall.Uncertain, dawn)
		want("uncertain", asked("12125550123", ""), all...)
		finishCall(t, s, c, clicktocall.Placed, dawn)
		want("placed", asked("12125550123", ""), all...)
		other := clicktocall.Ask{Entry: "support", Tenant: "example.org", Number: "12125550123", Network: "198.51.100.0/24", Token: "t"}
		want("another tenant's", other, clicktocall.OfNumber)
		failed, _, _ := beginCall(t, s, clicktocall.Ask{Entry: "e", Tenant: "d", Number: "12125550199", Network: "n", Token: "u"}, dawn)
		finishCall(t, s, failed, clicktocall.Failed, dawn)
		want("certainly failed", clicktocall.Ask{Entry: "e", Tenant: "d", Number: "12125550199", Network: "n", Token: "v"}, clicktocall.OfNetwork)
		finishCall(t, s, failed, clicktocall.Placed, dawn)
		if got := state(t, s, failed.ID); got != clicktocall.Failed {
			t.Errorf("a second result changed it to %s", got)
		}
	})
}

func TestSuppressionIsKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for number, sup := range map[string]struct {
			tenant  string
			channel ledger.Channel
			holds   bool
		}{
			"12125550001": {"example.net", ledger.Calls, true}, "12125550002": {ledger.AnyTenant, ledger.AnyWay, true},
			"12125550003": {"example.org", ledger.Calls, false}, "12125550004": {"example.net", ledger.Texts, false},
		} {
			if err := s.Suppress(t.Context(), ledger.Suppression{Number: number, Tenant: sup.tenant, Channel: sup.channel, At: dawn, How: ledger.ByCall}); err != nil {
				t.Fatal(err)
			}
			if _, _, known := beginCall(t, s, asked(number, ""), dawn); (known.Suppressed != nil) != sup.holds {
				t.Errorf("%v: %v", sup, known.Suppressed)
			}
		}
	})
}

func TestCapsHoldOverProcesses(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		stores := []*store.Store{storetest.Open(t, config)}
		config.Exclusive = false
		stores = append(stores, storetest.Open(t, config))
		var had [3]atomic.Int64 // by number
		var work sync.WaitGroup
		for i := range 6 {
			work.Go(func() {
				for j := range 12 {
					a := asked(fmt.Sprintf("1212555000%d", j%3), "")
					a.Network = fmt.Sprint(i, j)
					a.Caps = []clicktocall.Cap{
						{Scope: clicktocall.OfTenant, Of: a.Tenant, Most: 7, Per: time.Hour}, {Scope: clicktocall.OfNumber, Of: a.Number, Most: 3, Per: time.Hour},
					}
					if c, _, _ := beginCall(t, stores[i%2], a, dawn); c != nil {
						had[j%3].Add(1)
					}
				}
			})
		}
		work.Wait()
		total := int64(0)
		for i := range had {
			total += had[i].Load()
			if had[i].Load() > 3 {
				t.Errorf("a number was called %d times", had[i].Load())
			}
		}
		if total != 7 {
			t.Errorf("%d calls were had, want 7", total)
		}
	})
}

func TestOneKeyAndOneTokenAreOneCallOverProcesses(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		stores := []*store.Store{storetest.Open(t, config)}
		config.Exclusive = false
		stores = append(stores, storetest.Open(t, config))
		a := asked("12125550123", "k")
		var first, spent atomic.Int64
		var work sync.WaitGroup
		for i := range 8 {
			work.Go(func() {
				if _, repeated, _ := beginCall(t, stores[i%2], a, dawn); !repeated {
					first.Add(1)
				}
				b := a // a thief of the token, with other numbers
				b.Number, b.Key = fmt.Sprintf("1212555010%d", i), ""
				if _, _, known := beginCall(t, stores[i%2], b, dawn); known.Spent {
					spent.Add(1)
				}
			})
		}
		work.Wait()
		if first.Load()+8-spent.Load() != 1 { // exactly one uses the token
			t.Errorf("%d are the first, %d found the token used", first.Load(), spent.Load())
		}
	})
}

// TestNoWindowHoldsMoreThanACap asks at random times and counts in every window.
func TestNoWindowHoldsMoreThanACap(t *testing.T) {
	s := storetest.Open(t, storetest.SQLite(t))
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		number := fmt.Sprintf("121255%05d", round)
		most, per := rapid.IntRange(1, 4).Draw(r, "most"), time.Duration(rapid.IntRange(1, 100).Draw(r, "seconds"))*time.Second
		var had []time.Time
		now := dawn
		for range 30 {
			now = now.Add(time.Duration(rapid.IntRange(0, 40_000).Draw(r, "pause")) * time.Millisecond)
			a := asked(number, "")
			a.Network = ledger.NewID()
			a.Caps = []clicktocall.Cap{{Scope: clicktocall.OfNumber, Of: number, Most: most, Per: per}}
			c, _, known := beginCall(t, s, a, now)
			within := 0
			for _, at := range had {
				if now.Sub(at) < per {
					within++
				}
			}
			if (c != nil) != (within < most) || len(known.Full) > 0 && !known.Full[0].Until.After(now) {
				r.Fatalf("had %v with %d of %d in %v", c != nil, within, most, per)
			}
			if c != nil {
				had = append(had, now)
			}
		}
	})
}
