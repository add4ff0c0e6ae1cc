package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// other is a number that is not erased.
const other = "12125550124"

func TestAnIDWithoutTheNumberIsTheSameEverywhere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for _, id := range []string{"c-" + caller + "@host", "c-+" + caller + "@host"} {
			key := ledger.Key{Entry: "shop", CallID: id, Caller: other}
			begin(t, s, key, noon(), func(ledger.History) ledger.Decision {
				text := textTo(other)
				text.CallID = id
				return ledger.Decision{Reason: "sent", Text: text, Consent: &ledger.Consent{Number: other, Entry: "shop", At: noon(), CallID: id}}
			})
		}
		sent := dossier(t, s, other).Texts
		for _, text := range sent {
			finish(t, s, ledger.Result{ID: text.ID, Attempt: 1, At: noon(), State: ledger.Sent})
		}
		erase(t, s)
		d := dossier(t, s, other)
		ids := map[string]int{}
		for i := range 2 {
			for _, id := range []string{d.Texts[i].CallID, d.Answers[i].CallID, d.Consents[i].CallID} {
				ids[id]++
			}
		}
		for id, n := range ids {
			if n != 3 || !strings.HasPrefix(id, "c-erased-") || !strings.HasSuffix(id, "@host") {
				t.Errorf("%d records have the id %s", n, id)
			}
		}
		if len(ids) != 2 {
			t.Errorf("two ids have become %v", ids)
		}
	})
}

func TestATraceStaysJSONWithoutTheNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		trace := `{"at": 0.5, "from": 12125550123, "to": "+1 212 555\u00a00123", "n": [1e3, -2, "a\"2125550123\""]}` + "\n{}\n" + `"cut`
		want := `{"at": 0.5, "from": 0, "to": "erased", "n": [1e3, -2, "a\"erased\""]}` + "\n{}\n" + `"cut`
		if err := s.KeepCall(t.Context(), core.StoredCall{ID: "1", At: noon(), From: other, To: "12125550125", Trace: []byte(trace)}); err != nil {
			t.Fatal(err)
		}
		erased := erase(t, s)
		if diff := cmp.Diff([]store.Held{{What: "calls of others", Count: 1}}, erased.Others); diff != "" {
			t.Errorf("others (-want +got):\n%s", diff)
		}
		calls, err := s.Calls(t.Context(), time.Time{}, 0)
		if err != nil || len(calls) != 1 || string(calls[0].Trace) != want {
			t.Errorf("the calls are %+v, %v", calls, err)
		}
	})
}

func TestAServerSeesThatAnObjectHasChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		user := core.Object{Key: core.Key{Kind: core.User, Domain: "example.net", ID: "2000"}, Fields: core.Fields{"note": []byte(`"call 2125550123"`)}}
		if err := s.Apply(t.Context(), core.Change{Do: core.Create, Object: user}); err != nil {
			t.Fatal(err)
		}
		before, err := s.Revision(t.Context(), core.User, "example.net")
		if err != nil {
			t.Fatal(err)
		}
		erase(t, s)
		after, err := s.Revision(t.Context(), core.User, "example.net")
		if err != nil || after == before {
			t.Errorf("the revision is %d, after %d, %v", after, before, err)
		}
		found, err := s.Object(t.Context(), user.Key)
		if err != nil || found.Version != 2 || found.Fields.Text("note") != "call erased" {
			t.Errorf("the user is %+v, %v", found, err)
		}
	})
}

func TestATextOnItsWayIsNotChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		begin(t, s, callOf("a"), noon(), func(ledger.History) ledger.Decision {
			text := textTo(other)
			text.Message = "Call 212-555-0123."
			return ledger.Decision{Reason: "sent", Text: text}
		})
		erased := erase(t, s)
		texts := dossier(t, s, other).Texts
		if len(erased.Stays) != 1 || texts[0].Message != "Call 212-555-0123." {
			t.Errorf("what stays is %+v, the text %+v", erased.Stays, texts)
		}
		finish(t, s, ledger.Result{ID: texts[0].ID, Attempt: 1, At: noon(), State: ledger.Sent})
		erased = erase(t, s)
		if texts = dossier(t, s, other).Texts; len(erased.Stays) != 0 || texts[0].Message != "Call erased." {
			t.Errorf("what stays is %+v, the text %+v", erased.Stays, texts)
		}
	})
}

func TestScrubbingSaysWhatItDoesNotReach(t *testing.T) {
	config := storetest.SQLite(t)
	server := storetest.Open(t, config)
	config.Exclusive = false
	command := storetest.Open(t, config)
	scrub := func(words ...string) {
		t.Helper()
		unreached, err := command.ScrubWithin(t.Context(), 0, 0)
		if err != nil || len(unreached) != len(words) {
			t.Fatalf("not reached is %q, %v", unreached, err)
		}
		for i, word := range words {
			if !strings.Contains(unreached[i], word) {
				t.Errorf("not reached is %q", unreached[i])
			}
		}
	}
	scrub("free room")
	err := server.Read(t.Context(), func(ctx context.Context, q store.Querier) error {
		var n int
		if err := q.QueryRowContext(ctx, "SELECT count(*) FROM texts").Scan(&n); err != nil {
			return err
		}
		pad(t, server) // after the reader's snapshot
		scrub("free room", "write-ahead log")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	scrub() // no reader is left
	if unreached, err := storetest.Open(t, storetest.Postgres(t)).Scrub(t.Context()); err != nil || len(unreached) != 1 {
		t.Errorf("not reached is %q, %v", unreached, err)
	}
}
