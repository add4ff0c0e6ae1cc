package provision_test

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/entry"
	"github.com/switchhook/switchhook/internal/provision"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

const domain = "example.net"

// site is a phone system, and what provisions it.
type site struct {
	*provision.Provisioner
	t       *testing.T
	system  *nstest.System
	counted map[string]string // by step
	before  int               // calls that belong to the scene
}

// start returns a phone system with a domain and a person at extension 2000.
func start(t *testing.T, quirks nstest.Quirks) *site {
	t.Helper()
	system := nstest.Start(t, quirks)
	system.AddDomain(domain)
	system.AddUser(domain, "2000")
	client, err := netsapiens.New(netsapiens.Config{URL: system.URL, Token: nstest.Token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	public, err := url.Parse("https://hooks.example.net")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, system: system, counted: map[string]string{}}
	s.Provisioner = &provision.Provisioner{API: client, PublicURL: public, Email: "operations@example.net",
		Count: func(step, result string) { s.counted[step] = result }}
	return s
}

// textBack is the entry of all tests.
var textBack = entry.Entry{ID: "example.net-sms", APIDomain: domain, Text: entry.Text{
	User: "2000", SystemUser: "8001", FromNumber: "12125550100", Message: "hello",
}}

const webhook = "https://hooks.example.net/webresponder?id=example.net-sms"

// apply runs the steps.
func (s *site) apply() provision.Report {
	s.t.Helper()
	return s.Apply(s.t.Context(), &textBack)
}

func (s *site) want(want provision.Report) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.apply()); diff != "" {
		s.t.Errorf("report (- want, + got):\n%s", diff)
	}
}

// wantCalls says which calls have changed something, or tried to.
func (s *site) wantCalls(want ...nstest.Call) {
	s.t.Helper()
	if diff := cmp.Diff(want, s.system.Calls()[s.before:], cmpopts.EquateEmpty()); diff != "" {
		s.t.Errorf("calls (- want, + got):\n%s", diff)
	}
}

// forward returns where all calls for user 8001 go; "": nowhere else.
func (s *site) forward() string {
	s.t.Helper()
	rule := s.system.AnswerRule(domain, "8001", "*")
	if rule == nil {
		return "no rule"
	}
	forward, ok := rule["forward-always"].(nstest.Object)
	if !ok || forward["enabled"] != "yes" {
		return ""
	}
	parameters, ok := forward["parameters"].([]any)
	if !ok || len(parameters) != 1 {
		s.t.Fatalf("the rule is %v", rule)
	}
	return parameters[0].(string)
}

// addSystemUser adds the user 8001, as an earlier run, the service before ours
// or somebody else has made it.
func (s *site) addSystemUser(serviceCode, email string) {
	s.t.Helper()
	err := s.API.(*netsapiens.Client).CreateUser(s.t.Context(), domain, netsapiens.User{
		User: "8001", FirstName: "Web", LastName: "Responder", Email: email, Scope: netsapiens.ScopeSimpleUser, ServiceCode: serviceCode,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.before = len(s.system.Calls())
}
