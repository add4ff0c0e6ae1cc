package provision_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// inOrder is what a person reads of an entry that is as it should be.
const inOrder = "example.net-sms (user 8001 of example.net): in order"

// everyQuirk are the phone systems that the tests of convergence run on.
var everyQuirk = map[string]nstest.Quirks{
	"as documented":           {},
	"empty bodies":            {EmptyBodies: true},
	"digits as numbers":       {DigitsAsNumber: true},
	"no answer rules at once": {NoAnswerRules: true},
}

func TestAChainThatWasMadeIsInOrder(t *testing.T) {
	for name, quirks := range everyQuirk {
		t.Run(name, func(t *testing.T) {
			s := made(t, quirks)
			if got := s.plan(&textBack); got != inOrder {
				t.Errorf("the plan is\n%s", got)
			}
			before := len(s.system.Requests())
			s.want(done)
			s.wantCalls()
			if got := len(s.system.Requests()) - before; got != 3 {
				t.Errorf("a look takes %d requests, want 3", got)
			}
			if r := s.record(); r.Condition() != provision.InOrder || len(r.Made) != 3 || r.Made[1].ID == "" {
				t.Errorf("the record is %+v", r)
			}
		})
	}
}

// edits are what somebody may do to the dial rule at the portal, each with
// what a person then reads and the calls that fix it.
var edits = map[string]struct {
	fields nstest.Object
	plan   string
	calls  []nstest.Call
}{
	"switched off": {nstest.Object{"enabled": "no"},
		"~ the dial rule for webresponder8001 is switched off: will be switched on", update},
	"another application": {nstest.Object{"dial-rule-application": "To User"},
		`~ the dial rule for webresponder8001: application is "To User", not "To Web": will be changed`, update},
	"another address": {nstest.Object{"dial-rule-parameter": "https://u:hidden@old.example.org/x?token=hidden&id=12125550123"},
		`~ the dial rule for webresponder8001: parameter is "https://old.example.org/x?id=1212•••0123&…", not "https://hooks.example.net/webresponder?id=example.net-sms": will be changed`, update},
	"another entry": {nstest.Object{"dial-rule-parameter": "<HttpSecret=hidden>https://hooks.example.net/webresponder?id=other"},
		`~ the dial rule for webresponder8001: parameter is "<…>https://hooks.example.net/webresponder?id=other", not "https://hooks.example.net/webresponder?id=example.net-sms": will be changed`, update},
	"another description":        {nstest.Object{"dial-rule-description": "Ask Jane, 12125550123"}, `~ the dial rule for webresponder8001: description is "Ask Jane, 1212•••0123", not "Switchhook text-back: example.net-sms": will be changed`, update},
	"another destination scheme": {nstest.Object{"dial-rule-translation-destination-scheme": "sip:"}, "", update},
	"another destination user":   {nstest.Object{"dial-rule-translation-destination-user": "2000"}, "", update},
	"another destination host":   {nstest.Object{"dial-rule-translation-destination-host": "<OwnDomain>"}, "", update},
	"another source name":        {nstest.Object{"dial-rule-translation-source-name": "sales_[*]"}, "", update},
	"another source scheme":      {nstest.Object{"dial-rule-translation-source-scheme": "<Null>"}, "", update},
	"another source user": {nstest.Object{"dial-rule-translation-source-user": "12125550123"},
		`~ the dial rule for webresponder8001: source user is "1212•••0123", not "[*]": will be changed`, update},
	"another source host": {nstest.Object{"dial-rule-translation-source-host": "example.org"}, "", update},
	"another destination to match": {nstest.Object{"dial-rule-matching-to-uri": "sip:611@*"},
		`~ the dial rule for webresponder8001: matches destination is "sip:611@*", not "webresponder8001": will be made again, and this one deleted`, replace},
	"another caller to match": {nstest.Object{"dial-rule-matching-from-uri": "sip:????@*"}, "", replace},
	"weekdays": {nstest.Object{"dial-rule-matching-day-of-week": "[1-5]"},
		`~ the dial rule for webresponder8001: matches days is "[1-5]", not "*": will be made again, and this one deleted`, replace},
	"from a date": {nstest.Object{"dial-rule-matching-start-date": "2026-01-01"}, "", replace},
	"to a date":   {nstest.Object{"dial-rule-matching-end-date": "2026-12-31"}, "", replace},
	"from a time": {nstest.Object{"dial-rule-matching-start-time": "08:00"}, "", replace},
	"to a time":   {nstest.Object{"dial-rule-matching-end-time": "17:00"}, "", replace},
	"several fields": {nstest.Object{"enabled": "no", "dial-rule-application": "To-Web", "dial-rule-translation-source-name": "x"},
		`~ the dial rule for webresponder8001: enabled is "no", not "yes"; source name is "x", not "[*]": will be changed`, update},
}

var (
	update  = []nstest.Call{nstest.UpdateDialRule}
	replace = []nstest.Call{nstest.CreateDialRule, nstest.DeleteDialRule}
)

func TestARuleThatWasEditedByHandIsPutBack(t *testing.T) {
	s := made(t, nstest.Quirks{})
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			s.t, s.before = t, len(s.system.Calls())
			before := s.rule()
			if !s.system.EditDialRule(domain, "webresponder8001", edit.fields) {
				t.Fatal("there is no rule to edit")
			}
			got := s.plan(&textBack)
			if want := "example.net-sms (user 8001 of example.net)\n  " + edit.plan; edit.plan != "" && got != want {
				t.Errorf("the plan is\n%s\nwant\n%s", got, want)
			}
			if strings.Contains(got, "hidden") || strings.Contains(got, "12125550123") || strings.Count(got, "\n") != 1 {
				t.Errorf("the plan is\n%s", got)
			}
			s.want(said{User: "exists", DialRule: "updated", AnswerRule: "exists", Earlier: earlier(edit.calls)})
			s.wantCalls(edit.calls...)
			after := s.rule()
			if name == "several fields" { // it is one of the application's names
				before["dial-rule-application"] = "To-Web"
			}
			if name == "another entry" { // what an operator put before the address stays
				before["dial-rule-parameter"] = "<HttpSecret=hidden>" + webhook
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("the rule (- before it was edited, + now):\n%s", diff)
			}
			if got := len(s.system.DialRules(domain)); got != 2 {
				t.Errorf("%d rules, want 2", got)
			}
			if got := s.plan(&textBack); got != inOrder {
				t.Errorf("the plan afterwards is\n%s", got)
			}
			if s.system.RemoveDialRule(domain, "webresponder8001") { // for the next
				s.want(said{User: "exists", DialRule: "created", AnswerRule: "exists"})
			}
		})
	}
}

// earlier is what a report says of a rule that was replaced.
func earlier(calls []nstest.Call) string {
	if cmp.Equal(calls, replace) {
		return "removed"
	}
	return ""
}

func TestWhereRulesCannotBeChangedTheyAreMadeAnew(t *testing.T) {
	for name, fault := range map[string]nstest.Fault{
		"not known":   nstest.NoRoute(),
		"not allowed": nstest.Refuses(http.StatusMethodNotAllowed, "Method Not Allowed"),
	} {
		t.Run(name, func(t *testing.T) {
			s := made(t, nstest.Quirks{})
			s.system.EditDialRule(domain, "webresponder8001", nstest.Object{"enabled": "no"})
			s.system.Break(nstest.UpdateDialRule, nstest.Always, fault)
			s.want(said{User: "exists", DialRule: "updated", AnswerRule: "exists"})
			s.wantCalls(nstest.UpdateDialRule, nstest.DeleteDialRule, nstest.CreateDialRule)
			s.want(done)
		})
	}
	t.Run("and what fails in between is made good", func(t *testing.T) {
		s := made(t, nstest.Quirks{})
		s.system.EditDialRule(domain, "webresponder8001", nstest.Object{"enabled": "no"})
		s.system.Break(nstest.UpdateDialRule, nstest.Always, nstest.NoRoute())
		s.system.Break(nstest.CreateDialRule, 1, nstest.Refuses(http.StatusInternalServerError, "Out of order"))
		if r := s.apply(); outcomeOf(r.DialRule) != "failed" || s.rule()["enabled"] != "no" {
			t.Errorf("the report is %+v", r)
		}
		s.want(said{User: "exists", DialRule: "updated", AnswerRule: "exists"})
	})
}

func TestWhatWasDeletedIsNoticedAndMadeAgain(t *testing.T) {
	for name, test := range map[string]struct {
		delete func(*nstest.System) bool
		plan   string
		want   said
	}{
		"the user": {func(s *nstest.System) bool { return s.RemoveUser(domain, "8001") },
			"\n  + user 8001 was deleted by somebody: will be created again\n  + the answer rule of user 8001 was deleted by somebody: will be created again",
			said{User: "created", DialRule: "exists", AnswerRule: "updated"}},
		"the dial rule": {func(s *nstest.System) bool { return s.RemoveDialRule(domain, "webresponder8001") },
			"\n  + the dial rule for webresponder8001 was deleted by somebody: will be created again",
			said{User: "exists", DialRule: "created", AnswerRule: "exists"}},
		"the answer rule": {func(s *nstest.System) bool { return s.EditAnswerRule(domain, "8001", nil) },
			"\n  + the answer rule of user 8001 was deleted by somebody: will be created again",
			said{User: "exists", DialRule: "exists", AnswerRule: "created"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := made(t, nstest.Quirks{})
			if !test.delete(s.system) {
				t.Fatal("it is not there")
			}
			if got := s.plan(&textBack); got != strings.TrimSuffix(inOrder, ": in order")+test.plan {
				t.Errorf("the plan is\n%s", got)
			}
			s.want(test.want)
			s.want(done)
		})
	}
}

func TestAnAnswerRuleThatWasEditedByHandIsPutBack(t *testing.T) {
	forward := func(enabled string, to ...any) nstest.Object {
		return nstest.Object{"forward-always": nstest.Object{"enabled": enabled, "parameters": append([]any{}, to...)}}
	}
	for name, test := range map[string]struct {
		fields nstest.Object
		plan   string
	}{
		"switched off":      {nstest.Object{"enabled": "no"}, "~ the answer rule of user 8001 is switched off: will be switched on"},
		"no forward":        {forward("no"), "~ the answer rule of user 8001 is switched off: will be switched on"},
		"forward elsewhere": {forward("yes", "12125550123"), `~ the answer rule of user 8001: forward-always is "1212•••0123", not "webresponder8001": will be changed`},
		"forward further":   {forward("yes", "webresponder8001", "2000"), `~ the answer rule of user 8001: forward-always is "webresponder8001, 2000", not "webresponder8001": will be changed`},
	} {
		t.Run(name, func(t *testing.T) {
			s := made(t, nstest.Quirks{})
			s.system.EditAnswerRule(domain, "8001", test.fields)
			if got, want := s.plan(&textBack), "example.net-sms (user 8001 of example.net)\n  "+test.plan; got != want {
				t.Errorf("the plan is\n%s\nwant\n%s", got, want)
			}
			s.want(said{User: "exists", DialRule: "exists", AnswerRule: "updated"})
			s.wantCalls(nstest.UpdateAnswerRule)
			if got := s.forward(); got != "webresponder8001" {
				t.Errorf("calls for 8001 go to %q", got)
			}
			s.want(done)
		})
	}
}

func TestARuleOfSomebodyElseInTheSamePlaceStays(t *testing.T) {
	s := made(t, nstest.Quirks{})
	s.system.RemoveDialRule(domain, "webresponder8001")
	s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": "webresponder8001", "dial-rule-application": "To User", "dial-rule-description": "Jane"})
	const why = "a rule for webresponder8001 is there already and leads to To User"
	if got, want := s.plan(&textBack), "example.net-sms (user 8001 of example.net)\n  ! "+why+": will be left as it is"; got != want {
		t.Errorf("the plan is\n%s\nwant\n%s", got, want)
	}
	s.want(said{User: "exists", DialRule: "conflict: " + why, AnswerRule: "exists"})
	s.wantCalls()
}

func TestAUserThatHasBecomeSomebodyElsesStays(t *testing.T) {
	s := made(t, nstest.Quirks{})
	s.system.EditUser(domain, "8001", nstest.Object{"service-code": "system-fax"})
	s.system.EditAnswerRule(domain, "8001", nstest.Object{"enabled": "no"})
	s.want(said{User: "conflict: user 8001 is there already, for another service: system-fax", DialRule: "exists",
		AnswerRule: "conflict: the answer rule belongs to that user and stays as it is"})
	s.wantCalls()
}

func TestAUserThatWeMadeIsOursWithAnotherAddress(t *testing.T) {
	s := made(t, nstest.Quirks{})
	s.system.EditUser(domain, "8001", nstest.Object{"service-code": ""}) // of a phone system that does not give it back
	s.Email = "someone-else@example.net"
	s.want(done)
}

func TestARuleThatIsEditedWhileWeLookIsLookedAtAgain(t *testing.T) {
	for name, test := range map[string]struct {
		do   func(*nstest.System)
		want string
	}{
		"deleted": {func(s *nstest.System) { s.RemoveDialRule(domain, "webresponder8001") }, "created"},
		"mended":  {func(s *nstest.System) { s.EditDialRule(domain, "webresponder8001", nstest.Object{"enabled": "yes"}) }, "exists"},
		"taken": {func(s *nstest.System) {
			s.EditDialRule(domain, "webresponder8001", nstest.Object{"dial-rule-application": "To User", "dial-rule-description": "Jane"})
		}, "conflict: a rule for webresponder8001 is there already and leads to To User"},
	} {
		t.Run(name, func(t *testing.T) {
			s := made(t, nstest.Quirks{})
			s.system.EditDialRule(domain, "webresponder8001", nstest.Object{"enabled": "no"})
			s.API = &meanwhile{API: s.API, before: func(reads int) {
				if reads == 2 { // the first is the look, the second comes before the change
					test.do(s.system)
				}
			}}
			s.want(said{User: "exists", DialRule: test.want, AnswerRule: "exists"})
		})
	}
}

func TestWhatAPhoneSystemShowsInItsOwnWayIsNoDifference(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	client := s.API
	s.API = &rewriting{API: client, description: "SWITCHHOOK TEXT-BACK", sourceHost: "example.net"}
	s.want(said{User: "created", DialRule: "created", AnswerRule: "updated"})
	s.want(done)
	if got := s.plan(&textBack); got != inOrder {
		t.Errorf("the plan is\n%s", got)
	}
	s.API = &rewriting{API: client, description: "edited", sourceHost: "example.net"}
	if got := s.plan(&textBack); !strings.Contains(got, `description is "edited"`) {
		t.Errorf("the plan is\n%s", got)
	}
}

func TestARuleThatIsTakenAndNotKeptIsAFailure(t *testing.T) {
	s := remembering(t, nstest.Quirks{})
	s.API = &rewriting{API: s.API, description: "Switchhook text-back: example.net-sms", sourceHost: "[*]", off: true}
	if r := s.apply(); r.DialRule != `failed: the phone system took the dial rule for webresponder8001, but shows its enabled as "no"` {
		t.Errorf("the report is %+v", r)
	}
	if r := s.record(); r.Condition() != provision.Failing {
		t.Errorf("the record is %+v", r)
	}
}
