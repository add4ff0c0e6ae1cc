package provision_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// demanding is the entry of all tests with a key.
func demanding(key string) *entry.Entry {
	e := textBack
	e.Key = entry.Key(key)
	return &e
}

// movedTo is the entry of all tests with another system user.
func movedTo(systemUser string) *entry.Entry {
	e := textBack
	e.Text.SystemUser = systemUser
	return &e
}

// movePublicURL moves where the phone system reaches the webhook.
func (s *site) movePublicURL(to string) {
	s.t.Helper()
	var err error
	if s.PublicURL, err = url.Parse(to); err != nil {
		s.t.Fatal(err)
	}
}

func TestAKeyThatIsDemandedComesIntoTheRule(t *testing.T) {
	updated := said{User: "exists", DialRule: "updated", AnswerRule: "exists"}
	scenes := map[string]func(t *testing.T) *site{
		"of ours": func(t *testing.T) *site { return made(t, nstest.Quirks{}) },
		"of ours, that no record tells of": func(t *testing.T) *site {
			s := made(t, nstest.Quirks{})
			if err := s.Records.Delete(t.Context(), textBack.ID); err != nil {
				t.Fatal(err)
			}
			return s
		},
		"of the service before ours": func(t *testing.T) *site {
			s := remembering(t, nstest.Quirks{})
			s.addSystemUser("system-webresponder", "somebody@example.org")
			s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": "webresponder8001", "dial-rule-application": "To-Web",
				"dial-rule-parameter": webhook, "dial-rule-description": "SMS"})
			s.system.SetForward(domain, "8001", "webresponder8001")
			s.want(done)
			return s
		},
	}
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			s := scene(t)
			description := s.rule()["dial-rule-description"]
			for _, key := range []string{"first-key", "second-key", ""} {
				s.before = len(s.system.Calls())
				if got := s.plan(demanding(key)); key != "" && strings.Contains(got, key) || !strings.Contains(got, "key=<secret>") {
					t.Errorf("the plan is\n%s", got)
				}
				if got := s.run(demanding(key)); got.Report != updated {
					t.Errorf("the report is %+v", got.Report)
				}
				s.wantCalls(nstest.UpdateDialRule)
				want := webhook
				if key != "" {
					want += "&key=" + key
				}
				if got := s.rule(); got["dial-rule-parameter"] != want || got["dial-rule-description"] != description {
					t.Errorf("the rule is %v", got)
				}
				if got := s.run(demanding(key)).Report; got != done {
					t.Errorf("the second report is %+v", got)
				}
			}
		})
	}
}

func TestARuleOfOursFollowsThePublicURL(t *testing.T) {
	s := made(t, nstest.Quirks{})
	s.movePublicURL("https://new.example.net/hooks")
	if got, want := s.plan(&textBack), `example.net-sms (user 8001 of example.net)
  ~ the dial rule for webresponder8001: parameter is "https://hooks.example.net/webresponder?id=example.net-sms", not "https://new.example.net/hooks/webresponder?id=example.net-sms": will be changed`; got != want {
		t.Errorf("the plan is\n%s\nwant\n%s", got, want)
	}
	s.want(said{User: "exists", DialRule: "updated", AnswerRule: "exists"})
	s.wantCalls(nstest.UpdateDialRule)
	s.want(done)

	// Also where somebody has changed its description meanwhile.
	s.system.EditDialRule(domain, "webresponder8001", nstest.Object{"dial-rule-description": "Jane's"})
	s.movePublicURL("https://newer.example.net")
	s.want(said{User: "exists", DialRule: "updated", AnswerRule: "exists"})
}

// TestARuleAtAnotherAddressIsNotOursUnlessTheRecordSaysSo has two servers whose
// entries have the same id, as a trial and a production server may.
func TestARuleAtAnotherAddressIsNotOursUnlessTheRecordSaysSo(t *testing.T) {
	s := made(t, nstest.Quirks{})
	if err := s.Records.Delete(t.Context(), textBack.ID); err != nil {
		t.Fatal(err)
	}
	s.movePublicURL("https://trial.example.net")
	s.want(said{User: "exists", AnswerRule: "exists",
		DialRule: "conflict: a rule for webresponder8001 is there already and asks https://hooks.example.net/webresponder"})
	s.wantCalls()
}

func TestTheChainOfAnEarlierSystemUserGoes(t *testing.T) {
	s := made(t, nstest.Quirks{})
	to := movedTo("8002")
	if got, want := s.plan(to), `example.net-sms (user 8002 of example.net)
  + user 8002 is missing: will be created
  + the dial rule for webresponder8002 is missing: will be created
  + the answer rule of user 8002 is missing: will be created
  - the answer rule of user 8001 is no longer wanted: will be deleted
  - the dial rule for webresponder8001 is no longer wanted: will be deleted
  - user 8001 is no longer wanted: will be deleted`; got != want {
		t.Errorf("the plan is\n%s\nwant\n%s", got, want)
	}
	want := said{User: "created", DialRule: "created", AnswerRule: "updated", Earlier: "removed"}
	if got := s.run(to); got.Report != want {
		t.Errorf("the report is %+v", got.Report)
	}
	s.wantCalls(nstest.CreateUser, nstest.CreateDialRule, nstest.UpdateAnswerRule,
		nstest.UpdateAnswerRule, nstest.DeleteDialRule, nstest.DeleteUser)
	if s.rule() != nil || s.system.User(domain, "8001") != nil || s.ruleFor("webresponder8002") == nil {
		t.Error("the old chain stays, or the new one is not there")
	}
	if got := s.run(to); got.Report != done || len(s.record().Made) != 3 {
		t.Errorf("the second report is %+v, the record %+v", got.Report, s.record())
	}
}

func TestTheEarlierChainStaysUntilTheNewOneStands(t *testing.T) {
	s := made(t, nstest.Quirks{})
	s.system.Break(nstest.CreateDialRule, 1, nstest.Refuses(http.StatusInternalServerError, "Out of order"))
	if got := s.run(movedTo("8002")).Report; outcomeOf(got.DialRule) != "failed" || outcomeOf(got.Earlier) != "kept" || s.rule() == nil {
		t.Errorf("the report is %+v", got)
	}
	if got := s.run(movedTo("8002")).Report; got.DialRule != "created" || got.Earlier != "removed" {
		t.Errorf("the second report is %+v", got)
	}
}

func TestAnEarlierChainThatANumberStillLeadsToStays(t *testing.T) {
	s := made(t, nstest.Quirks{})
	s.system.AddPhoneNumber(domain, "12125550100", "8001")
	const why = "conflict: the number 1212•••0100 still leads to user 8001: point it elsewhere first"
	outcome := s.run(movedTo("8002"))
	if outcome.Report.Earlier != why || !outcome.News || outcome.Condition != provision.Disputed || s.rule() == nil {
		t.Errorf("the outcome is %+v", outcome)
	}
	if again := s.run(movedTo("8002")); again.News || again.Report.Earlier != why {
		t.Errorf("the second outcome is %+v", again)
	}
	if back := s.run(&textBack); back.Report.User != "exists" || back.Report.Earlier != "removed" || s.rule() == nil { // 8002 goes
		t.Errorf("the way back: %+v", back.Report)
	}
}

func TestWhatTheRecordDoesNotTellOfIsNotSuperfluous(t *testing.T) {
	s := made(t, nstest.Quirks{})
	if err := s.Records.Delete(t.Context(), textBack.ID); err != nil {
		t.Fatal(err)
	}
	if got := s.run(movedTo("8002")).Report; got.Earlier != "removed" { // the rule says itself that it is ours
		t.Errorf("the report is %+v", got)
	}
	if s.system.User(domain, "8001") == nil || s.rule() != nil {
		t.Error("the user went, or the rule stays")
	}
}
