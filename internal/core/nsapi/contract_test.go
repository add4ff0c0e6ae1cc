package nsapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/netsapiens"
)

func (s *system) client(token string) *netsapiens.Client {
	s.t.Helper()
	c, err := netsapiens.New(netsapiens.Config{URL: s.url, Token: netsapiens.Secret(token)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(c.CloseIdle)
	return c
}

// The client that speaks to real phone systems speaks to this one: the chain
// that provisioning makes, and the call that follows it.
func TestClientProvisionsTheCore(t *testing.T) {
	s := newSystem(t)
	c := s.client(manager)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	if _, err := c.User(ctx, domain, "8001"); !netsapiens.NotFound(err) {
		t.Errorf("a user who is not there: %v", err)
	}
	made := netsapiens.User{User: "8001", FirstName: "Web", LastName: "Responder", Email: "operations@example.net", Scope: netsapiens.ScopeSimpleUser, ServiceCode: "system-webresponder"}
	must(c.CreateUser(ctx, domain, made))
	if err := c.CreateUser(ctx, domain, made); !netsapiens.AlreadyExists(err) {
		t.Errorf("the same user again: %v", err)
	}
	found, err := c.User(ctx, domain, "8001")
	if err != nil || found.ServiceCode != "system-webresponder" || found.Domain != domain || found.DialPlan != domain {
		t.Errorf("the user is %+v, %v", found, err)
	}

	rule := netsapiens.DialRule{ToURI: "webresponder8001", Application: netsapiens.ToWeb, Parameter: s.says("Texted."), Description: "for tests"}
	must(c.CreateDialRule(ctx, domain, domain, rule))
	if err := c.CreateDialRule(ctx, domain, domain, rule); !netsapiens.AlreadyExists(err) {
		t.Errorf("the same rule again: %v", err)
	}
	rules, err := netsapiens.Collect(c.DialRules(ctx, domain, domain))
	if err != nil || len(rules) != 2 || !rules[1].SameMatch(rule) || rules[1].Parameter != rule.Parameter || !netsapiens.IsToWeb(rules[1].Application) {
		t.Errorf("the rules are %+v, %v", rules, err)
	}

	before, err := c.AnswerRule(ctx, domain, "8001", netsapiens.Any)
	if err != nil || before.Forwards("webresponder8001") {
		t.Errorf("the answer rule of a new user is %+v, %v", before, err)
	}
	if _, err := c.SetAnswerRule(ctx, domain, "8001", netsapiens.ForwardAlways("webresponder8001")); err != nil {
		t.Fatal(err)
	}
	after, err := c.AnswerRule(ctx, domain, "8001", netsapiens.Any)
	if err != nil || !after.Forwards("webresponder8001") {
		t.Errorf("the answer rule is %+v, %v", after, err)
	}

	s.do("POST", "/domains/"+domain+"/phonenumbers", object{"phonenumber": "12125550100", "dial-rule-translation-destination-user": "8001"}).wants(http.StatusAccepted, "Accepted")
	l := &line{}
	if _, err := s.core.Place(ctx, "+19734321440", "2125550100", l, nil); err != nil || strings.Join(l.heard, " ") != "Texted." {
		t.Errorf("the call came to %q, %v", l.heard, err)
	}

	must(c.DeleteDialRule(ctx, domain, domain, rules[1].ID))
	if err := c.DeleteDialRule(ctx, domain, domain, rules[1].ID); !netsapiens.NotFound(err) {
		t.Errorf("deleting the rule again: %v", err)
	}
	must(c.DeleteUser(ctx, domain, "8001"))
	if _, err := c.AnswerRule(ctx, domain, "8001", netsapiens.Any); !netsapiens.NotFound(err) {
		t.Errorf("the answer rule of nobody: %v", err)
	}
}

// Where there is no answer rule to change, the client makes one.
func TestClientMakesTheAnswerRuleThatIsMissing(t *testing.T) {
	s := newSystem(t)
	s.do("DELETE", "/domains/"+domain+"/users/2000/answerrules/*", nil).wants(http.StatusAccepted, "Accepted")
	if _, err := s.client(super).SetAnswerRule(t.Context(), domain, "2000", netsapiens.ForwardAlways("webresponder2000")); err != nil {
		t.Fatal(err)
	}
	rule, err := s.client(super).AnswerRule(t.Context(), domain, "2000", netsapiens.Any)
	if err != nil || !rule.Forwards("webresponder2000") {
		t.Errorf("the answer rule is %+v, %v", rule, err)
	}
}

func TestClientSendsTexts(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	s.do("POST", "/domains/"+domain+"/smsnumbers", object{"number": "19294873999", "application": "user", "dest": "2000"}).wants(http.StatusAccepted, "Accepted")
	c := s.client(basic)
	text := netsapiens.SMS{Domain: domain, User: "2000", From: "19294873999", To: "+19734321440", Message: "Our hours are 9–5. 🙂"}
	if err := c.SendSMS(ctx, text); err != nil {
		t.Fatal(err)
	}
	if len(s.sent) != 1 || s.sent[0].Message != text.Message || s.sent[0].Agent != netsapiens.DefaultUserAgent {
		t.Fatalf("sent: %+v", s.sent)
	}
	if diff := cmp.Diff([]string{"19734321440"}, s.sent[0].To); diff != "" {
		t.Errorf("to (-want +got):\n%s", diff)
	}
	text.From = "12125550100"
	if err := c.SendSMS(ctx, text); !netsapiens.Permanent(err) {
		t.Errorf("from another's number: %v", err)
	}
	numbers, err := netsapiens.Collect(s.client(manager).SMSNumbers(ctx, domain))
	if err != nil || len(numbers) != 1 || numbers[0].Dest != "2000" || numbers[0].Application != "user" {
		t.Errorf("the numbers are %+v, %v", numbers, err)
	}
}

func TestClientReadsListsWhole(t *testing.T) {
	s := newSystem(t)
	const many = 250
	for i := range many {
		_, err := s.core.CreatePhoneNumber(t.Context(), domain, core.Fields{
			"phonenumber":                            fmt.Appendf(nil, `"1212555%04d"`, i),
			"dial-rule-translation-destination-user": []byte(`"2000"`),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	numbers, err := netsapiens.Collect(s.client(manager).PhoneNumbers(t.Context(), domain))
	if err != nil || len(numbers) != many {
		t.Fatalf("%d numbers, %v", len(numbers), err)
	}
	if first, last := numbers[0].Number, numbers[many-1].Number; first != "12125550000" || last != "12125550249" {
		t.Errorf("from %s to %s", first, last)
	}
}

func TestClientIsToldWhoItIs(t *testing.T) {
	s := newSystem(t)
	ctx := t.Context()
	version, err := s.client(basic).Version(ctx)
	if err != nil || version.API != "45.0.0" || version.Hostname != "core1.example.net" {
		t.Errorf("version %+v, %v", version, err)
	}
	key, err := s.client(manager).APIKey(ctx)
	if err != nil || key.Scope != "Office Manager" || key.Domain != domain || len(key.ID) != 12 || key.ReadOnly != "no" {
		t.Errorf("key %+v, %v", key, err)
	}
	_, err = s.client("nss_a-token-of-nobody").APIKey(ctx)
	if !netsapiens.Unauthorized(err) {
		t.Errorf("a wrong token: %v", err)
	}
	var refused *netsapiens.Error
	if errors.As(err, &refused) && refused.Vendor != "the API key is not valid here" {
		t.Errorf("it says %q", refused.Vendor)
	}
}
