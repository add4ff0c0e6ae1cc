package textback_test

import (
	"fmt"
	"testing"
)

// TestAFloodOfHELPIsAnsweredToALimit: each answer is a text that the tenant pays
// for, to a number that the sender of the post chooses. When HELP is no longer
// answered, STOP must still count, and still be confirmed.
func TestAFloodOfHELPIsAnsweredToALimit(t *testing.T) {
	eachInbox(t, func(t *testing.T, m *mailbox) {
		answers := func(word string, first, n int) (answered int) {
			for i := range n {
				number := fmt.Sprintf("1973433%04d", first+i)
				if status, answer := m.post(m.inbox.Key, said(fmt.Sprint(word, number), number, word)); status != 200 {
					t.Fatalf("%d %s", status, answer)
				}
				answered += len(m.dossier(number).Texts)
			}
			return answered
		}
		if n := answers("HELP", 0, 100); n != 60 {
			t.Errorf("of 100 people who ask for help %d are answered, want 60", n)
		}
		if n := answers("STOP", 1000, 5); n != 5 {
			t.Errorf("of 5 people who text STOP %d are told that it counts", n)
		}
	})
}
