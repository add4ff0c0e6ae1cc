package provision_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// keyed is a site whose server makes keys.
func keyed(t *testing.T, quirks nstest.Quirks) *site {
	t.Helper()
	s := remembering(t, quirks)
	s.Keys = true
	return s
}

// older is a site whose chain was made before there were keys.
func older(t *testing.T, quirks nstest.Quirks) *site {
	t.Helper()
	s := made(t, quirks)
	s.Keys = true
	return s
}

// ruleKey returns the key that the rule has; "": none, or there is no rule.
func (s *site) ruleKey() string { return s.keyOf(s.rule()) }

func (s *site) keyOf(rule nstest.Object) string {
	s.t.Helper()
	parameter, _ := rule["dial-rule-parameter"].(string)
	u, err := url.Parse(parameter)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Query().Get("key")
}

// refuses reports whether the webhook refuses a request with a key.
func refuses(g *provision.Guard, now time.Time, key string) bool {
	return g.Demanded(now) && !g.Key.Matches(key)
}

// wantWorking says that a call by the rule as it is now is answered.
func (s *site) wantWorking(when string) {
	s.t.Helper()
	for _, rule := range s.system.DialRules(domain) {
		if rule["dial-rule-application"] != "To Web" {
			continue
		}
		if g := s.record().Guard; refuses(g, s.clock, s.keyOf(rule)) {
			s.t.Errorf("%s a call by %v is refused", when, rule["dial-rule-matching-to-uri"])
		}
	}
}

// give runs the keeper for the entry of all tests.
func (s *site) give() said {
	s.t.Helper()
	var report said
	for outcome, err := range s.ApplyAll(s.t.Context(), []*entry.Entry{&textBack}, func(string) bool { return true }) {
		if err != nil {
			s.t.Fatal(err)
		}
		report = told(outcome.Report)
	}
	return report
}

func TestANewEntrysRuleHasAKeyAtOnce(t *testing.T) {
	for name, quirks := range everyQuirk {
		t.Run(name, func(t *testing.T) {
			s := keyed(t, quirks)
			if r := s.apply(); !r.Done() {
				t.Fatalf("%+v", r)
			}
			g := s.record().Guard
			if g == nil || len(g.Key) != 32 || s.ruleKey() != string(g.Key) || !g.Demanded(s.clock) {
				t.Fatalf("the rule has %q, the record %+v", s.ruleKey(), g)
			}
			s.want(done)
			if after := s.record().Guard; after.Key != g.Key || !after.From.Equal(g.From) {
				t.Error("another look changes the key")
			}
			if got := s.plan(&textBack); got != inOrder {
				t.Errorf("the plan is\n%s", got)
			}
		})
	}
}

func TestWithoutKeysTheAddressIsThatOfOld(t *testing.T) {
	s := made(t, nstest.Quirks{})
	if got := s.rule()["dial-rule-parameter"]; got != webhook || s.record().Guard != nil {
		t.Errorf("the rule asks %v, the record has %+v", got, s.record().Guard)
	}
}

// A form, and switchhook provision, change no rule that is in order.
func TestAnOlderRuleStaysUntilTheKeeperGivesItAKey(t *testing.T) {
	for name, quirks := range everyQuirk {
		t.Run(name, func(t *testing.T) {
			s := older(t, quirks)
			s.want(done)
			s.wantCalls()
			settings := s.Settings()
			records := []provision.Record{s.record()}
			if due := provision.Due([]*entry.Entry{&textBack}, records, settings, s.clock); len(due.Apply) > 0 {
				t.Error("all older entries are due at once")
			}
			if got := provision.Givable([]*entry.Entry{&textBack}, records, settings, 9); len(got) != 1 {
				t.Fatalf("%d entries can be given a key", len(got))
			}
			if r := s.give(); !r.Done() || r.DialRule != "updated" {
				t.Fatalf("%+v", r)
			}
			g := s.record().Guard
			if s.ruleKey() == "" || s.ruleKey() != string(g.Key) {
				t.Fatalf("the rule has %q, the record %+v", s.ruleKey(), g)
			}
			if refuses(g, s.clock, "") || refuses(g, s.clock.Add(9*time.Minute), "") || !refuses(g, s.clock.Add(10*time.Minute), "") {
				t.Errorf("calls that began before are refused, or strangers are not: %+v", g)
			}
			records = []provision.Record{s.record()}
			if provision.Givable([]*entry.Entry{&textBack}, records, settings, 9) != nil || len(provision.Due([]*entry.Entry{&textBack}, records, settings, s.clock).Apply) > 0 {
				t.Error("it is given another one")
			}
			if got := provision.Keyless([]*entry.Entry{&textBack}, records, settings); got != nil {
				t.Errorf("without a key are %v", got)
			}
		})
	}
}

// breaking is the records of a process that dies: after some time it saves none.
type breaking struct {
	provision.Records
	saves int
}

var errDied = errors.New("the process died")

func (b *breaking) Save(ctx context.Context, r provision.Record) error {
	if b.saves--; b.saves < 0 {
		return errDied
	}
	return b.Records.Save(ctx, r)
}

func TestAKeyThatACrashLeftIsGoneOnWith(t *testing.T) {
	for name, begin := range map[string]func(*testing.T, nstest.Quirks) *site{"a new entry": keyed, "an older one": older} {
		for saves := range 3 {
			t.Run(name, func(t *testing.T) {
				s := begin(t, nstest.Quirks{})
				records := s.Records
				s.Records = &breaking{records, saves}
				for range s.ApplyAll(t.Context(), []*entry.Entry{&textBack}, func(string) bool { return true }) {
					break
				}
				s.Records = records
				s.wantWorking("after the crash")
				first := s.ruleKey()
				s.clock = s.clock.Add(time.Hour)
				if r := s.give(); !r.Done() {
					t.Fatalf("%+v", r)
				}
				s.wantWorking("when it was gone on with")
				g := s.record().Guard
				if g == nil || s.ruleKey() != string(g.Key) || first != "" && s.ruleKey() != first || !refuses(g, s.clock.Add(time.Hour), "") {
					t.Errorf("the rule had %q and has %q, the record %+v", first, s.ruleKey(), g)
				}
			})
		}
	}
}

// When the phone system refuses the change, or accepts it without an answer,
// calls go on by the rule as it is.
func TestNoCallIsRefusedWhileTheRuleCannotBeChanged(t *testing.T) {
	for name, fault := range map[string]nstest.Fault{"refused": nstest.Refuses(500, "Broken"), "no answer": nstest.HangsUp()} {
		t.Run(name, func(t *testing.T) {
			s := older(t, nstest.Quirks{})
			s.system.Break(nstest.UpdateDialRule, nstest.Always, fault)
			for range 3 {
				s.give()
				s.clock = s.clock.Add(time.Hour)
				s.wantWorking(name)
			}
		})
	}
}

// A phone system that cannot change a rule would have to do without it for a
// moment: the old rule stays.
func TestARuleIsNotTakenAwayForAKey(t *testing.T) {
	s := older(t, nstest.Quirks{})
	s.system.Break(nstest.UpdateDialRule, nstest.Always, nstest.NoRoute())
	if r := s.give(); !r.Done() {
		t.Errorf("%+v", r)
	}
	s.wantCalls(nstest.UpdateDialRule)
	r := s.record()
	if s.rule()["dial-rule-parameter"] != webhook || r.Guard != nil || provision.Givable([]*entry.Entry{&textBack}, []provision.Record{r}, s.Settings(), 9) != nil {
		t.Errorf("the rule asks %v, the record is %+v", s.rule()["dial-rule-parameter"], r)
	}
	if got := provision.Keyless([]*entry.Entry{&textBack}, []provision.Record{r}, s.Settings()); len(got) != 1 {
		t.Errorf("without a key are %v", got)
	}
}

func TestAnEntryWhoseRuleIsStillToBeMadeDoesNotLackAKey(t *testing.T) {
	s := keyed(t, nstest.Quirks{})
	for _, call := range []nstest.Call{nstest.ListDialRules, nstest.CreateDialRule} {
		s.system.Break(call, nstest.Always, nstest.Refuses(http.StatusServiceUnavailable, "Service Unavailable"))
	}
	s.give()
	if r := s.record(); r.Condition() != provision.Failing || r.Guard != nil {
		t.Fatalf("the record is %+v", r)
	}
	if got := provision.Keyless([]*entry.Entry{&textBack}, []provision.Record{s.record()}, s.Settings()); got != nil {
		t.Errorf("without a key are %v", got)
	}
}

func TestARuleOfSomebodyElsesIsGivenNoKey(t *testing.T) {
	s := keyed(t, nstest.Quirks{})
	s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": "webresponder8001", "dial-rule-application": "To Web", "dial-rule-parameter": webhook})
	for range 2 {
		s.give()
		if s.ruleKey() != "" || s.record().Guard != nil {
			t.Errorf("the rule has %q, the record %+v", s.ruleKey(), s.record().Guard)
		}
	}
	if got := provision.Keyless([]*entry.Entry{&textBack}, []provision.Record{s.record()}, s.Settings()); len(got) != 1 {
		t.Errorf("without a key are %v", got)
	}
}

// Somebody routes another number to the same webhook with their own rule.
func TestAKeyIsNotDemandedWhileAnotherRuleAsksWithoutIt(t *testing.T) {
	s := older(t, nstest.Quirks{})
	s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": "12125550111", "dial-rule-application": "To Web", "dial-rule-parameter": webhook})
	s.give()
	s.clock = s.clock.Add(24 * time.Hour)
	s.wantWorking("a day later")
	if got := provision.Keyless([]*entry.Entry{&textBack}, []provision.Record{s.record()}, s.Settings()); len(got) != 1 {
		t.Errorf("without a key are %v", got)
	}
}

func TestAKeyThatSomebodyTookOutIsPutBack(t *testing.T) {
	s := keyed(t, nstest.Quirks{})
	s.apply()
	key := s.ruleKey()
	s.system.EditDialRule(domain, "webresponder8001", nstest.Object{"dial-rule-parameter": webhook})
	s.system.Break(nstest.UpdateDialRule, 1, nstest.Refuses(500, "Broken"))
	s.apply()
	s.wantWorking("once it was seen")
	s.want(said{User: "exists", DialRule: "updated", AnswerRule: "exists"})
	if s.ruleKey() != key || refuses(s.record().Guard, s.clock, "") {
		t.Errorf("the rule has %q, the record %+v", s.ruleKey(), s.record().Guard)
	}
}

func TestAnOwnKeyCountsBeforeTheOneThatWasMade(t *testing.T) {
	s := keyed(t, nstest.Quirks{})
	s.apply()
	s.run(demanding("own"))
	if s.ruleKey() != "own" || s.record().Guard != nil {
		t.Errorf("the rule has %q, the record %+v", s.ruleKey(), s.record().Guard)
	}
}

func TestKeysThatAreSwitchedOffGoOutOfTheRules(t *testing.T) {
	s := keyed(t, nstest.Quirks{})
	s.apply()
	s.Keys = false
	if due := provision.Due([]*entry.Entry{&textBack}, []provision.Record{s.record()}, s.Settings(), s.clock); len(due.Apply) != 1 {
		t.Error("the rule is not due")
	}
	s.system.Break(nstest.UpdateDialRule, 1, nstest.HangsUp())
	s.apply()
	s.wantWorking("amid it")
	s.apply()
	if s.rule()["dial-rule-parameter"] != webhook || s.record().Guard != nil {
		t.Errorf("the rule asks %v, the record has %+v", s.rule()["dial-rule-parameter"], s.record().Guard)
	}
	s.Keys = true // and on again
	s.wantWorking("on again")
	s.give()
	s.wantWorking("given again")
	if s.ruleKey() == "" {
		t.Error("the rule has no key")
	}
}

// A move keeps the earlier chain, which has no key, until the new one stands.
func TestAMoveRefusesNoCallOfTheEarlierChain(t *testing.T) {
	s := older(t, nstest.Quirks{})
	s.system.AddPhoneNumber(domain, "12125550111", "8001")
	s.run(movedTo("8002"))
	s.clock = s.clock.Add(24 * time.Hour)
	s.wantWorking("beside the new chain")
	if s.keyOf(s.ruleFor("webresponder8002")) == "" {
		t.Error("the new rule has no key")
	}
}

// A server of an earlier version, on the same database, saves records without
// the fields that it does not know, and takes the key out of the rule.
func TestAnOlderServerClosesNobodyOut(t *testing.T) {
	s := keyed(t, nstest.Quirks{})
	s.apply()
	old := s.record()
	old.Guard = nil // as it writes it
	if err := s.Records.Save(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	s.wantWorking("before it changes the rule")
	s.system.EditDialRule(domain, "webresponder8001", nstest.Object{"dial-rule-parameter": webhook})
	s.wantWorking("after it")
	s.give()
	s.wantWorking("when it has gone")
}

// Two servers of one database, on both engines, give one entry one key.
func TestServersThatGiveAKeyAtOnceGiveTheSame(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		records := open(t).Provisioned()
		for round := range 6 {
			s := start(t, nstest.Quirks{})
			s.Records, s.Count, s.Keys = records, nil, round%2 == 0 // a new entry, or an older one
			if err := records.Delete(t.Context(), textBack.ID); err != nil {
				t.Fatal(err)
			}
			if round%2 == 1 {
				s.apply()
				s.Keys = true
			}
			other := *s.Provisioner
			give := func(p *provision.Provisioner) func() error {
				return func() error {
					var failed error
					for outcome, err := range p.ApplyAll(t.Context(), []*entry.Entry{&textBack}, func(string) bool { return true }) {
						failed = errors.Join(failed, finished(outcome, err))
					}
					return failed
				}
			}
			both(give(s.Provisioner), give(&other), t)
			s.wantWorking("after both")
			s.give()
			s.wantWorking("after a look")
			g := s.record().Guard
			if g == nil || s.ruleKey() != string(g.Key) || !refuses(g, s.clock.Add(time.Hour), "") {
				t.Errorf("the rule has %q, the record %+v", s.ruleKey(), g)
			}
		}
	})
}
