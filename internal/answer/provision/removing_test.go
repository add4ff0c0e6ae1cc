package provision_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

var (
	gone    = said{User: "removed", DialRule: "removed", AnswerRule: "removed"}
	nothing = said{User: "absent", DialRule: "absent", AnswerRule: "absent"}
)

func TestWhatWasMadeIsTakenAway(t *testing.T) {
	for name, quirks := range everyQuirk {
		t.Run(name, func(t *testing.T) {
			s := made(t, quirks)
			plan, err := s.PlanRemoval(t.Context(), textBack.ID)
			if want := "example.net-sms\n  - the answer rule of user 8001 is no longer wanted: will be deleted\n" +
				"  - the dial rule for webresponder8001 is no longer wanted: will be deleted\n  - user 8001 is no longer wanted: will be deleted"; err != nil || plan.String() != want {
				t.Errorf("%v, the plan is\n%s\nwant\n%s", err, plan, want)
			}
			if got := s.remove(false); got != gone {
				t.Errorf("the report is %+v", got)
			}
			if s.system.User(domain, "8001") != nil || len(s.system.DialRules(domain)) != 1 {
				t.Error("something is left")
			}
			if all, err := s.Records.All(t.Context()); err != nil || len(all) != 0 {
				t.Errorf("the records are %+v, %v", all, err)
			}
			if got := s.remove(false); got != nothing {
				t.Errorf("the second report is %+v", got)
			}
		})
	}
}

func TestWhatSomebodyElseMadeIsNotTakenAway(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	s.addSystemUser("system-webresponder", "operations@example.net")
	s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": "webresponder8001", "dial-rule-application": "To Web", "dial-rule-parameter": webhook})
	s.want(said{User: "exists", DialRule: "exists", AnswerRule: "updated"})
	s.before = len(s.system.Calls())
	if got, want := s.remove(true), (said{User: "absent", DialRule: "absent", AnswerRule: "removed"}); got != want {
		t.Errorf("the report is %+v", got)
	}
	s.wantCalls(nstest.UpdateAnswerRule)
	if got := s.forward(); got != "" {
		t.Errorf("calls for 8001 go to %q", got)
	}
}

func TestWhatSomebodyHasChangedSinceIsNotTakenAway(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*nstest.System)
		want   said
		left   int
	}{
		"another name": {func(s *nstest.System) { s.EditUser(domain, "8001", nstest.Object{"name-last-name": "Doe"}) },
			said{User: `conflict: user 8001 has been changed since: its last name is "Doe"`, DialRule: "removed", AnswerRule: "removed"}, 1},
		"another service": {func(s *nstest.System) { s.EditUser(domain, "8001", nstest.Object{"service-code": "system-fax"}) },
			said{User: `conflict: user 8001 has been changed since: its service is "system-fax"`, DialRule: "removed", AnswerRule: "removed"}, 1},
		"a person's scope": {func(s *nstest.System) { s.EditUser(domain, "8001", nstest.Object{"user-scope": "Basic User"}) },
			said{User: `conflict: user 8001 has been changed since: its scope is "Basic User"`, DialRule: "removed", AnswerRule: "removed"}, 1},
		"a rule that leads elsewhere": {func(s *nstest.System) {
			s.EditDialRule(domain, "webresponder8001", nstest.Object{"dial-rule-parameter": "https://old.example.org/?token=hidden"})
		}, said{User: "conflict: user 8001 stays as long as what belongs to it",
			DialRule: "conflict: the rule for webresponder8001 has been changed since and asks https://old.example.org/", AnswerRule: "removed"}, 2},
		"a rule for a person": {func(s *nstest.System) {
			s.EditDialRule(domain, "webresponder8001", nstest.Object{"dial-rule-application": "To User"})
		}, said{User: "conflict: user 8001 stays as long as what belongs to it",
			DialRule: "conflict: the rule for webresponder8001 has been changed since and leads to To User", AnswerRule: "removed"}, 2},
		"a forward elsewhere": {func(s *nstest.System) { s.SetForward(domain, "8001", "12125550123") },
			said{User: "conflict: calls for user 8001 are forwarded to 1212•••0123 by now", DialRule: "removed",
				AnswerRule: "conflict: calls for user 8001 are forwarded to 1212•••0123 by now"}, 2},
		"a forward that is off": {func(s *nstest.System) {
			s.EditAnswerRule(domain, "8001", nstest.Object{"forward-always": nstest.Object{"enabled": "no", "parameters": []any{}}})
		}, said{User: "removed", DialRule: "removed", AnswerRule: "absent"}, 0},
		"a rule that is ours still": {func(s *nstest.System) {
			s.EditDialRule(domain, "webresponder8001", nstest.Object{"enabled": "no", "dial-rule-description": "not now"})
		}, gone, 0},
		"a user that is gone": {func(s *nstest.System) { s.RemoveUser(domain, "8001") },
			said{User: "absent", DialRule: "removed", AnswerRule: "absent"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := made(t, nstest.Quirks{})
			test.change(s.system)
			if got := s.remove(false); got != test.want {
				t.Errorf("the report (- want, + got):\n%s", cmp.Diff(test.want, got))
			}
			if got := len(s.record().Made); got != test.left {
				t.Errorf("%d things are left on record, want %d", got, test.left)
			}
		})
	}
}

func TestARemovalThatFailsIsRepeated(t *testing.T) {
	for _, call := range []nstest.Call{nstest.DeleteUser, nstest.DeleteDialRule, nstest.UpdateAnswerRule, nstest.ReadAnswerRule, nstest.ReadDialRule} {
		t.Run(string(call), func(t *testing.T) {
			s := made(t, nstest.Quirks{})
			s.system.Break(call, nstest.Always, nstest.Refuses(http.StatusInternalServerError, "Out of order"))
			if call == nstest.ReadDialRule {
				s.system.Break(nstest.ListDialRules, nstest.Always, nstest.Refuses(http.StatusInternalServerError, "Out of order"))
			}
			r := s.remove(false)
			if record := s.record(); r.Done() || record.Condition() != provision.Failing || len(record.Made) == 0 || !record.Removed {
				t.Errorf("the report is %+v, the record %+v", r, record)
			}
			work := provision.Due(nil, []provision.Record{s.record()}, s.Settings(), noon.Add(checkEvery))
			if len(work.Remove) != 1 {
				t.Errorf("it is not due: %+v", work)
			}
			s.system.Break(call, 0, nstest.NoRoute())
			s.system.Break(nstest.ListDialRules, 0, nstest.NoRoute())
			if r := s.remove(false); !r.Done() || s.system.User(domain, "8001") != nil || len(s.system.DialRules(domain)) != 1 {
				t.Errorf("the second report is %+v", r)
			}
		})
	}
}

func TestAnEntryWhoseChainWasTakenAwayStaysWithoutUntilItIsApplied(t *testing.T) {
	s := made(t, nstest.Quirks{})
	if got := s.remove(true); got != gone {
		t.Errorf("the report is %+v", got)
	}
	settings := s.Settings()
	records := []provision.Record{s.record()}
	if got := records[0].Condition(); got != provision.Away {
		t.Errorf("its condition is %s", got)
	}
	if work := provision.Due([]*entry.Entry{&textBack}, records, settings, noon.Add(100*checkEvery)); len(work.Apply) != 0 || len(work.Remove) != 0 {
		t.Errorf("it is due: %+v", work)
	}
	s.want(said{User: "created", DialRule: "created", AnswerRule: "updated"})
	if got := s.record(); got.Removed || got.Condition() != provision.InOrder {
		t.Errorf("the record is %+v", got)
	}
}

func TestAUserThatAnotherEntryUsesStays(t *testing.T) {
	s := made(t, nstest.Quirks{})
	other := textBack
	other.ID = "example.net-other"
	if got := s.run(&other); outcomeOf(got.Report.DialRule) != "conflict" {
		t.Fatalf("the other's report is %+v", got.Report)
	}
	const why = "conflict: user 8001 is used by the entry example.net-other too"
	if got, want := s.remove(false), (said{User: why, DialRule: "removed", AnswerRule: why}); got != want {
		t.Errorf("the report is %+v", got)
	}
	if got := s.run(&other).Report; got != (said{User: "exists", DialRule: "created", AnswerRule: "exists"}) {
		t.Errorf("the other's second report is %+v", got)
	}
	if _, err := s.Remove(t.Context(), other.ID, "", false); err != nil {
		t.Fatal(err)
	}
	if got := s.remove(false); !got.Done() || s.system.User(domain, "8001") != nil {
		t.Errorf("the last report is %+v", got)
	}
}

func TestWithoutRecordsNothingIsTakenAway(t *testing.T) {
	s := start(t, nstest.Quirks{})
	if !s.apply().Done() {
		t.Fatal("the first run failed")
	}
	if _, err := s.Remove(t.Context(), textBack.ID, "", false); err == nil {
		t.Error("it is no error")
	}
	if _, err := s.PlanRemoval(t.Context(), textBack.ID); err == nil {
		t.Error("the plan is no error")
	}
	s.system.EditDialRule(domain, "webresponder8001", nstest.Object{"dial-rule-matching-day-of-week": "[1-5]"}) // it says that it is ours
	s.want(said{User: "exists", DialRule: "updated", AnswerRule: "exists", Earlier: "removed"})
	s.want(done)
}

func TestAnEntryThatNoLongerHasASystemUserLosesItsChain(t *testing.T) {
	s := made(t, nstest.Quirks{})
	want := nothing
	want.Earlier = "removed"
	if got := s.run(movedTo("")).Report; got != want {
		t.Errorf("the report is %+v", got)
	}
	if s.rule() != nil || s.system.User(domain, "8001") != nil || len(s.record().Made) != 0 {
		t.Errorf("something is left: %+v", s.record())
	}
}
