package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// capped is a decision to text a number, unless a cap of its call is reached.
func capped(number string) func(ledger.History) ledger.Decision {
	return func(ledger.History) ledger.Decision {
		text := textTo(number)
		text.ID = ""
		return ledger.Decision{Reason: "sent", Text: text, WhenFull: &ledger.Decision{Reason: "limited"}}
	}
}

// ask begins a number's call, and returns its outcome.
func ask(t testing.TB, s *store.Store, n int, now time.Time, c ledger.Counted, caps ...ledger.Cap) ledger.Begun {
	t.Helper()
	number := fmt.Sprint(12125560000 + n)
	key := ledger.Key{Entry: textTo(number).Entry, CallID: ledger.NewID(), Caller: number}
	c.Caps = caps
	begun, err := s.Begin(t.Context(), ledger.Call{Key: key, Tenant: tenant, At: now, Counted: c}, capped(number))
	if err != nil {
		t.Error(err)
	}
	return begun
}

func TestAtOnceNoMoreAreTextedThanACapAllows(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		stores := []*store.Store{storetest.Open(t, config)}
		if config.URL != "" {
			stores = append(stores, storetest.Open(t, config))
		}
		text := textTo(caller)
		for round, c := range []ledger.Cap{
			{Scope: ledger.OfEntry, Of: text.Entry, Most: 7, Per: time.Hour}, {Scope: ledger.OfTenant, Of: text.Domain, Most: 5, Per: 24 * time.Hour},
			{Scope: ledger.OfSource, Of: "192.0.2.1", Most: 3, Per: time.Hour}, {Scope: ledger.OfNewNumbers, Of: text.Entry, Most: 4, Per: time.Hour},
		} {
			now := noon().Add(time.Duration(round) * 48 * time.Hour)
			var (
				all     sync.WaitGroup
				mu      sync.Mutex
				reasons = map[string]int{}
			)
			for i := range 40 {
				all.Go(func() {
					b := ask(t, stores[i%len(stores)], 100*round+i, now, ledger.Counted{Source: "192.0.2.1", Open: true}, c)
					mu.Lock()
					defer mu.Unlock()
					reasons[b.Reason]++
					if (b.Text == nil) != (b.Reason == "limited") || (b.Full == nil) != (b.Reason == "sent") {
						t.Errorf("%s: %+v", c.Scope, b)
					}
				})
			}
			all.Wait()
			if diff := cmp.Diff(map[string]int{"sent": c.Most, "limited": 40 - c.Most}, reasons); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.Scope, diff)
			}
		}
	})
}

func TestACapCountsAnySpanOfItsLength(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		c := ledger.Cap{Scope: ledger.OfEntry, Of: textTo(caller).Entry, Most: 2, Per: time.Hour}
		for i, want := range []struct {
			after  time.Duration
			reason string
		}{{0, "sent"}, {30 * time.Minute, "sent"}, {59 * time.Minute, "limited"}, {time.Hour, "sent"}, {89 * time.Minute, "limited"}, {90 * time.Minute, "sent"}} {
			b := ask(t, s, i, noon().Add(want.after), ledger.Counted{}, c)
			if b.Reason != want.reason {
				t.Errorf("after %v: %s", want.after, b.Reason)
			}
			if len(b.Full) > 0 && b.Full[0].Cap != c {
				t.Errorf("what is full is %+v", b.Full)
			}
		}
	})
}

func TestNumbersThatWereTextedBeforeAreNotNew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		c := ledger.Cap{Scope: ledger.OfNewNumbers, Of: textTo(caller).Entry, Most: 2, Per: time.Hour}
		later := noon().Add(48 * time.Hour)
		for _, step := range []struct {
			n    int
			now  time.Time
			open bool
			want string
		}{
			{1, noon(), true, "sent"}, {2, noon(), true, "sent"}, {3, noon(), true, "limited"}, {1, noon(), true, "sent"},
			{3, noon(), false, "sent"}, // the phone system, with the key
			{4, later, true, "sent"}, {5, later, true, "sent"}, {6, later, true, "limited"}, {1, later, true, "sent"}, {3, later, true, "sent"},
		} {
			var caps []ledger.Cap
			if step.open {
				caps = []ledger.Cap{c}
			}
			if b := ask(t, s, step.n, step.now, ledger.Counted{Open: step.open}, caps...); b.Reason != step.want {
				t.Errorf("%d at %v: %s, want %s", step.n, step.now, b.Reason, step.want)
			}
		}
	})
}

// A phone system calls for all its customers from one address: one that has
// shown a key is known.
func TestASourceThatHasShownAKeyIsNotCapped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		const known, stranger = "192.0.2.1", "198.51.100.7"
		ask(t, s, 0, noon(), ledger.Counted{Source: known})
		for i := range 4 {
			for source, want := range map[string]string{known: "sent", stranger: map[bool]string{true: "sent", false: "limited"}[i < 2]} {
				c := ledger.Cap{Scope: ledger.OfSource, Of: source, Most: 2, Per: time.Hour}
				if b := ask(t, s, 10*i+len(source), noon(), ledger.Counted{Source: source, Open: true}, c); b.Reason != want {
					t.Errorf("%d of %s: %s, want %s", i, source, b.Reason, want)
				}
			}
		}
	})
}
