package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// wantTold compares all that was told, the oldest first, with lines of entry,
// tenant, number, kind, outcome, story and steps.
func wantTold(t *testing.T, s *store.Store, want ...string) {
	t.Helper()
	items, err := s.Activity(t.Context(), activity.Query{})
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(items)
	var told []string
	for _, i := range items {
		told = append(told, fmt.Sprint(i.Entry, " ", i.Tenant, " ", i.Number, " ", i.Kind, "/", i.Outcome, " of ", i.Story, " ", i.Steps))
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestACallAndItsTextAreOneStory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		now := time.Now()
		call := ledger.Call{Key: ledger.Key{Entry: "shop", CallID: "a", Caller: "12125550101"}, Tenant: "Example.com", At: now}
		var begun ledger.Begun
		for range 2 { // a repeat is no other call
			again, err := s.Begin(t.Context(), call, capped(call.Caller))
			if err != nil {
				t.Fatal(err)
			}
			if begun.Text == nil {
				begun = again
			}
		}
		if !begun.Told {
			t.Error("the call is not told")
		}
		result := ledger.Result{ID: begun.Text.ID, Attempt: 1, At: now.Add(time.Second), State: ledger.Queued, Why: ledger.Failed, Problem: "it is down", Due: now.Add(time.Minute), Reason: "queued"}
		for range 2 {
			if err := s.Finish(t.Context(), result); err != nil {
				t.Fatal(err)
			}
			result.State = ledger.Sent
			result.At = now.Add(time.Hour)
		}
		if err := s.Finish(t.Context(), ledger.Result{ID: begun.Text.ID, Attempt: 1, At: now.Add(2 * time.Hour), State: ledger.Dead, Why: ledger.Late}); err != nil { // it is sent already
			t.Fatal(err)
		}
		call.CallID, call.At = "call-2", now.Add(3*time.Hour)
		refused := func(ledger.History) ledger.Decision {
			return ledger.Decision{Reason: "cooldown", Args: why.Args{"texts": "1"}}
		}
		if _, err := s.Begin(t.Context(), call, refused); err != nil {
			t.Fatal(err)
		}
		wantTold(t, s,
			"shop example.com 12125550101 call/texted of a []",
			"shop example.com 12125550101 text/queued of a [queued]",
			"shop example.com 12125550101 text/sent of a [sent]",
			"shop example.com 12125550101 call/cooldown of call-2 [cooldown]")
	})
}

func TestATextThatWasLeftAndOrderedIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		now := time.Now()
		call := ledger.Call{Key: ledger.Key{Entry: "shop", CallID: "a", Caller: "12125550101"}, Tenant: tenant, At: now}
		begun, err := s.Begin(t.Context(), call, capped(call.Caller))
		if err != nil {
			t.Fatal(err)
		}
		id := begun.Text.ID
		if _, err := s.Sweep(t.Context(), now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := s.Finish(t.Context(), ledger.Result{ID: id, Attempt: 1, At: now.Add(2 * time.Hour), State: ledger.Dead, Why: ledger.Uncertain}); err != nil {
			t.Fatal(err)
		}
		if err := s.Resend(t.Context(), id, now.Add(3*time.Hour), now.Add(4*time.Hour)); err != nil {
			t.Fatal(err)
		}
		of := "shop " + tenant + " 12125550101 "
		wantTold(t, s, of+"call/texted of a []", of+"text/queued of a [stranded]", of+"text/dead of a [dead]", of+"text/queued of a [ordered]")
	})
}

func TestACallBackIsToldStateByState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		now := time.Now()
		c, _, _ := beginCall(t, s, asked("12125550101", ""), now)
		finishCall(t, s, c, clicktocall.Placed, now.Add(time.Second))
		for i, to := range []clicktocall.State{clicktocall.Calling, clicktocall.Calling, clicktocall.Over} {
			if err := s.AdvanceCallBack(t.Context(), c.ID, to, now.Add(time.Duration(i+2)*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		of := func(state string) string {
			return fmt.Sprintf("%s %s 12125550101 call_back/%s of %s [%[3]s]", c.Entry, c.Tenant, state, c.ID)
		}
		wantTold(t, s, of("placing"), of("placed"), of("calling"), of("over"))
	})
}

func TestWhatPeopleTextIsToldWithItsAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		now := time.Now()
		item := func(answer string, _ bool) activity.Item {
			return activity.Item{At: now, Kind: activity.OptOut, Outcome: "stop", Entry: "shop", Tenant: tenant, Number: "12125550101", About: answer}
		}
		for range 2 { // it is posted twice
			_, err := s.Receive(t.Context(), ledger.Inbound{ID: "m1", Domain: tenant, From: "12125550101", To: "12125550100", At: now}, tenant, func(ledger.History) ledger.Reply {
				return ledger.Reply{Item: item, Text: &ledger.Text{ID: "answer", Entry: "shop", Domain: tenant, To: "12125550101"}}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Audit(t.Context(), ledger.Event{Actor: "form", Item: &activity.Item{Kind: activity.Form, Outcome: "saved", Entry: "shop", Story: "form"}}); err != nil {
			t.Fatal(err)
		}
		wantTold(t, s, "shop "+tenant+" 12125550101 opt_out/stop of answer []", "shop   form/saved of form []")
	})
}
