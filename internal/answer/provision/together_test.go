package provision_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// TestTwoProcessesAtOnceMakeOneChain runs on both engines, because the processes
// meet in the record.
func TestTwoProcessesAtOnceMakeOneChain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, open func(testing.TB) *store.Store) {
		records := open(t).Provisioned()
		for round := range 6 {
			s := start(t, nstest.Quirks{})
			s.Records, s.Count = records, nil
			if err := records.Delete(t.Context(), textBack.ID); err != nil {
				t.Fatal(err)
			}
			if round%2 == 1 { // both fix it
				s.apply()
				s.system.EditDialRule(domain, "webresponder8001", nstest.Object{"dial-rule-matching-day-of-week": "[1-5]"})
				s.system.RemoveUser(domain, "8001")
			}
			other := *s.Provisioner
			both(func() error { return finished(s.ApplyEntry(t.Context(), &textBack)) }, func() error { return finished(other.ApplyEntry(t.Context(), &textBack)) }, t)
			if got := len(s.system.DialRules(domain)); got != 2 {
				t.Errorf("%d rules, want 2", got)
			}
			s.want(done)
			if r := s.record(); len(r.Made) != 3 || r.Made[0].Pending || r.Made[1].Pending || r.Made[2].Pending {
				t.Errorf("the record is %+v", r.Made)
			}
			both(func() error { return finished(s.Remove(t.Context(), textBack.ID, "", true)) }, func() error { return finished(other.Remove(t.Context(), textBack.ID, "", true)) }, t)
			if s.system.User(domain, "8001") != nil || len(s.system.DialRules(domain)) != 1 || len(s.record().Made) != 0 {
				t.Errorf("something is left: %+v", s.record())
			}
		}
	})
}

// both runs two functions at once.
func both(a, b func() error, t *testing.T) {
	t.Helper()
	var all sync.WaitGroup
	for _, do := range []func() error{a, b} {
		all.Go(func() {
			if err := do(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func finished(result provision.EntryResult, err error) error {
	if err == nil && !result.Report.Done() {
		err = fmt.Errorf("%+v", told(result.Report))
	}
	return err
}

func TestEachStepThatFailsIsRepairedLater(t *testing.T) {
	for _, call := range []nstest.Call{nstest.CreateUser, nstest.CreateDialRule, nstest.UpdateAnswerRule} {
		for name, fault := range map[string]nstest.Fault{
			"refused":        nstest.Refuses(http.StatusInternalServerError, "Out of order"),
			"done and lost":  nstest.HangsUp().AfterDoing(),
			"half an answer": nstest.Half().AfterDoing(),
			"a gateway":      nstest.Page(http.StatusBadGateway, "Bad Gateway").AfterDoing(),
		} {
			t.Run(string(call)+", "+name, func(t *testing.T) {
				s := remembering(t, nstest.Quirks{EmptyBodies: name == "refused"})
				s.system.Break(call, 1, fault)
				first := s.run(&textBack)
				if first.Condition == provision.InOrder || !first.News {
					t.Fatalf("the first outcome is %+v", first)
				}
				if r := s.record(); !r.Next.After(noon) || r.Next.After(noon.Add(2*firstRetry)) {
					t.Errorf("it is tried again at %v", r.Next)
				}
				second := s.run(&textBack)
				if second.Condition != provision.InOrder {
					t.Errorf("the second outcome is %+v", second)
				}
				s.want(done)
				if got := s.remove(true); got != gone { // all of it is known to be ours
					t.Errorf("the removal: %+v", got)
				}
			})
		}
	}
}

// TestAProcessThatDiesKnowsLaterWhatItMade has a phone system that does what it
// is asked, and a program that dies before the answer.
func TestAProcessThatDiesKnowsLaterWhatItMade(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	records := s.Records
	s.Records = &dying{Records: records}
	if _, err := s.ApplyEntry(t.Context(), &textBack); err == nil {
		t.Fatal("the record was saved")
	}
	s.Records = records
	if r := s.record(); len(r.Made) != 3 || !r.Made[0].Pending || !r.Next.After(noon) {
		t.Fatalf("the record is %+v", r)
	}
	s.want(done)
	if got := s.remove(false); got != gone {
		t.Errorf("the removal: %+v", got)
	}
}

func TestWhatWasOnlyGoingToBeMadeIsNotOurs(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	records := s.Records
	s.Records = &dying{Records: records}
	for _, call := range []nstest.Call{nstest.CreateUser, nstest.CreateDialRule, nstest.UpdateAnswerRule} {
		s.system.Break(call, nstest.Always, nstest.HangsUp())
	}
	if _, err := s.ApplyEntry(t.Context(), &textBack); err == nil {
		t.Fatal("the record was saved")
	}
	for _, call := range []nstest.Call{nstest.CreateUser, nstest.CreateDialRule, nstest.UpdateAnswerRule} {
		s.system.Break(call, 0, nstest.NoRoute())
	}
	s.addSystemUser("system-webresponder", "somebody@example.org")
	s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": "webresponder8001", "dial-rule-application": "To Web", "dial-rule-parameter": webhook})
	s.Records = records
	s.want(said{User: "exists", DialRule: "exists", AnswerRule: "updated"})
	if r := s.record(); len(r.Made) != 1 || r.Made[0].Part != provision.AnswerRule {
		t.Errorf("the record is %+v", r.Made)
	}
}

func TestWithoutItsRecordNothingIsDone(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	closed := storetest.Open(t, storetest.SQLite(t))
	s.Records = closed.Provisioned()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	outcome, err := s.ApplyEntry(t.Context(), &textBack)
	if err == nil || outcome.Report.User.Outcome != provision.Failed || outcome.Report.DialRule.Outcome != provision.Failed || outcome.Report.Done() {
		t.Errorf("%+v, %v", outcome.Report, err)
	}
	s.wantCalls()
}
