package provision_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// done is the report where everything is as it should be, and was before.
var done = said{User: "exists", DialRule: "exists", AnswerRule: "exists"}

func TestTheChainIsMade(t *testing.T) {
	s := start(t, nstest.Quirks{})
	s.want(said{User: "created", DialRule: "created", AnswerRule: "updated"})
	s.wantCalls(nstest.CreateUser, nstest.CreateDialRule, nstest.UpdateAnswerRule)
	if got := s.forward(); got != "webresponder8001" {
		t.Errorf("calls for 8001 go to %q", got)
	}
	rules := s.system.DialRules(domain)
	if got := rules[len(rules)-1]; got["dial-rule-matching-to-uri"] != "webresponder8001" || got["dial-rule-parameter"] != webhook {
		t.Errorf("the dial rule is %v", got)
	}
	if diff := cmp.Diff(map[string]string{"user": "created", "dial_rule": "created", "answer_rule": "updated"}, s.counted); diff != "" {
		t.Errorf("counted (- want, + got):\n%s", diff)
	}
}

func TestASecondRunWritesNothing(t *testing.T) {
	for name, quirks := range map[string]nstest.Quirks{
		"as documented":           {},
		"empty bodies":            {EmptyBodies: true},
		"digits as numbers":       {DigitsAsNumber: true},
		"no answer rules at once": {NoAnswerRules: true},
		"lists that are whole":    {IgnoresLimit: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, quirks)
			if first := s.apply(); !first.Done() {
				t.Fatalf("the first run: %+v", first)
			}
			s.before = len(s.system.Calls())
			s.want(done)
			s.wantCalls()
		})
	}
}

func TestAnAnswerRuleThatIsNotThereYetIsCreated(t *testing.T) {
	s := start(t, nstest.Quirks{NoAnswerRules: true})
	s.want(said{User: "created", DialRule: "created", AnswerRule: "created"})
	s.wantCalls(nstest.CreateUser, nstest.CreateDialRule, nstest.UpdateAnswerRule, nstest.CreateAnswerRule)
}

func TestWhatTheServiceBeforeHasMadeIsTakenOver(t *testing.T) {
	for name, parameter := range map[string]string{
		"as it wrote it":    webhook,
		"with a method":     "<HttpMethod=GET>" + webhook,
		"with two settings": "<HttpMethod=POST> <HttpSecret=whsec_x>" + webhook,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, nstest.Quirks{})
			s.addSystemUser("system-webresponder", "somebody@example.org")
			s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": "webresponder8001", "dial-rule-application": "To-Web", "dial-rule-parameter": parameter})
			s.system.SetForward(domain, "8001", "webresponder8001")
			s.want(done)
			s.wantCalls()
		})
	}
}

func TestAUserWithoutAServiceCodeIsKnownByItsAddress(t *testing.T) {
	s := start(t, nstest.Quirks{})
	s.addSystemUser("", "operations@example.net")
	s.want(said{User: "exists", DialRule: "created", AnswerRule: "updated"})
}

func TestNothingOfAnotherUserIsTouched(t *testing.T) {
	for name, test := range map[string]struct{ serviceCode, email, want string }{
		"a person":        {"", "jane@example.net", "conflict: user 8001 is there already and is not one for web responders"},
		"another service": {"system-fax", "operations@example.net", "conflict: user 8001 is there already, for another service: system-fax"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, nstest.Quirks{})
			s.addSystemUser(test.serviceCode, test.email)
			s.want(said{User: test.want, DialRule: "created",
				AnswerRule: "conflict: the answer rule belongs to that user and stays as it is"})
			s.wantCalls(nstest.CreateDialRule)
			if got := s.forward(); got != "" {
				t.Errorf("calls for 8001 go to %q", got)
			}
			if s.counted["answer_rule"] != "conflict" || s.counted["user"] != "conflict" {
				t.Errorf("counted: %v", s.counted)
			}
		})
	}
}

func TestAUserThatCannotBeLookedAt(t *testing.T) {
	refused := map[string]nstest.Fault{
		"not permitted": nstest.Refuses(http.StatusForbidden, "Forbidden"),
		"not allowed":   nstest.Refuses(http.StatusMethodNotAllowed, "Method Not Allowed"),
		"not known":     nstest.NoRoute(),
		"broken":        nstest.Refuses(http.StatusInternalServerError, "Out of order"),
		"nonsense":      nstest.Says(http.StatusOK, "[]"),
	}
	for name, fault := range refused {
		t.Run(name+", and is new", func(t *testing.T) {
			s := start(t, nstest.Quirks{})
			s.system.Break(nstest.ReadUser, nstest.Always, fault)
			if r := s.apply(); r.User != "created" || r.DialRule != "created" {
				t.Errorf("the report is %+v", r)
			}
		})
		t.Run(name+", and is there", func(t *testing.T) {
			s := start(t, nstest.Quirks{})
			s.addSystemUser("", "jane@example.net")
			s.system.Break(nstest.ReadUser, nstest.Always, fault)
			r := s.apply()
			if name == "broken" { // the next attempt will see
				if want := "failed: whose user 8001 is cannot be seen, so its answer rule stays as it is: "; !strings.HasPrefix(r.AnswerRule, want) {
					t.Errorf("answer rule: %s", r.AnswerRule)
				}
				s.wantCalls(nstest.CreateUser, nstest.CreateDialRule)
				return
			}
			if want := (said{User: "exists", DialRule: "created", AnswerRule: "updated"}); r != want {
				t.Errorf("the report is %+v, want %+v", r, want)
			}
		})
		t.Run(name+", and is done", func(t *testing.T) {
			s := start(t, nstest.Quirks{})
			if !s.apply().Done() {
				t.Fatal("the first run failed")
			}
			s.system.Break(nstest.ReadUser, nstest.Always, fault)
			s.want(done)
		})
	}
}

func TestNothingCanBeLookedAt(t *testing.T) {
	s := start(t, nstest.Quirks{})
	for _, call := range []nstest.Call{nstest.ReadUser, nstest.ReadDialRule, nstest.ListDialRules, nstest.ReadAnswerRule} {
		s.system.Break(call, nstest.Always, nstest.Refuses(http.StatusForbidden, "Forbidden"))
	}
	s.want(said{User: "created", DialRule: "created", AnswerRule: "updated"}) // creating leaves the rules of others alone
	s.want(said{User: "exists", DialRule: "exists", AnswerRule: "updated"})
}

func TestAUserMadeAtTheSameTimeIsLookedAt(t *testing.T) {
	for name, test := range map[string]struct {
		serviceCode string
		want        said
	}{
		"by another form": {"system-webresponder", said{User: "exists", DialRule: "created", AnswerRule: "updated"}},
		"by somebody": {"system-fax", said{User: "conflict: user 8001 is there already, for another service: system-fax", DialRule: "created",
			AnswerRule: "conflict: the answer rule belongs to that user and stays as it is"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, nstest.Quirks{})
			s.addSystemUser(test.serviceCode, "operations@example.net")
			s.system.Break(nstest.ReadUser, 1, nstest.Refuses(http.StatusNotFound, "User does not exist."))
			s.want(test.want)
		})
	}
}

func TestAlreadyExistsIsSuccess(t *testing.T) {
	for name, refuse := range map[string]nstest.Fault{
		"409":              nstest.Refuses(http.StatusConflict, "UID already exists."),
		"409 in the words": nstest.Says(http.StatusConflict, "Conflict"),
		"only the words":   nstest.Refuses(http.StatusBadRequest, "Dial rule already exists."),
		"with success":     nstest.Says(http.StatusOK, `{"code":409,"message":"Already exists"}`),
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, nstest.Quirks{})
			if !s.apply().Done() {
				t.Fatal("the first run failed")
			}
			for _, call := range []nstest.Call{nstest.ReadUser, nstest.ReadDialRule, nstest.ListDialRules} {
				s.system.Break(call, nstest.Always, nstest.Refuses(http.StatusForbidden, "Forbidden"))
			}
			s.system.Break(nstest.CreateUser, nstest.Always, refuse)
			s.system.Break(nstest.CreateDialRule, nstest.Always, refuse)
			s.want(done)
		})
	}
}

func TestARuleThatLeadsElsewhereIsReportedAndStays(t *testing.T) {
	const sameMatch = "webresponder8001"
	for name, test := range map[string]struct {
		fields nstest.Object
		want   string
	}{
		"another server": {nstest.Object{"dial-rule-application": "To Web", "dial-rule-parameter": "https://old.example.org/webresponder?id=example.net-sms&token=hidden"},
			"conflict: a rule for webresponder8001 is there already and asks https://old.example.org/webresponder"},
		"another entry": {nstest.Object{"dial-rule-application": "To Web", "dial-rule-parameter": "https://hooks.example.net/webresponder?id=example.net-other"},
			"conflict: a rule for webresponder8001 is there already and asks for another entry: example.net-other"},
		"another application": {nstest.Object{"dial-rule-application": "To User", "dial-rule-parameter": ""},
			"conflict: a rule for webresponder8001 is there already and leads to To User"},
		"switched off": {nstest.Object{"dial-rule-application": "To Web", "dial-rule-parameter": webhook, "enabled": "no"},
			"conflict: a rule for webresponder8001 is there already and is switched off"},
		"no parameter": {nstest.Object{"dial-rule-application": "To Web"},
			"conflict: a rule for webresponder8001 is there already and asks something that is no URL"},
		"a secret that is not closed": {nstest.Object{"dial-rule-application": "To Web", "dial-rule-parameter": "<HttpSecret=hidden"},
			"conflict: a rule for webresponder8001 is there already and asks something that is no URL"},
		"with a secret": {nstest.Object{"dial-rule-application": "To Web", "dial-rule-parameter": "<HttpSecret=hidden> https://user:hidden@old.example.org/"},
			"conflict: a rule for webresponder8001 is there already and asks https://old.example.org/"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, nstest.Quirks{})
			test.fields["dial-rule-matching-to-uri"] = sameMatch
			s.system.AddDialRule(domain, test.fields)
			before := s.system.DialRules(domain)
			r := s.apply()
			if r.DialRule != test.want || r.Done() {
				t.Errorf("the report is\n%s, want\n%s", r.DialRule, test.want)
			}
			if diff := cmp.Diff(before, s.system.DialRules(domain)); diff != "" {
				t.Errorf("the rules have changed (- before, + after):\n%s", diff)
			}
		})
	}
}

func TestRulesThatMatchOtherCallsAreNoneOfOurs(t *testing.T) {
	s := start(t, nstest.Quirks{})
	s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": "webresponder8001", "dial-rule-matching-day-of-week": "[1-5]", "dial-rule-application": "To User"})
	s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": "webresponder800", "dial-rule-application": "To User"})
	s.want(said{User: "created", DialRule: "created", AnswerRule: "updated"})
}

func TestARuleBehindAHundredOthersIsFound(t *testing.T) {
	s := start(t, nstest.Quirks{})
	for i := range 250 {
		s.system.AddDialRule(domain, nstest.Object{"dial-rule-matching-to-uri": fmt.Sprint("9", i), "dial-rule-application": "To User"})
	}
	if !s.apply().Done() {
		t.Fatal("the first run failed")
	}
	s.before = len(s.system.Calls())
	s.want(done)
	s.wantCalls()
}

func TestAForwardElsewhereIsReportedAndStays(t *testing.T) {
	s := start(t, nstest.Quirks{})
	s.addSystemUser("system-webresponder", "operations@example.net")
	s.system.SetForward(domain, "8001", "+12125550123")
	s.want(said{User: "exists", DialRule: "created", AnswerRule: "conflict: calls for user 8001 are forwarded to +1212•••0123 already"})
	if got := s.forward(); got != "+12125550123" {
		t.Errorf("calls for 8001 go to %q", got)
	}
}

func TestAnAnswerRuleThatCannotBeLookedAt(t *testing.T) {
	t.Run("for now, stays", func(t *testing.T) {
		s := start(t, nstest.Quirks{})
		s.addSystemUser("system-webresponder", "operations@example.net")
		s.system.SetForward(domain, "8001", "+12125550123")
		s.system.Break(nstest.ReadAnswerRule, nstest.Always, nstest.Refuses(http.StatusInternalServerError, "Out of order"))
		if r := s.apply(); !strings.HasPrefix(r.AnswerRule, "failed: read the answer rule * of user 8001 of example.net: ") {
			t.Errorf("the report is %+v", r)
		}
		if got := s.forward(); got != "+12125550123" {
			t.Errorf("calls for 8001 go to %q", got)
		}
	})
	t.Run("at all, is written, for the user is ours", func(t *testing.T) {
		s := start(t, nstest.Quirks{})
		s.system.Break(nstest.ReadAnswerRule, nstest.Always, nstest.Refuses(http.StatusForbidden, "Forbidden"))
		s.want(said{User: "created", DialRule: "created", AnswerRule: "updated"})
		s.want(said{User: "exists", DialRule: "exists", AnswerRule: "updated"})
	})
}

func TestAStepThatFailsHoldsUpNoOther(t *testing.T) {
	for name, test := range map[string]struct {
		call nstest.Call
		step func(said) string
		want said
	}{
		"dial rule": {nstest.CreateDialRule, func(r said) string { return r.DialRule },
			said{User: "created", AnswerRule: "updated"}},
		"answer rule": {nstest.UpdateAnswerRule, func(r said) string { return r.AnswerRule },
			said{User: "created", DialRule: "created"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, nstest.Quirks{})
			s.system.Break(test.call, 1, nstest.Refuses(http.StatusInternalServerError, "Out of order"))
			r := s.apply()
			if got := test.step(r); !strings.HasPrefix(got, "failed: ") || !strings.HasSuffix(got, `answered 500: "Out of order"`) || r.Done() {
				t.Errorf("the report is %+v", r)
			}
			again := s.apply() // what has failed is done now
			if got := test.step(again); outcomeOf(got) == "failed" || !again.Done() {
				t.Errorf("the second report is %+v", again)
			}
		})
	}
	t.Run("user", func(t *testing.T) {
		s := start(t, nstest.Quirks{})
		s.system.Break(nstest.CreateUser, 1, nstest.Refuses(http.StatusInternalServerError, "Out of order"))
		r := s.apply()
		if outcomeOf(r.User) != "failed" || r.DialRule != "created" || outcomeOf(r.AnswerRule) != "failed" { // there is no user to have an answer rule
			t.Errorf("the report is %+v", r)
		}
		s.want(said{User: "created", DialRule: "exists", AnswerRule: "updated"})
	})
	t.Run("user, and is made all the same", func(t *testing.T) {
		s := start(t, nstest.Quirks{})
		s.system.Break(nstest.CreateUser, 1, nstest.HangsUp().AfterDoing())
		r := s.apply()
		if outcomeOf(r.User) != "failed" || r.DialRule != "created" || r.AnswerRule != "updated" {
			t.Errorf("the report is %+v", r)
		}
		s.want(done)
	})
}

func TestReportsAreFitToBeShown(t *testing.T) {
	s := start(t, nstest.Quirks{})
	s.system.Break(nstest.CreateUser, 1, nstest.Refuses(http.StatusBadRequest, "Caller ID 12125550123 of "+nstest.Token+" is odd"))
	r := s.apply()
	if strings.Contains(r.User, "12125550123") || strings.Contains(r.User, nstest.Token) {
		t.Errorf("the report is %+v", r)
	}
}

func TestTheAddressOfTheWebhook(t *testing.T) {
	for _, row := range []struct{ public, key, want string }{
		{"https://hooks.example.net", "", "https://hooks.example.net/webresponder?id=a.b_c-d"},
		{"https://hooks.example.net/", "", "https://hooks.example.net/webresponder?id=a.b_c-d"},
		{"https://example.net:8443/hooks", "", "https://example.net:8443/hooks/webresponder?id=a.b_c-d"},
		{"https://hooks.example.net", "k 1&2", "https://hooks.example.net/webresponder?id=a.b_c-d&key=k+1%262"},
	} {
		u, err := url.Parse(row.public)
		if err != nil {
			t.Fatal(err)
		}
		if got := (provision.Settings{PublicURL: u}).Webhook(&entry.Entry{ID: "a.b_c-d", Key: entry.Key(row.key)}); got != row.want {
			t.Errorf("%s: %s, want %s", row.public, got, row.want)
		}
	}
}

func TestTheOwnerOfANumber(t *testing.T) {
	s := start(t, nstest.Quirks{})
	s.system.AddSMSNumber(domain, "12125550100", "2000")
	s.system.AddSMSNumber(domain, "2125550101", "3000@example.net")
	s.system.AddSMSNumber(domain, "12125550199", "")
	for number, want := range map[string]string{"12125550100": "2000", "+12125550100": "2000", "2125550100": "2000", "12125550101": "3000"} {
		if got, err := s.Owner(t.Context(), domain, number); err != nil || got != want {
			t.Errorf("%s belongs to %q, %v; want %s", number, got, err, want)
		}
	}
	for number, want := range map[string]fault.Code{"12125550199": fault.Refused, "12125550177": fault.NotFound, "": fault.NotFound} {
		if got, err := s.Owner(t.Context(), domain, number); fault.CodeOf(err) != want {
			t.Errorf("%s belongs to %q, %v", number, got, err)
		}
	}
	if _, err := s.Owner(t.Context(), "example.org", "12125550100"); err == nil {
		t.Error("a domain that is not there has an owner of a number")
	}
}

func TestEntriesThatShareAUserAreTold(t *testing.T) {
	s := start(t, nstest.Quirks{})
	if !s.apply().Done() {
		t.Fatal("the first entry is not provisioned")
	}
	other := entry.Entry{ID: "example.net-other", APIDomain: domain, Text: textBack.Text}
	if r := told(s.Apply(t.Context(), &other)); r.DialRule != "conflict: a rule for webresponder8001 is there already and asks for another entry: example.net-sms" {
		t.Errorf("the report is %+v", r)
	}
}
