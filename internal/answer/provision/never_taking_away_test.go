package provision_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// complete reports whether calls for a user come to the webhook of the entry.
func (s *site) complete(user string) bool {
	s.t.Helper()
	rule, answer := s.ruleFor("webresponder"+user), s.system.AnswerRule(domain, user, "*")
	if s.system.User(domain, user) == nil || rule == nil || answer == nil || rule["enabled"] != "yes" || rule["dial-rule-parameter"] != webhook {
		return false
	}
	forward, _ := answer["forward-always"].(nstest.Object)
	to, _ := forward["parameters"].([]any)
	return forward["enabled"] == "yes" && slices.Equal(to, []any{"webresponder" + user})
}

// traces reports whether anything is left of a user's chain.
func (s *site) traces(user string) bool {
	return s.system.User(domain, user) != nil || s.ruleFor("webresponder"+user) != nil
}

var writes = []nstest.Call{nstest.CreateUser, nstest.CreateDialRule, nstest.UpdateDialRule, nstest.UpdateAnswerRule, nstest.CreateAnswerRule,
	nstest.DeleteDialRule, nstest.DeleteAnswerRule, nstest.DeleteUser}

// failFrom makes all writes fail but the first few, as if the server or the
// phone system died then.
func (s *site) failFrom(good int, f nstest.Fault) {
	n := 0
	for _, call := range writes {
		s.system.BreakSome(call, func(nstest.Request) (nstest.Fault, bool) {
			n++
			return f, n > good
		})
	}
}

func (s *site) heal() {
	for _, call := range slices.Concat(writes, reads) {
		s.system.BreakSome(call, nil)
	}
}

var reads = []nstest.Call{nstest.ReadUser, nstest.ReadDialRule, nstest.ListDialRules, nstest.ReadAnswerRule, nstest.ListPhoneNumbers}

var faults = map[string]nstest.Fault{
	"down":                     nstest.Refuses(http.StatusServiceUnavailable, "Out of order"),
	"not permitted":            nstest.Refuses(http.StatusForbidden, "Forbidden"),
	"no such call":             nstest.NoRoute(),
	"done, and nobody knows":   nstest.Says(http.StatusGatewayTimeout, "").AfterDoing(),
	"said to be, and is not":   nstest.Says(http.StatusAccepted, `{"code":202,"message":"Accepted"}`),
	"said to be there, is not": nstest.Refuses(http.StatusConflict, "Already exists."),
	"nonsense":                 nstest.Says(http.StatusOK, "<html>"),
}

// TestAChainIsTakenAwayOnceTheNewOneStands moves an entry to another system
// user, with a failure at every step. After each run calls have to come
// through, by the old chain or by the new one.
func TestAChainIsTakenAwayOnceTheNewOneStands(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without large inputs")
	}
	const number = "12125550100"
	for name, fault := range faults {
		for good := range 7 {
			t.Run(name, func(t *testing.T) {
				for _, visible := range []bool{true, false} { // the phone system says where the number leads
					if name != "down" && visible == (good%2 == 0) {
						continue // half of them show what there is to see
					}
					s := made(t, nstest.Quirks{})
					leadsTo := "8001"
					if visible {
						s.system.AddPhoneNumber(domain, number, leadsTo)
					}
					wantThrough := func(when string) {
						t.Helper()
						if through := s.complete(leadsTo) || !visible && s.complete("8002"); !through {
							t.Errorf("%s, after %d writes, %s (number seen: %v): calls for %s come to nobody", name, good, when, visible, leadsTo)
						}
					}
					s.failFrom(good, fault)
					for range 3 {
						s.run(movedTo("8002"))
						wantThrough("failing")
					}
					s.heal()
					if s.complete("8001") && s.traces("8002") && !s.complete("8002") {
						s.run(movedTo("8002"))
						wantThrough("healed")
					}
					s.run(movedTo("8002"))
					wantThrough("at last")
					if !s.complete("8002") {
						t.Fatalf("%s: the new chain does not stand", name)
					}
					if visible {
						s.system.PointPhoneNumber(domain, number, "8002")
						leadsTo = "8002"
						s.failFrom(good, fault)
						for range 2 {
							s.run(movedTo("8002"))
							wantThrough("going")
						}
						s.heal()
					}
					got := s.run(movedTo("8002"))
					wantThrough("gone")
					if !got.Report.Done() || s.traces("8001") {
						t.Errorf("%s, after %d writes: the old chain stays: %+v", name, good, got.Report)
					}
				}
			})
		}
	}
}

// TestAChainStaysAsLongAsTheNewOneIsNotSeen has reads that fail while all is
// being written.
func TestAChainStaysAsLongAsTheNewOneIsNotSeen(t *testing.T) {
	for name, fault := range faults {
		if name == "said to be there, is not" || name == "said to be, and is not" {
			continue // of writes
		}
		for _, call := range reads {
			s := made(t, nstest.Quirks{})
			s.system.AddPhoneNumber(domain, "12125550100", "8001")
			s.system.Break(call, nstest.Always, fault)
			for range 2 {
				s.run(movedTo("8002"))
				if !s.complete("8001") {
					t.Fatalf("%s, %s: calls come to nobody", call, name)
				}
			}
			s.heal()
			s.system.PointPhoneNumber(domain, "12125550100", "8002")
			s.run(movedTo("8002"))
			if got := s.run(movedTo("8002")); !s.complete("8002") || s.traces("8001") || !got.Report.Done() {
				t.Errorf("%s, %s: in the end %+v", call, name, got.Report)
			}
		}
	}
}

func TestAReportSaysThatTheEarlierChainStays(t *testing.T) {
	s := made(t, nstest.Quirks{})
	s.system.Break(nstest.CreateDialRule, 1, nstest.Refuses(http.StatusInternalServerError, "Out of order"))
	if got, want := s.run(movedTo("8002")).Report.Earlier, "kept: user 8001 goes on answering calls until the new chain stands"; got != want {
		t.Errorf("a step failed: %s", got)
	}
	s = made(t, nstest.Quirks{})
	s.addStranger("8002")
	if got, want := s.run(movedTo("8002")).Report.Earlier, "kept: user 8001 goes on answering calls until the new chain stands"; got != want || !s.complete("8001") {
		t.Errorf("the user is somebody else's: %s", got)
	}
	s = made(t, nstest.Quirks{})
	s.system.Break(nstest.CreateDialRule, 1, nstest.Says(http.StatusAccepted, "")) // it forgets
	got := s.run(movedTo("8002"))
	if want := "failed: the new chain is not complete (the dial rule for webresponder8002 is missing): user 8001 stays"; got.Report.Earlier != want || got.Condition != provision.Failing || !s.complete("8001") {
		t.Errorf("a rule that is not there: %+v", got)
	}
	if got := s.run(movedTo("8002")).Report; got.Earlier != "removed" || s.traces("8001") || !s.complete("8002") {
		t.Errorf("the next run: %+v", got)
	}
	s = made(t, nstest.Quirks{})
	s.system.Break(nstest.ListPhoneNumbers, nstest.Always, nstest.Refuses(http.StatusForbidden, "Forbidden"))
	got = s.run(movedTo("8002"))
	if want := "conflict: which numbers lead to user 8001 cannot be seen ("; !strings.HasPrefix(got.Report.Earlier, want) || !s.complete("8001") || !s.complete("8002") {
		t.Errorf("numbers that cannot be seen: %+v", got.Report)
	}
}

// addStranger adds a user that is somebody's.
func (s *site) addStranger(name string) { s.system.AddUser(domain, name) }

// TestADialRuleLeadsToTheEarlierUser routes a number's calls by an operator's
// rule.
func TestADialRuleLeadsToTheEarlierUser(t *testing.T) {
	s := made(t, nstest.Quirks{})
	s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": "sip:12125550100@*", "dial-rule-application": "to-user",
		"dial-rule-translation-destination-user": "8001"})
	if got, want := s.run(movedTo("8002")).Report.Earlier, "conflict: the dial rule for sip:1212•••0100@* still leads to user 8001: point it elsewhere first"; got != want || !s.complete("8001") {
		t.Errorf("%s", got)
	}
	s.system.EditDialRule(domain, "sip:12125550100@*", nstest.Object{"dial-rule-translation-destination-user": "8002"})
	if got := s.run(movedTo("8002")).Report.Earlier; got != "removed" {
		t.Errorf("%s", got)
	}
}

// TestAUserIsHandedOverAtOnce has two entries, one of which is to have the user
// that the other gives up: as soon as its rule has gone, it is the other's turn.
func TestAUserIsHandedOverAtOnce(t *testing.T) {
	for name, giveUp := range map[string]func(*site) said{
		"moved":   func(s *site) said { return s.run(movedTo("8002")).Report },
		"cleared": func(s *site) said { return s.run(movedTo("")).Report },
		"removed": func(s *site) said { return s.remove(true) },
	} {
		t.Run(name, func(t *testing.T) {
			s := made(t, nstest.Quirks{})
			taker, far := textBack, textBack
			taker.ID, far.ID, far.Text.SystemUser = "example.net-other", "example.net-third", "8003"
			due := func() string {
				records, err := s.Records.All(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var ids []string
				for _, e := range provision.Due([]*entry.Entry{&taker, &far}, records, s.Settings(), noon).Apply {
					ids = append(ids, e.ID)
				}
				return strings.Join(ids, " ")
			}
			s.run(&far)
			if got := s.run(&taker).Report; outcomeOf(got.DialRule) != "conflict" || due() != "" {
				t.Fatalf("the rule is the other's still, and due is %q: %+v", due(), got)
			}
			s.system.AddPhoneNumber(domain, "12125550100", "8001")
			s.run(movedTo("8002"))
			if due() != "" || !s.complete("8001") {
				t.Errorf("calls come by the old chain still, and due is %q", due())
			}
			s.system.PointPhoneNumber(domain, "12125550100", "8002")
			giveUp(s)
			if got := due(); got != taker.ID {
				t.Fatalf("due is %q", got)
			}
			if got := s.run(&taker).Report; !got.Done() || s.ruleFor("webresponder8001")["dial-rule-parameter"] != strings.Replace(webhook, textBack.ID, taker.ID, 1) || due() != "" {
				t.Errorf("the other's chain is %+v, and due %q", got, due())
			}
		})
	}
}

// TestARuleThatCannotBeChangedIsPutBack has a phone system that cannot change
// rules, and cannot create one just then.
func TestARuleThatCannotBeChangedIsPutBack(t *testing.T) {
	s := made(t, nstest.Quirks{})
	s.system.Break(nstest.UpdateDialRule, nstest.Always, nstest.NoRoute())
	s.system.BreakSome(nstest.CreateDialRule, func(r nstest.Request) (nstest.Fault, bool) {
		return nstest.Refuses(http.StatusBadRequest, "Bad parameter"), strings.Contains(r.Body, "key=")
	})
	got := s.run(demanding("k")).Report
	if !strings.HasPrefix(got.DialRule, "failed: ") || !strings.HasSuffix(got.DialRule, "; the rule is as it was before") || !s.complete("8001") {
		t.Errorf("the report is %+v, the rule %v", got, s.rule())
	}
	s.heal()
	s.system.Break(nstest.UpdateDialRule, nstest.Always, nstest.NoRoute())
	if got := s.run(demanding("k")).Report; got.DialRule != "updated" {
		t.Errorf("the second report is %+v", got)
	}
}

// TestACrashBetweenTheStepsIsGoneOnFrom has a server that dies after each write,
// with what it had saved of the record by then.
func TestACrashBetweenTheStepsIsGoneOnFrom(t *testing.T) {
	for good := range 7 {
		s := made(t, nstest.Quirks{})
		s.failFrom(good, nstest.Refuses(http.StatusServiceUnavailable, "Out of order"))
		before := s.record()
		s.run(movedTo("8002"))
		s.heal()
		after := s.record()
		// What the run wrote down at its end is lost; what it was going to make is not.
		before.Version = after.Version
		if good > 0 {
			for _, part := range provision.Parts {
				t := provision.Resource{Part: part, Domain: domain, User: "8002", Pending: true, At: noon}
				if part == provision.DialRule {
					t.Match = provision.Wanted(movedTo("8002"), s.Settings()).DialRule.Match()
				}
				before.Made = append(before.Made, t)
			}
		}
		if err := s.Records.Save(t.Context(), before); err != nil {
			t.Fatal(err)
		}
		s.run(movedTo("8002"))
		if !s.complete("8001") && !s.complete("8002") {
			t.Errorf("after %d writes: calls come to nobody", good)
		}
		if got := s.run(movedTo("8002")); !s.complete("8002") || s.traces("8001") {
			t.Errorf("after %d writes: %+v", good, got.Report)
		}
	}
}
