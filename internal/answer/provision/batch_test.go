package provision_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// many returns so many entries of a domain, each with a system user of its own.
func many(n int) []*entry.Entry {
	entries := make([]*entry.Entry, n)
	for i := range entries {
		e := textBack
		e.ID, e.Text.SystemUser = fmt.Sprintf("entry-%04d", i), fmt.Sprint(8001+i)
		entries[i] = &e
	}
	return entries
}

// crowd adds rules that have nothing to do with us.
func (s *site) crowd(rules int) {
	for i := range rules {
		s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": fmt.Sprint("sip:9", i, "@*"), "dial-rule-application": "To User"})
	}
}

// runAll runs all entries, and returns how often each report was made.
func (s *site) runAll(entries []*entry.Entry) map[said]int {
	s.t.Helper()
	reports := map[said]int{}
	for outcome, err := range s.ApplyAll(s.t.Context(), entries, nil) {
		if err != nil {
			s.t.Error(err)
		}
		reports[told(outcome.Report)]++
	}
	return reports
}

// asked returns how often each call was made since the last time.
func (s *site) asked() map[nstest.Call]int {
	calls := map[nstest.Call]int{}
	all := s.system.Requests()
	for _, r := range all[s.before:] {
		calls[r.Call]++
	}
	s.before = len(all)
	return calls
}

// TestALargeDomainIsReadOnceForAllItsEntries has 200 entries in a domain with
// 3,000 rules.
func TestALargeDomainIsReadOnceForAllItsEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without large inputs")
	}
	s := remembering(t, nstest.Quirks{})
	s.crowd(3000)
	entries := many(200)
	if got := s.runAll(entries); got[said{User: "created", DialRule: "created", AnswerRule: "updated"}] != 200 {
		t.Fatalf("the reports are %v", got)
	}
	calls := s.asked()
	if calls[nstest.ListDialRules] != 4 || calls[nstest.ListUsers] != 1 || calls[nstest.ReadUser] != 0 || calls[nstest.ReadAnswerRule] != 0 {
		t.Errorf("the first run asks %v", calls)
	}
	if got := s.runAll(entries); got[done] != 200 {
		t.Errorf("the second reports are %v", got)
	}
	calls = s.asked()
	want := map[nstest.Call]int{nstest.ListDialRules: 4, nstest.ListUsers: 1, nstest.ReadAnswerRule: 200}
	if fmt.Sprint(calls) != fmt.Sprint(want) {
		t.Errorf("the second run asks %v, want %v", calls, want)
	}
}

func TestWhatSomebodyDidMeanwhileIsFoundAmongMany(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	s.crowd(50)
	entries := many(20)
	s.runAll(entries)
	s.system.EditDialRule(domain, "webresponder8010", nstest.Object{"dial-rule-matching-day-of-week": "[1-5]"})
	s.system.EditDialRule(domain, "webresponder8011", nstest.Object{"enabled": "no"})
	s.system.RemoveUser(domain, "8012")
	var plans []string
	for plan, err := range s.PlanAll(t.Context(), entries) {
		if err != nil {
			t.Fatal(err)
		}
		if !plan.InOrder() {
			plans = append(plans, plan.Entry)
		}
	}
	if got := strings.Join(plans, " "); got != "entry-0009 entry-0010 entry-0011" {
		t.Errorf("not in order: %s", got)
	}
	if got := s.runAll(entries); got[done] != 17 || len(got) != 4 {
		t.Errorf("the third reports are %v", got)
	}
	if got := s.runAll(entries); got[done] != 20 {
		t.Errorf("the last reports are %v", got)
	}
}

func TestSeveralDomainsAreEachReadOnce(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	s.system.AddDomain("example.com")
	entries := many(6)
	for _, e := range entries[:3] {
		e.APIDomain = "example.com"
	}
	alone := textBack
	alone.ID, alone.APIDomain, alone.Text.SystemUser = "alone", "example.org", "8001"
	s.system.AddDomain("example.org")
	entries = append(entries, &alone, &entry.Entry{ID: "button", APIDomain: "example.com", Queue: "9002@example.com"})
	if got := s.runAll(entries); got[said{User: "created", DialRule: "created", AnswerRule: "updated"}] != 7 || got[nothing] != 1 {
		t.Errorf("the reports are %v", got)
	}
	s.asked()
	s.runAll(entries)
	// Few users are asked for one by one, as is the rule of the domain with one
	// entry.
	want := map[nstest.Call]int{nstest.ListDialRules: 2, nstest.ReadDialRule: 1, nstest.ReadUser: 7, nstest.ReadAnswerRule: 7}
	if got := s.asked(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("asked %v, want %v", got, want)
	}
}

func TestADomainThatCannotBeListedIsProvisionedAllTheSame(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	entries := many(10)
	s.system.Break(nstest.ListUsers, nstest.Always, nstest.Refuses(http.StatusForbidden, "Forbidden"))
	s.system.Break(nstest.ListDialRules, nstest.Always, nstest.Refuses(http.StatusForbidden, "Forbidden"))
	if got := s.runAll(entries); got[said{User: "created", DialRule: "created", AnswerRule: "updated"}] != 10 {
		t.Errorf("the reports are %v", got)
	}
	if got := s.runAll(entries); got[done] != 10 {
		t.Errorf("the second reports are %v", got)
	}
}

// TestALargeDomainIsReadOnceForAllItsKeys has somebody route another number to
// one of the entries.
func TestALargeDomainIsReadOnceForAllItsKeys(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	s.crowd(1500)
	entries := many(30)
	s.runAll(entries)
	s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": "12125550111", "dial-rule-application": "To Web",
		"dial-rule-parameter": "https://hooks.example.net/webresponder?id=" + entries[7].ID})
	s.Keys = true
	s.asked()
	for _, err := range s.ApplyAll(t.Context(), entries, func(string) bool { return true }) {
		if err != nil {
			t.Error(err)
		}
	}
	if calls := s.asked(); calls[nstest.ListDialRules] != 2 || calls[nstest.UpdateDialRule] != 30 {
		t.Errorf("the phone system is asked %v", calls)
	}
	for i, e := range entries {
		r, err := s.Records.Load(t.Context(), e.ID)
		if err != nil || r.Guard == nil || r.Guard.Demanded(s.clock.Add(time.Hour)) != (i != 7) {
			t.Errorf("%s has %+v, %v", e.ID, r.Guard, err)
		}
	}
}
