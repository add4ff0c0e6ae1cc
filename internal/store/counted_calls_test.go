package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// writes returns a decision of which this many rows are written.
func writes(reason string, rows ledger.Rows) func(ledger.History) ledger.Decision {
	return func(ledger.History) ledger.Decision { return ledger.Decision{Reason: reason, Rows: rows} }
}

func TestCountedCallsAreToldAndErasedWithTheirNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for i := range 5 {
			begun := begin(t, s, callOf(fmt.Sprint(i)), noon().Add(time.Duration(i)*time.Second), writes("quiet", ledger.Rows{Number: 2}))
			if want := (ledger.Begun{Reason: "quiet", Counted: i > 1}); begun.Reason != want.Reason || begun.Counted != want.Counted {
				t.Errorf("call %d comes to %+v, want %+v", i, begun, want)
			}
		}
		dossier, err := s.Dossier(t.Context(), caller)
		if err != nil {
			t.Fatal(err)
		}
		want := []ledger.Answered{
			{Key: callOf(""), At: noon().Add(4 * time.Second), Reason: "quiet", Calls: 3},
			{Key: callOf("1"), At: noon().Add(time.Second), Reason: "quiet"},
			{Key: callOf("0"), At: noon(), Reason: "quiet"},
		}
		if diff := cmp.Diff(want, dossier.Answers); diff != "" {
			t.Errorf("the number's answers (-want +got):\n%s", diff)
		}
		if erased := erase(t, s); erased.Answers != 3 {
			t.Errorf("erased are %+v", erased)
		}
		if begun := begin(t, s, callOf("9"), noon().Add(time.Minute), writes("sent", ledger.Rows{Number: 2})); begun.Reason != "sent" {
			t.Errorf("after that it comes to %+v", begun)
		}
	})
}

// A counted number gets no text, and has a step of its own: a counted call is
// recognised by its key.
func TestACountedQuestionIsKnownToItsKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for i := range 3 {
			begin(t, s, callOf(fmt.Sprint(i)), noon(), writes("consent", ledger.Rows{Number: 2}))
		}
		key := callOf("2")
		key.Step = "consent"
		var first *ledger.Answered
		begin(t, s, key, noon().Add(time.Second), func(h ledger.History) ledger.Decision {
			first = h.First
			return ledger.Decision{Reason: "declined"}
		})
		if diff := cmp.Diff(&ledger.Answered{Key: callOf("2"), At: noon(), Reason: "consent"}, first); diff != "" {
			t.Errorf("what the key goes by (-want +got):\n%s", diff)
		}
		full := func(ledger.History) ledger.Decision {
			return ledger.Decision{Reason: "sent", Text: textTo(caller), Rows: ledger.Rows{Number: 2}, WhenFull: &ledger.Decision{Reason: "limited", Forget: true}}
		}
		at := noon().Add(time.Hour + time.Second) // the first hour is over, and the two rows have expired
		for i, want := range []string{"sent", "sent", "limited", "limited"} {
			if begun := begin(t, s, callOf(fmt.Sprint("later-", i)), at, full); begun.Reason != want || (begun.Text == nil) != (want == "limited") {
				t.Errorf("call %d comes to %+v, want %s", i, begun, want)
			}
		}
	})
}

// After a clock is set back, nobody is refused until it has caught up.
func TestCountedCallsOfATimeToComeHoldNobodyOff(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for i := range 5 {
			begin(t, s, callOf(fmt.Sprint(i)), noon().Add(90*24*time.Hour), writes("quiet", ledger.Rows{Number: 2, EntryHour: 2}))
		}
		if begun := begin(t, s, callOf("a"), noon(), writes("sent", ledger.Rows{Number: 2, EntryHour: 2})); begun.Reason != "sent" || begun.Counted {
			t.Errorf("once it was set back a call comes to %+v", begun)
		}
	})
}

func TestAnswersOfAnEntryAreBoundedButForThoseThatAreNeeded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		ask := func(n int, at time.Time, needed bool) ledger.Begun {
			key := callOf("a")
			key.Caller = fmt.Sprint(12125560000 + n)
			return begin(t, s, key, at, func(ledger.History) ledger.Decision {
				return ledger.Decision{Reason: "quiet", Rows: ledger.Rows{EntryHour: 3, EntryDay: 5}, Needed: needed}
			})
		}
		known := func(at time.Time, numbers ...int) {
			t.Helper()
			for _, n := range numbers {
				if !ask(n, at, false).Repeated {
					t.Errorf("the call of %d was not written down", n)
				}
			}
		}
		for n := range 10 {
			ask(n, noon(), false)
		}
		ask(10, noon(), true)
		known(noon(), 0, 1, 2, 10)
		if ask(5, noon(), false).Repeated {
			t.Error("a call past the bound was written down")
		}
		later := noon().Add(2 * time.Hour)
		for n := range 10 {
			ask(20+n, later, false)
		}
		known(later, 20) // four in the day before
		if ask(21, later, false).Repeated {
			t.Error("a call past the bound of the day was written down")
		}
	})
}
