package textback_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

// cooling has the cool-down that is in force unless somebody sets another.
func cooling(c *textback.Config) {
	c.Rules.Cooldown = entry.Cooldown{Texts: 3, Time: time.Hour}
	limited(c)
}

// rows returns how many rows the answers to calls take, and removes them.
func rows(t *testing.T, s *store.Store) int {
	t.Helper()
	removed, err := s.Purge(t.Context(), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return removed.Answers
}

// A stranger asks for one number with ever new ids of calls: twenty calls are
// rows, the others are counted in one. Each keeps its answer, at each server of
// the database and after a restart, whatever would be decided by then.
func TestAFloodOfOneNumberIsCountedInOneRow(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		stores := []*store.Store{storetest.Open(t, config)}
		if config.URL != "" {
			stores = append(stores, storetest.Open(t, config))
		}
		services := make([]*service, len(stores))
		for i, one := range stores {
			services[i] = start(t, allTexts, cooling, func(c *textback.Config) { c.Ledger = one })
		}
		const caller, calls = "+19734321440", 120
		heard := map[string]string{}
		for i := range calls {
			callID := fmt.Sprint("call-", i)
			heard[callID] = services[i%len(services)].call(caller, callID)
		}
		wantXML(t, heard["call-3"], hears(textback.CoolingDown))
		wantXML(t, heard["call-119"], hears(textback.CoolingDown))
		repeat := func(when string, s *service) {
			t.Helper()
			for callID, want := range heard {
				if got := s.call(caller, callID); got != want {
					t.Fatalf("%s, a repeat of %s hears %s, and heard %s before", when, callID, got, want)
				}
			}
		}
		for _, s := range services {
			repeat("later", s)
		}
		sent := 0
		for _, s := range services {
			sent += len(s.system.Messages())
		}
		if sent != 3 {
			t.Errorf("%d texts went out, want 3", sent)
		}

		for _, one := range stores {
			if err := one.Close(); err != nil {
				t.Fatal(err)
			}
		}
		again := storetest.Open(t, config)
		repeat("after a restart", start(t, allTexts, cooling, func(c *textback.Config) {
			c.Ledger, c.Rules.Cooldown.Texts = again, 100 // by which they would be texted
		}))
		if n := rows(t, again); n > 21 {
			t.Errorf("%d calls of one number are %d rows, want 21", calls, n)
		}
	})
}

// After the hour calls are decided one by one again.
func TestAFloodOfOneNumberIsForgivenAfterAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startInBubble(t, allTexts, cooling)
		const caller = "+19734321440"
		for i := range 100 {
			s.call(caller, fmt.Sprint("call-", i))
		}
		s.wantTexts(3)
		time.Sleep(time.Hour + time.Second)
		wantXML(t, s.call(caller, "an hour later"), hears(textback.Sent))
		wantXML(t, s.call("+19734321441", "another number"), hears(textback.Sent))
	})
}

// A stranger asks for ever new numbers that are not texted: toll-free ones, and
// such as the entry does not text.
func TestAFloodOfManyNumbersIsBounded(t *testing.T) {
	s := start(t, allTexts, limited)
	for i := range 700 {
		wantXML(t, s.call(fmt.Sprintf("+1800555%04d", i), "call"), hears(textback.LandLine))
		wantXML(t, s.call(fmt.Sprintf("+22177123%04d", i), "call"), hears(textback.Region))
	}
	wantXML(t, s.call("+19734321440", "call"), hears(textback.Sent)) // a text is always recorded
	wantXML(t, s.call("+19734321440", "call"), hears(textback.Sent))
	s.wantTexts(1)
	if n := rows(t, s.store); n > 501 {
		t.Errorf("1,400 calls that led to no text are %d rows, want 500", n-1)
	}
}

// Callers without a number leave no row at all.
func TestCallersWithoutANumberLeaveNoRows(t *testing.T) {
	s := start(t, allTexts, limited)
	for i := range 50 {
		s.call("anonymous", fmt.Sprint("call-", i))
		s.call(fmt.Sprint(200+i), fmt.Sprint("call-", i))
		s.call("+12345", fmt.Sprint("call-", i))
	}
	if n := rows(t, s.store); n != 0 {
		t.Errorf("150 calls without a number are %d rows", n)
	}
}

// The lines of strangers may be summed in the log, but for those of texts.
func TestLinesOfCallersAreWholeUnlessAStrangerFloods(t *testing.T) {
	var about []string
	whole := 0
	s := start(t, allTexts, cooling, func(c *textback.Config) {
		c.About = func(_ context.Context, id string) { about = append(about, id) }
		c.Whole = func(context.Context) { whole++ }
	})
	s.set("keyed", map[string]any{"key": "2f6a0c8d9be14e70"})
	want := func(n int, what string) {
		t.Helper()
		if whole != n {
			t.Errorf("%s: %d lines are whole, want %d", what, whole, n)
		}
		whole = 0
	}
	for i := range 10 {
		s.call("+19734321440", fmt.Sprint("call-", i))
	}
	want(3, "without a key, three of which are texted")
	for i := range 30 {
		s.askFrom("192.0.2.1", "keyed", "+19734321441", fmt.Sprint("call-", i), "2f6a0c8d9be14e70")
	}
	want(20, "with the key, past 20 of one number")
	about = nil
	s.askFrom("192.0.2.1", "keyed", "+19734321442", "call", "wrong")
	s.get(query("nobody's", "+19734321442", "call"))
	want(0, "refused")
	if diff := cmp.Diff([]string{"keyed"}, about); diff != "" {
		t.Errorf("what refused requests are about (-want +got):\n%s", diff)
	}
}
