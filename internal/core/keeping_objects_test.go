package core_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestDomainComesWithUserPlanAndChain(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	for _, key := range []core.Key{
		{Kind: core.User, Domain: domain, ID: "domain"},
		{Kind: core.AnswerRule, Domain: domain, Owner: "domain", ID: "*"},
		{Kind: core.DialPlan, Domain: domain, ID: domain},
	} {
		if _, err := s.Object(ctx, key); err != nil {
			t.Error(err)
		}
	}
	rules, err := s.Objects(ctx, core.Key{Kind: core.DialRule, Domain: domain, Owner: domain}, 0, 0)
	if err != nil || len(rules) != 1 {
		t.Fatalf("%d rules, %v", len(rules), err)
	}
	if got := rules[0].Fields; got.Text("dial-rule-matching-to-uri") != "*" || got.Text("dial-rule-application") != "<Default>" {
		t.Errorf("the rule is %s", got)
	}
	if _, err := s.CreateDomain(ctx, fields{"domain": "EXAMPLE.net"}.json(t)); !errors.Is(err, core.ErrExists) {
		t.Errorf("the same domain again: %v", err)
	}
	if again, err := s.Objects(ctx, core.Key{Kind: core.Domain}, 0, 0); err != nil || len(again) != 1 {
		t.Errorf("%d domains, %v", len(again), err)
	}
}

func TestUserComesWithItsAnswerRule(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	made, err := s.CreateUser(ctx, "Example.NET", fields{"user": "Bob", "x-shoe-size": 46, "site": nil}.json(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"domain": domain, "user": "Bob", "login-username": "Bob@example.net", "dial-plan": domain, "time-zone": "US/Pacific", "x-shoe-size": "46"} {
		if got := made.Fields.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	rule, err := s.Object(ctx, core.Key{Kind: core.AnswerRule, Domain: domain, Owner: "BOB", ID: "*"})
	if err != nil || rule.Fields.Text("order") != "99" || !rule.Fields.Yes("is-active", false) {
		t.Errorf("answer rule %s, %v", rule.Fields, err)
	}
	if _, err := s.CreateUser(ctx, domain, fields{"user": "bob"}.json(t)); !errors.Is(err, core.ErrExists) {
		t.Errorf("the same user again: %v", err)
	}
}

func TestDeletedUserLeavesNothingBehind(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	_, err := s.CreateSMSNumber(ctx, domain, fields{"number": "19294873999", "application": "user", "dest": "8001"}.json(t))
	s.must(err)
	_, err = s.SendText(ctx, text())
	s.must(err)
	s.must(s.DeleteUser(ctx, domain, "8001"))
	for _, kind := range []core.Kind{core.Message, core.MessageSession} {
		if left, err := s.Objects(ctx, core.Key{Kind: kind}, 0, 0); err != nil || len(left) > 0 {
			t.Errorf("%d objects of kind %s are left, %v", len(left), kind, err)
		}
	}
	if left, err := s.Objects(ctx, core.Key{Kind: core.AnswerRule, Domain: domain, Owner: "8001"}, 0, 0); err != nil || len(left) > 0 {
		t.Errorf("%d answer rules are left, %v", len(left), err)
	}
	if err := s.DeleteUser(ctx, domain, "8001"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("again: %v", err)
	}
}

func TestDeletedPlanTakesItsRulesAlong(t *testing.T) {
	s := newSystem(t)
	s.rule("webresponder8001", "https://hooks.example.net/")
	s.must(s.DeleteDialPlan(t.Context(), domain, domain))
	if left, err := s.Objects(t.Context(), core.Key{Kind: core.DialRule}, 0, 0); err != nil || len(left) > 0 {
		t.Errorf("%d rules are left, %v", len(left), err)
	}
	if _, _, _, err := s.place("+19734321440", "2125550100"); err == nil || !strings.Contains(err.Error(), "no rule of dial plan example.net leads there") {
		t.Errorf("a call: %v", err)
	}
}

func TestRuleIDIsMadeOfWhatItMatches(t *testing.T) {
	s := newSystem(t)
	made := s.rule("sip:611@*", "https://hooks.example.net/")
	const want = "c2lwOjYxMUAqfHwqfHwqfHwqfHwqfHwqfHwq" // sip:611@*||*||*||*||*||*||*
	if made.ID != want || made.Fields.Text("dialrule") != want {
		t.Errorf("id %s, field %s, want %s", made.ID, made.Fields.Text("dialrule"), want)
	}
	if got := core.CanonicalRuleID("Pz8_fHwq"); got != "Pz8/fHwq" {
		t.Errorf("the URL's alphabet became %s", got)
	}
	if got := core.CanonicalRuleID("Knx8Kg"); got != "Knx8Kg==" {
		t.Errorf("without padding it became %s", got)
	}
	if got := core.CanonicalRuleID("no id!"); got != "no id!" {
		t.Errorf("what is no id became %s", got)
	}
	if _, err := s.CreateDialRule(t.Context(), domain, domain, fields{"dial-rule-matching-to-uri": "sip:611@*"}.json(t)); !errors.Is(err, core.ErrExists) {
		t.Errorf("the same rule again: %v", err)
	}
}

func TestBadObjectsAreRefusedWithASentence(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	rule := s.rule("webresponder8001", "https://hooks.example.net/")
	newRule := func(f fields) error {
		_, err := s.CreateDialRule(ctx, domain, domain, f.json(t))
		return err
	}
	second := func(_ core.Object, err error) error { return err }
	for want, err := range map[string]error{
		`"a b" cannot be the name of a domain`:              second(s.CreateDomain(ctx, fields{"domain": "a b"}.json(t))),
		`"" cannot be the name of a user`:                   second(s.CreateUser(ctx, domain, fields{}.json(t))),
		`"Mars/Olympus" is not a time zone`:                 second(s.CreateUser(ctx, domain, fields{"user": "1", "time-zone": "Mars/Olympus"}.json(t))),
		`"Local" is not a time zone`:                        s.UpdateUser(ctx, domain, "8001", fields{"time-zone": "Local"}.json(t)),
		`"<A>" cannot be the name of a dial plan`:           second(s.CreateDialPlan(ctx, domain, fields{"dial-rule-dial-plan": "<A>"}.json(t))),
		`a pattern must not be empty`:                       newRule(fields{}),
		`[ without a ]`:                                     newRule(fields{"dial-rule-matching-to-uri": "[1"}),
		`the pattern "[2" has`:                              newRule(fields{"dial-rule-matching-to-uri": "1", "dial-rule-matching-from-uri": "[2"}),
		`"25:00" is not a time of day`:                      newRule(fields{"dial-rule-matching-to-uri": "1", "dial-rule-matching-end-time": "25:00"}),
		`dial-rule-matching-from-uri of a dial rule cannot`: s.UpdateDialRule(ctx, domain, domain, rule.ID, fields{"dial-rule-matching-from-uri": "1001"}.json(t)),
		`"555-0100" is not a telephone number`:              second(s.CreatePhoneNumber(ctx, domain, fields{"phonenumber": "555-0100"}.json(t))),
		`"1234567890123456" is not`:                         second(s.CreateSMSNumber(ctx, domain, fields{"number": "1234567890123456"}.json(t))),
		`"fax" is not an application`:                       second(s.CreateSMSNumber(ctx, domain, fields{"number": "1", "application": "fax"}.json(t))),
		`user 4711 of example.net does not exist`:           second(s.CreateSMSNumber(ctx, domain, fields{"number": "1", "application": "user", "dest": "4711"}.json(t))),
		`dest names no call queue`:                          second(s.CreateSMSNumber(ctx, domain, fields{"number": "1", "application": "callqueue"}.json(t))),
		`"" cannot be a time frame`:                         second(s.CreateAnswerRule(ctx, domain, "8001", fields{}.json(t))),
		`forward-always is enabled, but`:                    s.UpdateAnswerRule(ctx, domain, "8001", "*", fields{"forward-always": fields{"enabled": "yes", "parameters": []string{" "}}}.json(t)),
		`forward-on-dnd is not an object`:                   s.UpdateAnswerRule(ctx, domain, "8001", "*", fields{"forward-on-dnd": "yes"}.json(t)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%v, want an invalid with %q", err, want)
		}
	}
}

func TestMissingObjectsAreNamed(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	second := func(_ core.Object, err error) error { return err }
	for want, err := range map[string]error{
		"domain other.example does not exist":                    second(s.CreateUser(ctx, "other.example", fields{"user": "1"}.json(t))),
		"user 4711 of example.net does not exist":                s.UpdateUser(ctx, domain, "4711", nil),
		"dial plan Nowhere of example.net does not exist":        second(s.CreateDialRule(ctx, domain, "Nowhere", nil)),
		"dial rule 611 of dial plan example.net does not exist":  s.DeleteDialRule(ctx, domain, domain, core.RuleID(fields{"dial-rule-matching-to-uri": "611"}.json(t))),
		"answer rule Holidays of user 8001@example.net does not": s.UpdateAnswerRule(ctx, domain, "8001", "Holidays", nil),
		"phone number 13035550100 of example.net does not exist": s.DeletePhoneNumber(ctx, domain, "+13035550100"),
		"sms number 13035550100 of example.net does not exist":   s.UpdateSMSNumber(ctx, domain, "13035550100", nil),
	} {
		if err == nil || !strings.Contains(err.Error(), want) || fault.CodeOf(err) != fault.NotFound {
			t.Errorf("%v, want a not found with %q", err, want)
		}
	}
}

func TestNumberBelongsToOneDomain(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	_, err := s.CreateDomain(ctx, fields{"domain": "other.example"}.json(t))
	s.must(err)
	if _, err := s.CreatePhoneNumber(ctx, "other.example", fields{"phonenumber": "12125550100"}.json(t)); !errors.Is(err, core.ErrExists) {
		t.Errorf("a number of two domains: %v", err)
	}
	s.must(s.DeletePhoneNumber(ctx, domain, "12125550100"))
	if _, err := s.CreatePhoneNumber(ctx, "other.example", fields{"phonenumber": "12125550100"}.json(t)); err != nil {
		t.Error(err)
	}
}

func TestUnknownFieldsAreKept(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	s.must(s.UpdateAnswerRule(ctx, domain, "8001", "*", fields{"x-colour": fields{"hue": 7}, "is-active": false, "order": 3}.json(t)))
	s.must(s.UpdateAnswerRule(ctx, domain, "8001", "*", fields{"x-more": []int{1}}.json(t)))
	o, err := s.Object(ctx, core.Key{Kind: core.AnswerRule, Domain: domain, Owner: "8001", ID: "*"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, name := range []string{"x-colour", "x-more", "is-active", "order"} {
		got[name] = string(o.Fields[name])
	}
	want := map[string]string{"x-colour": `{"hue":7}`, "x-more": `[1]`, "is-active": "true", "order": "99"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}
