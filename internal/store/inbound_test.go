package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// stopMessage is a message that gets a confirmation.
func stopMessage(id string) ledger.Inbound {
	return ledger.Inbound{ID: id, Domain: tenant, From: caller, To: "12125550000", Message: "Stop", At: noon()}
}

func stops(ledger.History) ledger.Reply {
	confirmation := textTo(caller)
	confirmation.ID, confirmation.Purpose, confirmation.Due = "confirmation", ledger.Confirmation, noon()
	suppression := listed(tenant, ledger.Texts, ledger.ByText)
	return ledger.Reply{Suppress: &suppression, Text: confirmation}
}

func TestAMessageIsReceivedOnce(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		stores := []*store.Store{storetest.Open(t, config)}
		if config.URL != "" {
			stores = append(stores, storetest.Open(t, config))
		}
		var (
			all       sync.WaitGroup
			decisions atomic.Int32
			unseen    atomic.Int32
		)
		for i := range 20 {
			all.Go(func() {
				received, err := stores[i%len(stores)].Receive(t.Context(), stopMessage("m1"), tenant, func(h ledger.History) ledger.Reply {
					decisions.Add(1)
					return stops(h)
				})
				if err != nil {
					t.Error(err)
				}
				if !received.Seen {
					unseen.Add(1)
				}
			})
		}
		all.Wait()
		if decisions.Load() != 1 || unseen.Load() != 1 {
			t.Errorf("decided on %d times, new %d times", decisions.Load(), unseen.Load())
		}
		got := text(t, stores[0], "confirmation")
		if got.State != ledger.Queued || !got.Due.Equal(noon()) || got.Attempts != 0 || !got.Lease.IsZero() {
			t.Errorf("the confirmation: %+v", got)
		}
		if diff := cmp.Diff([]ledger.Suppression{listed(tenant, ledger.Texts, ledger.ByText)}, suppressions(t, stores[0], caller)); diff != "" {
			t.Errorf("the list (-want +got):\n%s", diff)
		}
	})
}

func TestAMessageIsDecidedOnWithWhatIsKnown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		now := time.Now().UTC().Truncate(time.Millisecond)
		begin(t, s, callOf("a"), now, func(ledger.History) ledger.Decision {
			help := textTo(caller)
			help.Purpose = ledger.Help
			return ledger.Decision{Text: help, Consent: &ledger.Consent{Number: caller, Entry: "shop", At: now}}
		})
		suppression := listed(tenant, ledger.Texts, ledger.ByText)
		suppress(t, s, suppression)
		var got ledger.History
		if _, err := s.Receive(t.Context(), stopMessage("m1"), tenant, func(h ledger.History) ledger.Reply {
			got = h
			return ledger.Reply{}
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(ledger.History{All: 1, Replies: []time.Time{now}, Suppressed: &suppression}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		// STOP and START at once: START lifts what was there before.
		if _, err := s.Receive(t.Context(), stopMessage("m2"), tenant, func(ledger.History) ledger.Reply {
			again := suppression
			again.Words = "again"
			return ledger.Reply{Lift: true, Suppress: &again}
		}); err != nil {
			t.Fatal(err)
		}
		suppression.Words = "again"
		if diff := cmp.Diff([]ledger.Suppression{suppression}, suppressions(t, s, caller)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestAMessageIsKnownInItsDomainAlone first has an attacker's domain post the
// id of a message in another domain.
func TestAMessageIsKnownInItsDomainAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for _, domain := range []string{"attacker.example", "Example.NET"} {
			m := stopMessage("m1")
			m.Domain = domain
			for i := range 2 {
				received, err := s.Receive(t.Context(), m, domain, func(ledger.History) ledger.Reply { return ledger.Reply{} })
				if err != nil || received.Seen != (i == 1) {
					t.Errorf("%s: known already: %v, %v", domain, received.Seen, err)
				}
			}
		}
		d, err := s.Dossier(t.Context(), caller)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range d.Inbound {
			if m.ID != "m1" {
				t.Errorf("a message is shown as %q", m.ID)
			}
		}
	})
}

// TestAnswersAreWithinTheirLimits asks for the same on two servers of the
// database.
func TestAnswersAreWithinTheirLimits(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		limits := []ledger.Limit{{Key: "reply entry shop", Most: 5, Per: time.Hour}, {Key: "reply tenant " + tenant, Most: 3, Per: time.Hour}}
		answered, capped := 0, 0
		for i := range 10 {
			m := stopMessage(fmt.Sprint("m", i))
			received, err := s.Receive(t.Context(), m, tenant, func(ledger.History) ledger.Reply {
				help := textTo(caller)
				help.ID, help.Purpose, help.Due = fmt.Sprint("help", i), ledger.Help, noon()
				return ledger.Reply{Text: help, Limits: limits}
			})
			if err != nil {
				t.Fatal(err)
			}
			if received.Capped {
				capped++
			} else {
				answered++
			}
		}
		kept, err := s.Texts(t.Context(), ledger.Query{Number: caller})
		if err != nil || answered != 3 || capped != 7 || len(kept) != 3 {
			t.Errorf("%d were answered, %d capped, %d texts are kept, %v", answered, capped, len(kept), err)
		}
	})
}

func TestADomainHasItsKeySinceTheFirstTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for i, domain := range []string{"Example.NET", "example.net", "other.example"} {
			if err := s.KeepEventKey(t.Context(), domain, noon().Add(time.Duration(i)*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		wants := func(want map[string]time.Time) {
			t.Helper()
			got, err := s.EventKeys(t.Context())
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		}
		wants(map[string]time.Time{"example.net": noon(), "other.example": noon().Add(2 * time.Hour)})
		for range 2 { // the second time there is none
			if err := s.ForgetEventKey(t.Context(), "Example.net"); err != nil {
				t.Fatal(err)
			}
		}
		wants(map[string]time.Time{"other.example": noon().Add(2 * time.Hour)})
	})
}
