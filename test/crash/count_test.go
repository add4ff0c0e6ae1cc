package crash_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

// lookEvery is how often the ledger is checked while texts are under way.
const lookEvery = 100 * time.Millisecond

// drain waits until no text is under way any more. It gives up if nothing has
// changed for so long that nothing will.
func drain(t *testing.T, s *store.Store) {
	t.Helper()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var before string
	for changed := time.Now(); ; <-tick.C {
		texts, err := s.Texts(t.Context(), ledger.Query{})
		texts = slices.DeleteFunc(texts, func(t ledger.Text) bool { return t.State == ledger.Sent || t.State == ledger.Dead })
		if err == nil && len(texts) == 0 {
			return
		}
		now := fmt.Sprintf("%d texts, %v:\n%+v", len(texts), err, texts)
		switch {
		case now != before:
			before, changed = now, time.Now()
		case time.Since(changed) > await.Limit:
			t.Fatalf("there stay %s", now)
		}
	}
}

// account is the status of the texts to one number.
type account struct {
	texts []ledger.Text    // by the ledger
	took  []nstest.Message // by the phone system
}

// accounts returns those of all numbers that the ledger or the phone system
// knows.
func accounts(t *testing.T, s *store.Store, system *nstest.System) map[string]*account {
	t.Helper()
	all := map[string]*account{}
	of := func(number string) *account {
		if all[number] == nil {
			all[number] = &account{}
		}
		return all[number]
	}
	texts, err := s.Texts(t.Context(), ledger.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		of(text.To).texts = append(of(text.To).texts, text)
	}
	for _, m := range system.Messages() {
		of(m.To).took = append(of(m.To).took, m)
	}
	return all
}

// wrong says what is wrong with an account, whose caller must have got one text
// or a dead letter that says why; empty: nothing.
func (a *account) wrong() string {
	switch {
	case a == nil:
		return "nothing is known of them"
	case len(a.took) > 1:
		return fmt.Sprintf("%d texts went out", len(a.took))
	case len(a.texts) != 1:
		return fmt.Sprintf("the ledger has %d texts", len(a.texts))
	}
	text := a.texts[0]
	switch {
	case text.State == ledger.Sent && len(a.took) == 1:
		if a.took[0] != (nstest.Message{Domain: text.Domain, User: text.User, Session: text.Session, From: text.From, To: text.To, Text: text.Message}) {
			return "what went out is not what the ledger says"
		}
		return ""
	case text.State == ledger.Sent:
		return "the ledger says that the text went out, and the phone system never took it"
	case text.State != ledger.Dead:
		return "the text is " + string(text.State)
	case len(a.took) == 1:
		return "the text went out, and the ledger says that it is dead"
	case text.Why == "" || text.Problem == "":
		return "the dead letter does not say why"
	}
	return ""
}

// tally counts how many of something there are.
type tally map[string]int

func (c tally) String() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, c[name]))
	}
	return strings.Join(parts, ", ")
}

// settle compares the callers with the phone system and the ledger, and
// returns the status of their texts and what they heard. Servers gave up on
// some calls before anything was recorded.
func settle(t *testing.T, s *store.Store, system *nstest.System, callers []*caller, gaveUp map[string]bool) (became, heard tally) {
	t.Helper()
	became, heard = tally{}, tally{}
	all := accounts(t, s, system)
	for _, c := range callers {
		a := all[c.number]
		delete(all, c.number)
		heard[string(c.heard)]++
		if a == nil && c.heard == textback.Failed && gaveUp[c.number] {
			became["nothing: the server was too busy"]++
			continue
		}
		if why := a.wrong(); why != "" {
			t.Errorf("%s, who heard %q after %d requests: %s\n%+v", c.number, c.heard, c.asked, why, a)
			continue
		}
		text := a.texts[0]
		became[strings.TrimSpace(string(text.State)+" "+string(text.Why))]++
		switch {
		case c.heard == textback.Sent && text.State != ledger.Sent:
			t.Errorf("%s heard that the text went out, and it is %s", c.number, text.State)
		case c.heard != textback.Sent && c.heard != textback.Queued && c.heard != textback.Failed && c.heard != textback.Uncertain:
			t.Errorf("%s heard %q", c.number, c.heard)
		}
	}
	for number := range all {
		t.Errorf("%s never called, and has %+v", number, all[number])
	}
	return became, heard
}
