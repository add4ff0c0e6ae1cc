package store_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/test/await"
)

// TestCallersWaitForFewRoundTrips counts how often PostgreSQL is asked while
// somebody waits, and others wait for their locks.
func TestCallersWaitForFewRoundTrips(t *testing.T) {
	for _, test := range []struct {
		name string
		most int64
		do   func(t *testing.T, s *store.Store, number string)
	}{
		{"a text", 3, func(t *testing.T, s *store.Store, number string) {
			now := time.Now()
			begun, err := s.Begin(t.Context(), ledger.Call{
				Key: ledger.Key{Entry: "shop", CallID: number, Caller: number}, Tenant: tenant, At: now, Basis: new(ledger.Basis), Counted: ledger.Counted{Caps: []ledger.Cap{
					{Scope: ledger.OfEntry, Of: "shop", Most: 500, Per: time.Hour}, {Scope: ledger.OfTenant, Of: tenant, Most: 2000, Per: time.Hour},
				}},
			}, capped(number))
			if err == nil {
				err = s.Finish(t.Context(), ledger.Result{ID: begun.Text.ID, Attempt: 1, At: now, State: ledger.Sent, Reason: "sent"})
			}
			if err != nil {
				t.Fatal(err)
			}
		}},
		{"one text more than a cap allows strangers", 2, func(t *testing.T, s *store.Store, number string) {
			if _, err := beginStranger(t, s, number); err != nil {
				t.Fatal(err)
			}
		}},
		{"a press", 3, func(t *testing.T, s *store.Store, number string) {
			a := asked(number, "")
			a.Site = "192.0.2.0/20"
			for _, c := range []clicktocall.Cap{
				{Scope: clicktocall.OfNumber, Of: number}, {Scope: clicktocall.OfNetwork, Of: a.Network}, {Scope: clicktocall.OfSite, Of: a.Site},
				{Scope: clicktocall.OfBlock, Of: a.Block}, {Scope: clicktocall.OfWidget, Of: a.Entry}, {Scope: clicktocall.OfTenant, Of: a.Tenant},
			} {
				c.Most, c.Per = 30, time.Hour
				a.Caps = append(a.Caps, c)
				c.Most, c.Per = 90, 24*time.Hour
				a.Caps = append(a.Caps, c)
			}
			c, _, known := beginCall(t, s, a, time.Now())
			if c == nil {
				t.Fatalf("the press is refused: %+v", known)
			}
			finishCall(t, s, c, clicktocall.Placed, time.Now())
		}},
		{"one press more than a cap allows", 2, func(t *testing.T, s *store.Store, number string) {
			a := asked(number, "")
			a.Caps = []clicktocall.Cap{{Scope: clicktocall.OfBlock, Of: a.Block, Most: 1, Per: time.Hour}}
			beginCall(t, s, a, time.Now())
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := storetest.Postgres(t)
			asked := storetest.CountAsked(t, &config)
			s := storetest.Open(t, config)
			for _, number := range []string{"12125550101", "12125550102", "12125550103"} { // these also prepare the statements
				test.do(t, s, number)
			}
			before := asked.Load()
			test.do(t, s, "12125550104")
			if n := asked.Load() - before; n > test.most {
				t.Errorf("PostgreSQL is asked %d times, at most %d are needed", n, test.most)
			}
		})
	}
}

// beginStranger begins the call of one of many strangers, of whom one is texted.
func beginStranger(t *testing.T, s *store.Store, number string) (ledger.Begun, error) {
	t.Helper()
	entry := textTo(number).Entry
	return s.Begin(t.Context(), ledger.Call{
		Key: ledger.Key{Entry: entry, CallID: number, Caller: number}, Tenant: tenant, At: time.Now(),
		Counted: ledger.Counted{Open: true, Caps: []ledger.Cap{{Scope: ledger.OfEntry, Of: entry, Most: 1, Per: time.Hour}}},
	}, func(h ledger.History) ledger.Decision {
		d := capped(number)(h)
		d.WhenFull.Forget = true
		return d
	})
}

// TestRefusalsWaitForNoWriter refuses strangers while somebody writes.
func TestRefusalsWaitForNoWriter(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		begin := func(number string) {
			t.Helper()
			begun, err := beginStranger(t, s, number)
			if err != nil {
				t.Fatal(err)
			}
			if number != "12125550101" && (begun.Reason != "limited" || len(begun.Full) != 1 || begun.Text != nil) {
				t.Errorf("the second number got %+v", begun)
			}
		}
		begin("12125550101")
		begin("12125550102")
		writing, done := make(chan struct{}), make(chan struct{})
		var writer sync.WaitGroup
		writer.Go(func() {
			if err := s.Put(t.Context(), func(context.Context, *sql.Tx) error {
				close(writing)
				<-done
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
		<-writing
		refused := make(chan struct{})
		writer.Go(func() {
			defer close(refused)
			begin("12125550103")
		})
		defer writer.Wait()
		defer close(done)
		await.From(t, "a refusal", refused)
	})
}
