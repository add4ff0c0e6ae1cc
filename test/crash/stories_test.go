package crash_test

import (
	"testing"

	"github.com/switchhook/switchhook/internal/activity"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
)

// checkStories fails unless the activity record tells each text's story
// completely: the call that led to it, once, and the state that it is in last.
func checkStories(t *testing.T, s *store.Store) {
	t.Helper()
	texts, err := s.Texts(t.Context(), ledger.Query{})
	if err != nil {
		t.Fatal(err)
	}
	items, err := s.Activity(t.Context(), activity.Query{})
	if err != nil {
		t.Fatal(err)
	}
	calls, states := make(map[string]int), make(map[string]activity.Item) // by text
	for _, i := range items {                                             // the youngest first; but sent is a fact, however late an attempt that failed ends
		switch _, known := states[i.About]; {
		case i.Kind == activity.Call && i.Outcome == ledger.Texted:
			calls[i.About]++
		case i.Kind == activity.Text && (!known || i.Outcome == string(ledger.Sent)):
			states[i.About] = i
		}
	}
	for _, text := range texts {
		told := states[text.ID]
		switch {
		case calls[text.ID] != 1:
			t.Errorf("the call of text %s is told %d times", text.ID, calls[text.ID])
		case told.Outcome != string(text.State), told.Number != text.To, told.Entry != text.Entry:
			t.Errorf("text %s is %s, and told as %+v", text.ID, text.State, told)
		}
	}
	if len(texts) == 0 {
		t.Error("there are no texts")
	}
	t.Logf("%d items tell of %d texts", len(items), len(texts))
}
