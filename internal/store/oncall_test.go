package store_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/oncall"
	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/fault/why"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

func TestWhatASourceSaidComesBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		answers := open(t).OnCallAnswers()
		if _, ok, err := answers.Load(t.Context(), "pagerduty"); ok || err != nil {
			t.Errorf("of a source that has said nothing: %v, %v", ok, err)
		}
		at := time.Date(2026, 3, 29, 1, 30, 0, 123e6, time.UTC)
		said := source.Snapshot{At: at, People: []source.Person{{
			ID: "P1", Name: "First", Email: "first@example.net", Level: 1, Since: at.Add(-time.Hour), Until: at.Add(time.Hour), Numbers: []string{"+31611111111"},
		}}, Oddities: []string{"somebody has no number"}}
		older := said
		older.At, older.People = at.Add(-time.Minute), nil
		for _, s := range []source.Snapshot{older, said, older} { // older answers, from another server, do not count
			if err := answers.Save(t.Context(), "pagerduty", s); err != nil {
				t.Fatal(err)
			}
		}
		got, ok, err := answers.Load(t.Context(), "pagerduty")
		if diff := cmp.Diff(said, got); !ok || err != nil || diff != "" {
			t.Errorf("%v, %v (-want +got):\n%s", ok, err, diff)
		}
	})
}

func TestDecisionsComeBackInOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		journal := open(t).OnCallJournal()
		at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
		first := oncall.Record{ID: "a", At: at, Route: "support", Attempt: 1, Level: 1, Reason: oncall.OnCall, Number: "+3161•••1111", Steps: []oncall.Step{{Code: "on_call", Args: why.Args{"source": "rota"}}, {Code: "more"}}}
		second := oncall.Record{ID: "b", At: at.Add(time.Second), Route: "support", Attempt: 2, Age: time.Minute}
		if err := journal.Save(t.Context(), []oncall.Record{first, second}); err != nil {
			t.Fatal(err)
		}
		first.Outcome, first.Ended = oncall.Answered, at.Add(time.Minute)
		if err := journal.Save(t.Context(), []oncall.Record{first}); err != nil {
			t.Fatal(err)
		}
		for limit, want := range map[int][]oncall.Record{0: {first, second}, 1: {second}, 5: {first, second}} {
			got, err := journal.Recent(t.Context(), limit)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("the last %d: %v (-want +got):\n%s", limit, err, diff)
			}
		}
		if n, err := journal.Purge(t.Context(), at.Add(time.Second)); n != 1 || err != nil {
			t.Errorf("%d removed, %v", n, err)
		}
	})
}

func TestDecisionsWhoseStepsAreSentencesAreRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		const before = `{"ID":"a","Route":"support","Steps":["It is closed.","There is no fallback."]}`
		err := s.Put(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO oncall_decisions (id, at, record) VALUES ($1, $2, $3)", "a", 1, before)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		journal := s.OnCallJournal()
		for range 2 { // as it was, and as it is once it is saved again
			records, err := journal.Recent(t.Context(), 1)
			if err != nil || len(records) != 1 {
				t.Fatalf("%d records, %v", len(records), err)
			}
			if diff := cmp.Diff([]string{"It is closed.", "There is no fallback."}, why.Sentences(records[0].Steps)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if err := journal.Save(t.Context(), records); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestOverridesComeBackUntilTheyEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		overrides := open(t).OnCallOverrides()
		at := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
		ben := oncall.Override{
			Route: "support", Person: source.Person{ID: "P2", Name: "Ben", Numbers: []string{"+31622222222"}}, Source: "pagerduty",
			Made: at, Until: at.Add(time.Hour),
		}
		ann := oncall.Override{Route: "support", Person: source.Person{Name: "Ann"}, Made: at.Add(time.Minute), Until: at.Add(2 * time.Hour)}
		sales := oncall.Override{Route: "sales", Person: source.Person{Name: "Ann"}, Made: at, Until: at.Add(time.Hour)}
		for _, o := range []oncall.Override{ben, sales} {
			if err := overrides.Set(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		lists := func(when time.Time, want ...oncall.Override) {
			t.Helper()
			got, err := overrides.List(t.Context(), when)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("at %s: %v (-want +got):\n%s", when, err, diff)
			}
		}
		lists(at, sales, ben)
		lists(at.Add(time.Hour))
		if err := overrides.Set(t.Context(), ann); err != nil { // in the place of Ben
			t.Fatal(err)
		}
		lists(at, sales, ann)
		for i, want := range []bool{true, false} {
			if ended, err := overrides.End(t.Context(), "support", at.Add(time.Minute)); ended != want || err != nil {
				t.Errorf("ending it, time %d: %v, %v", i+1, ended, err)
			}
		}
		lists(at, sales)
		if ended, err := overrides.End(t.Context(), "sales", at.Add(time.Hour)); ended || err != nil {
			t.Errorf("ending one that is over: %v, %v", ended, err)
		}
	})
}

// TestDecisionsAreTold has a caller's decision and its outcome in the activity
// record, by the caller's number.
func TestDecisionsAreTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		journal := s.OnCallJournal()
		at := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
		record := oncall.Record{
			ID: "a", At: at, Route: "support", Reason: oncall.OnCall, CallerNumber: "12125550101", Name: "Ann", Number: "+3161•••1111",
			Steps: []oncall.Step{{Code: "rung", Args: why.Args{"person": "Ann", "number": "+3161•••1111"}}},
		}
		answered := record
		answered.Outcome, answered.Ended = oncall.Answered, at.Add(time.Minute)
		if err := journal.Save(t.Context(), []oncall.Record{record, answered}); err != nil {
			t.Fatal(err)
		}
		items, err := s.Activity(t.Context(), activity.Query{Number: "12125550101"})
		if err != nil || len(items) != 2 {
			t.Fatalf("%v, %v", items, err)
		}
		var told []string
		for _, i := range items {
			told = append(told, i.Outcome+": "+why.Step[oncall.StepCode]{Code: oncall.StepCode(i.Steps[len(i.Steps)-1].Code), Args: i.Steps[len(i.Steps)-1].Args}.String())
			if i.Kind != activity.OnCall || i.Story != "a" || i.About != "a" {
				t.Errorf("%+v", i)
			}
		}
		if diff := cmp.Diff([]string{"answered: Ann picked up.", "rung: Ann is rung at +3161•••1111."}, told); diff != "" {
			t.Errorf("the newest first (-want +got):\n%s", diff)
		}
	})
}
