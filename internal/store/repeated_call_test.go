package store_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
)

const (
	caller = "12125550123"
	tenant = "example.com"
)

// noon is the time of the tests' calls.
func noon() time.Time { return time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC) }

// callOf returns the key of a call to the entry "shop".
func callOf(id string) ledger.Key { return ledger.Key{Entry: "shop", CallID: id, Caller: caller} }

// textTo is a text from a decision.
func textTo(number string) *ledger.Text {
	return &ledger.Text{
		Purpose: ledger.Answer, Entry: "shop", CallID: "a", Domain: tenant, User: "100", Session: "s1",
		From: "12125550000", To: number, Message: "We are closed.", Segments: 1,
		Deadline: noon().Add(time.Hour), Lease: noon().Add(10 * time.Second),
	}
}

// sendsText decides to send a text whatever is known.
func sendsText(ledger.History) ledger.Decision {
	return ledger.Decision{Reason: "sent", Text: textTo(caller)}
}

// refuses returns a decision that must not be asked for.
func refuses(t testing.TB) func(ledger.History) ledger.Decision {
	return func(ledger.History) ledger.Decision {
		t.Error("a repeated call was decided on")
		return ledger.Decision{}
	}
}

func begin(t testing.TB, s *store.Store, key ledger.Key, now time.Time, decide func(ledger.History) ledger.Decision) ledger.Begun {
	t.Helper()
	begun, err := s.Begin(t.Context(), ledger.Call{Key: key, Tenant: tenant, At: now}, decide)
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

func TestARepeatedCallGetsItsAnswer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		first := begin(t, s, callOf("a"), noon(), sendsText)
		want := *textTo(caller)
		want.ID, want.State, want.Attempts = first.Text.ID, ledger.Sending, 1
		want.Created, want.Updated = noon(), noon()
		if diff := cmp.Diff(ledger.Begun{Reason: "sent", Text: &want, Told: true}, first); diff != "" {
			t.Errorf("first (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(ledger.Begun{Repeated: true, Reason: "sent", Text: &want, Told: true}, begin(t, s, callOf("a"), noon().Add(time.Second), refuses(t))); diff != "" {
			t.Errorf("while somebody is at it (-want +got):\n%s", diff)
		}

		at := noon().Add(2 * time.Second)
		if err := s.Finish(t.Context(), ledger.Result{ID: want.ID, Attempt: 1, At: at, State: ledger.Dead, Why: ledger.Failed, Problem: "no route", Reason: "failed"}); err != nil {
			t.Fatal(err)
		}
		want.State, want.Why, want.Problem, want.Updated, want.Lease = ledger.Dead, ledger.Failed, "no route", at, time.Time{}
		if diff := cmp.Diff(ledger.Begun{Repeated: true, Reason: "failed", Text: &want, Told: true}, begin(t, s, callOf("a"), noon().Add(23*time.Hour), refuses(t))); diff != "" {
			t.Errorf("hours later (-want +got):\n%s", diff)
		}
		if again := begin(t, s, callOf("a"), noon().Add(25*time.Hour), sendsText); again.Repeated {
			t.Error("a day later the call is still a repeated one")
		}
	})
}

// TestARepeatedCallIsOfOneTime repeats a call while its attempt ends: if the
// text is reported as sent, the answer must say so too.
func TestARepeatedCallIsOfOneTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		for i := range 50 {
			key := callOf(strconv.Itoa(i))
			first := begin(t, s, key, noon(), func(ledger.History) ledger.Decision {
				return ledger.Decision{Reason: "uncertain", Text: textTo(caller)}
			})
			var asking sync.WaitGroup
			for range 4 {
				asking.Go(func() {
					for state := ledger.Sending; state == ledger.Sending; {
						begun, err := s.Begin(t.Context(), ledger.Call{Key: key, Tenant: tenant, At: noon()}, refuses(t))
						if err != nil {
							t.Error(err)
							return
						}
						if state = begun.Text.State; (begun.Reason == "sent") != (state == ledger.Sent) {
							t.Errorf("the text is %s, and the answer %s", state, begun.Reason)
						}
					}
				})
			}
			if err := s.Finish(t.Context(), ledger.Result{ID: first.Text.ID, Attempt: 1, At: noon(), State: ledger.Sent, Reason: "sent"}); err != nil {
				t.Error(err)
			}
			asking.Wait()
		}
	})
}

func TestWhatMakesACallAnother(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		key := ledger.Key{Entry: "shop", CallID: "a", Caller: caller, Step: "1"}
		begin(t, s, key, noon(), sendsText)
		for name, change := range map[string]func(*ledger.Key){
			"entry":  func(k *ledger.Key) { k.Entry = "bakery" },
			"call":   func(k *ledger.Key) { k.CallID = "b" },
			"caller": func(k *ledger.Key) { k.Caller = "12125550124" },
			"step":   func(k *ledger.Key) { k.Step = "" },
		} {
			other := key
			change(&other)
			if begin(t, s, other, noon(), sendsText).Repeated {
				t.Errorf("another %s is taken for a repeat", name)
			}
		}
	})
}

func TestACallWithoutAnIDIsRepeatedForAMinute(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		begin(t, s, callOf(""), noon(), sendsText)
		if !begin(t, s, callOf(""), noon().Add(59*time.Second), refuses(t)).Repeated {
			t.Error("within a minute it is another call")
		}
		if begin(t, s, callOf(""), noon().Add(61*time.Second), sendsText).Repeated {
			t.Error("after a minute it is still the same call")
		}
	})
}

func TestAForgottenAnswerIsDecidedAnew(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		asks := func(ledger.History) ledger.Decision { return ledger.Decision{Reason: "asked", Forget: true} }
		for range 2 {
			if diff := cmp.Diff(ledger.Begun{Reason: "asked"}, begin(t, s, callOf("a"), noon(), asks)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
	})
}

func TestHistoryIsWhatMayHaveReachedTheNumber(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		// texts puts texts into the ledger, a minute apart, and ends them.
		n := 0
		text := func(entry string, purpose ledger.Purpose, r *ledger.Result) time.Time {
			at := noon().Add(time.Duration(n) * time.Minute)
			n++
			key := ledger.Key{Entry: entry, CallID: strconv.Itoa(n), Caller: caller}
			begun := begin(t, s, key, at, func(ledger.History) ledger.Decision {
				text := textTo(caller)
				text.Entry, text.Purpose = entry, purpose
				return ledger.Decision{Text: text}
			})
			if r != nil {
				r.ID, r.Attempt, r.At = begun.Text.ID, 1, at
				if err := s.Finish(t.Context(), *r); err != nil {
					t.Fatal(err)
				}
			}
			return at
		}
		sending := text("shop", ledger.Answer, nil)
		sent := text("shop", ledger.Answer, &ledger.Result{State: ledger.Sent})
		queued := text("shop", ledger.Answer, &ledger.Result{State: ledger.Queued, Due: noon().Add(time.Hour)})
		uncertain := text("shop", ledger.Answer, &ledger.Result{State: ledger.Dead, Why: ledger.Uncertain})
		doubtful := text("shop", ledger.Answer, &ledger.Result{State: ledger.Dead, Why: ledger.Late, Doubtful: true})
		text("shop", ledger.Answer, &ledger.Result{State: ledger.Dead, Why: ledger.Refused})
		text("shop", ledger.Answer, &ledger.Result{State: ledger.Dead, Why: ledger.Late})
		text("bakery", ledger.Answer, &ledger.Result{State: ledger.Sent})
		text("shop", ledger.Trial, &ledger.Result{State: ledger.Sent})
		confirmed := text("shop", ledger.Confirmation, &ledger.Result{State: ledger.Sent})
		helped := text("shop", ledger.Help, nil)
		consent := ledger.Consent{Number: caller, Entry: "shop", At: noon(), CallID: "c", Wording: "Press 1.", Key: "1"}
		begin(t, s, callOf("c"), noon(), func(ledger.History) ledger.Decision { return ledger.Decision{Consent: &consent} })
		stop := ledger.Suppression{Number: caller, Tenant: tenant, Channel: ledger.Texts, At: noon(), How: ledger.ByText, Words: "STOP"}
		if err := s.Suppress(t.Context(), stop); err != nil {
			t.Fatal(err)
		}

		history := func(key ledger.Key, at time.Time) ledger.History {
			var got ledger.History
			begin(t, s, key, at, func(h ledger.History) ledger.Decision {
				got = h
				return ledger.Decision{Forget: true}
			})
			return got
		}
		want := ledger.History{
			Entry:      []time.Time{doubtful, uncertain, queued, sent, sending},
			All:        9,
			Replies:    []time.Time{helped, confirmed},
			Suppressed: &stop,
			Consent:    &consent,
		}
		if diff := cmp.Diff(want, history(callOf("z"), noon().Add(time.Hour))); diff != "" {
			t.Errorf("the same day (-want +got):\n%s", diff)
		}
		want.Entry, want.Replies, want.All = nil, nil, 0
		if diff := cmp.Diff(want, history(callOf("z"), noon().Add(25*time.Hour))); diff != "" {
			t.Errorf("a day later (-want +got):\n%s", diff)
		}
		other := callOf("z")
		other.Caller = "12125550124"
		if diff := cmp.Diff(ledger.History{}, history(other, noon().Add(time.Hour))); diff != "" {
			t.Errorf("of another number (-want +got):\n%s", diff)
		}
	})
}

// race begins concurrent calls, spread over the stores, and returns how many of
// them were to be texted.
func race(t *testing.T, stores []*store.Store, calls int, key func(i int) ledger.Key, decide func(ledger.History) ledger.Decision) int {
	t.Helper()
	var (
		all   sync.WaitGroup
		mu    sync.Mutex
		texts int
	)
	for i := range calls {
		all.Go(func() {
			begun, err := stores[i%len(stores)].Begin(t.Context(), ledger.Call{Key: key(i), Tenant: tenant, At: noon()}, decide)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			} else if begun.Text != nil && !begun.Repeated {
				texts++
			}
		})
	}
	all.Wait()
	return texts
}

func TestCallsOfOneNumberAreDecidedOneByOne(t *testing.T) {
	storetest.EachConfig(t, func(t *testing.T, fresh func(testing.TB) store.Config) {
		config := fresh(t)
		stores := []*store.Store{storetest.Open(t, config)}
		if config.URL != "" { // which processes share
			stores = append(stores, storetest.Open(t, config))
		}
		onceAnHour := func(h ledger.History) ledger.Decision {
			if len(h.Entry) > 0 {
				return ledger.Decision{Reason: "cooling"}
			}
			return sendsText(h)
		}
		if n := race(t, stores, 40, func(int) ledger.Key { return callOf("same") }, sendsText); n != 1 {
			t.Errorf("one call that was asked 40 times got %d texts", n)
		}
		other := func(i int) ledger.Key {
			return ledger.Key{Entry: "bakery", CallID: strconv.Itoa(i), Caller: caller}
		}
		bakery := func(h ledger.History) ledger.Decision {
			d := onceAnHour(h)
			if d.Text != nil {
				d.Text.Entry = "bakery"
			}
			return d
		}
		if n := race(t, stores, 40, other, bakery); n != 1 {
			t.Errorf("40 calls of one caller got %d texts", n)
		}
	})
}

func TestADecisionThatPanicsLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		s := open(t)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is lost")
				}
			}()
			_, _ = s.Begin(t.Context(), ledger.Call{Key: callOf("a"), Tenant: tenant, At: noon()}, func(ledger.History) ledger.Decision { panic("a defect") })
		}()
		if begin(t, s, callOf("a"), noon(), sendsText).Repeated {
			t.Error("there is an answer")
		}
	})
}
