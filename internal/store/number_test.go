package store_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// live stores one record of each kind about a number.
func live(t testing.TB, s *store.Store, number string, at time.Time) store.Dossier {
	t.Helper()
	d := store.Dossier{Number: number}
	key := ledger.Key{Entry: "shop", CallID: "call " + number, Caller: number}
	consent := ledger.Consent{Number: number, Entry: "shop", At: at, CallID: key.CallID, Wording: "Press 1.", Key: "1"}
	begun := begin(t, s, key, at, func(ledger.History) ledger.Decision {
		return ledger.Decision{Reason: "sent", Text: textTo(number), Consent: &consent}
	})
	d.Texts = []ledger.Text{*begun.Text}
	d.Answers = []ledger.Answered{{Key: key, At: at, Reason: "sent", Text: begun.Text.ID}}
	d.Consents = []ledger.Consent{consent}
	message := ledger.Inbound{ID: "message " + number, Domain: tenant, From: number, To: "12125550000", Message: "Hm?", At: at}
	if _, err := s.Receive(t.Context(), message, tenant, func(ledger.History) ledger.Reply { return ledger.Reply{} }); err != nil {
		t.Fatal(err)
	}
	d.Inbound = []ledger.Inbound{message}
	suppression := ledger.Suppression{Number: number, Tenant: tenant, Channel: ledger.Calls, At: at, How: ledger.ByCall, Words: "leave me alone"}
	suppress(t, s, suppression)
	d.Suppressions = []ledger.Suppression{suppression}
	for i, call := range []core.StoredCall{{From: number, To: "12125550000"}, {From: "12125550000", To: number, Failed: true}} {
		call.ID, call.At, call.Outcome, call.Trace = number+strconv.Itoa(i), at, "hung up", []byte("{}\n")
		if err := s.KeepCall(t.Context(), call); err != nil {
			t.Fatal(err)
		}
		d.Calls = append(d.Calls, call)
	}
	var err error
	if d.Activity, err = s.Activity(t.Context(), activity.Query{Number: number}); err != nil {
		t.Fatal(err)
	}
	if len(d.Activity) != 1 || d.Activity[0].Kind != activity.Call || d.Activity[0].Story != key.CallID {
		t.Fatalf("the record has %+v, want the call alone", d.Activity)
	}
	return d
}

func dossier(t testing.TB, s *store.Store, number string) store.Dossier {
	t.Helper()
	d, err := s.Dossier(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// erase erases the caller's number.
func erase(t testing.TB, s *store.Store) store.Erasure {
	t.Helper()
	erased, err := s.Erase(t.Context(), phone.NewFinder(phone.Read("+"+caller, phone.Home{}), phone.Home{}))
	if err != nil {
		t.Fatal(err)
	}
	return erased
}

func TestANumberIsExportedAndErased(t *testing.T) {
	const other = "12125550124"
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		want, kept := live(t, s, caller, noon()), live(t, s, other, noon())
		if diff := cmp.Diff(want, dossier(t, s, caller)); diff != "" {
			t.Errorf("exported (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(store.Erasure{Removed: store.Removed{Texts: 1, Inbound: 1, Answers: 1, Consents: 1, Calls: 2, Activity: 1, Suppressions: 1}}, erase(t, s)); diff != "" {
			t.Errorf("erased (-want +got):\n%s", diff)
		}
		bare := want.Suppressions[0]
		bare.Words = ""
		if diff := cmp.Diff(store.Dossier{Number: caller, Suppressions: []ledger.Suppression{bare}}, dossier(t, s, caller)); diff != "" {
			t.Errorf("what stays (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(kept, dossier(t, s, other)); diff != "" {
			t.Errorf("of another number (-want +got):\n%s", diff)
		}
	})
}

// leftToItsOwn leaves out the activity record, which has a retention of its own.
var leftToItsOwn = cmpopts.IgnoreFields(store.Dossier{}, "Activity")

func TestOldRecordsArePurged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		old := live(t, s, caller, noon())
		young := live(t, s, "12125550124", noon().Add(time.Hour))
		// More than one step.
		key := func(i int) ledger.Key {
			return ledger.Key{Entry: "shop", CallID: "old", Caller: strconv.Itoa(i)}
		}
		race(t, []*store.Store{s}, 1100, key, func(ledger.History) ledger.Decision { return ledger.Decision{Reason: "closed"} })
		before := noon().Add(time.Minute)
		removed, err := s.Purge(t.Context(), before)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(store.Removed{Inbound: 1, Answers: 1101, Calls: 2}, removed); diff != "" {
			t.Errorf("while the text is under way (-want +got):\n%s", diff)
		}
		finish(t, s, ledger.Result{ID: old.Texts[0].ID, Attempt: 1, At: noon(), State: ledger.Dead})
		if removed, err = s.Purge(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(store.Removed{Texts: 1}, removed); diff != "" {
			t.Errorf("when it is dead (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(store.Dossier{Number: caller, Suppressions: old.Suppressions, Consents: old.Consents}, dossier(t, s, caller), leftToItsOwn); diff != "" {
			t.Errorf("what stays (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(young, dossier(t, s, young.Number), leftToItsOwn); diff != "" {
			t.Errorf("what is young (-want +got):\n%s", diff)
		}
	})
}
