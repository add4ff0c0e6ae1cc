package textback_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// startStored returns a service whose entries, and the keys made for them, are in
// a database.
func startStored(t *testing.T, config store.Config) *service {
	t.Helper()
	kept := storetest.Open(t, config)
	book, err := kept.Entries(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := provision.NewMadeKeys(kept.Provisioned().Load)
	s := start(t, allTexts, func(c *textback.Config) {
		c.Entries, c.Ledger, c.Rules.Limits = book, kept, textback.DefaultLimits()
		c.MadeKey = keys.Recall
	})
	s.entries, s.store = book, kept
	s.set(id, nil)
	return s
}

// TestWhatAnotherServerChangesIsInForceAtTheNextCall: a server remembers entries
// and keys.
func TestWhatAnotherServerChangesIsInForceAtTheNextCall(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		s := startStored(t, config)
		config.Exclusive = false
		beside := storetest.Open(t, config)
		other, err := beside.Entries(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		ask := func(key string, want textback.Reason, text string) {
			t.Helper()
			calls++
			number := fmt.Sprintf("1973432%04d", calls)
			wantXML(t, s.askFrom("192.0.2.1", id, "+"+number, fmt.Sprint("call-", calls), key), hears(want))
			texts, err := s.store.Texts(t.Context(), ledger.Query{Number: number})
			var messages []string
			for _, one := range texts {
				messages = append(messages, one.Message)
			}
			var wanted []string
			if text != "" {
				wanted = []string{text}
			}
			if diff := cmp.Diff(wanted, messages); diff != "" || err != nil {
				t.Errorf("call %d is texted (-want +got), %v:\n%s", calls, err, diff)
			}
		}
		change := (&service{t: t, entries: other}).set
		made := func(r provision.Record) {
			t.Helper()
			r.Entry = id
			if err := beside.Provisioned().Save(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		ask("", textback.Sent, message)
		change(id, map[string]any{"message": "We have moved."})
		ask("", textback.Sent, "We have moved.")
		change(id, map[string]any{"from_number": "19734320003"}) // the next caller's
		ask("", textback.OwnNumber, "")
		change(id, map[string]any{"allow_from": []string{"198.51.100.0/24"}})
		ask("", textback.Forbidden, "")
		change(id, map[string]any{"message": "We have moved."})
		ask("", textback.Sent, "We have moved.")

		guard := func(key entry.Key) *provision.Guard {
			return &provision.Guard{Key: key, From: time.Now().Add(-time.Hour)}
		}
		made(provision.Record{Guard: guard("first")})
		ask("", textback.Forbidden, "")
		ask("first", textback.Sent, "We have moved.")
		made(provision.Record{Guard: guard("second"), Version: 1})
		ask("second", textback.Sent, "We have moved.")
		made(provision.Record{Guard: guard("third"), Version: 2})
		ask("second", textback.Forbidden, "")
		if err := beside.Provisioned().Delete(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		for range 3 { // as many changes as there were before
			r, err := beside.Provisioned().Load(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			r.Guard = guard("again")
			made(r)
		}
		ask("third", textback.Forbidden, "")
		ask("again", textback.Sent, "We have moved.")

		if err := other.Remove(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		ask("again", textback.UnknownID, "")
		s.set(id, nil)
		ask("again", textback.Sent, message)
	})
}

// TestACallAsksTheDatabaseThreeTimes counts the round trips of a whole call: one
// to read, one to write before the text is sent, and one afterwards.
func TestACallAsksTheDatabaseThreeTimes(t *testing.T) {
	config := storetest.Postgres(t)
	asked := storetest.CountAsked(t, &config)
	s := startStored(t, config)
	for i := range 10 {
		before := asked.Load()
		wantXML(t, s.call(fmt.Sprintf("+1973432%04d", i), fmt.Sprint("call-", i)), hears(textback.Sent))
		if n := asked.Load() - before; i > 3 && n > 3 { // the first ones prepare the statements
			t.Errorf("call %d asks PostgreSQL %d times", i, n)
		}
	}
}
