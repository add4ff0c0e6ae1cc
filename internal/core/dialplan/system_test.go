package dialplan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/core/dialplan"
)

// system is a phone system to route in.
type system struct {
	tb      testing.TB
	numbers map[string]*dialplan.Number
	users   map[string]*dialplan.User
	plans   map[string]*dialplan.Plan
}

func newSystem(tb testing.TB) *system {
	tb.Helper()
	return &system{
		tb:      tb,
		numbers: make(map[string]*dialplan.Number),
		users:   make(map[string]*dialplan.User),
		plans:   make(map[string]*dialplan.Plan),
	}
}

func (s *system) Number(digits string) *dialplan.Number { return s.numbers[digits] }

func (s *system) User(domain, name string) *dialplan.User {
	return s.users[strings.ToLower(name+"@"+domain)]
}

func (s *system) Plan(domain, name string) *dialplan.Plan {
	return s.plans[strings.ToLower(name+"@"+domain)]
}

func (s *system) HasDomain(name string) bool { return strings.EqualFold(name, domain) }

// did adds a number whose calls go to a user of example.net.
func (s *system) did(digits, user string) {
	s.numbers[digits] = &dialplan.Number{Digits: digits, Domain: domain, Action: dialplan.Action{
		Application: "to-user",
		Translation: dialplan.Translation{DestinationUser: user},
	}}
}

const domain = "example.net"

// user adds a user of example.net whose calls are forwarded.
func (s *system) user(name string, forwardAlways ...string) *dialplan.User {
	u := &dialplan.User{Domain: domain, Name: name, Plan: domain, AnswerRules: []dialplan.AnswerRule{
		{TimeFrame: dialplan.Always, ForwardAlways: forwardAlways},
	}}
	s.users[name+"@"+domain] = u
	return u
}

// plan adds a dial plan of a domain.
func (s *system) plan(in, name string, rules ...dialplan.Rule) {
	s.plans[strings.ToLower(name+"@"+in)] = dialplan.NewPlan(in, name, rules)
}

func pattern(tb testing.TB, text string) dialplan.Pattern {
	tb.Helper()
	p, err := dialplan.ParsePattern(text)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// web returns a rule that leads to a web responder.
func (s *system) web(to, parameter string) dialplan.Rule {
	return dialplan.Rule{To: pattern(s.tb, to), Action: dialplan.Action{Application: "To Web", Parameter: parameter}}
}

// chain returns a rule that leads to further tables.
func (s *system) chain(to, tables string) dialplan.Rule {
	return dialplan.Rule{To: pattern(s.tb, to), Action: dialplan.Action{Application: tables}}
}

// noon is a Wednesday.
var noon = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)

// textBack is the chain that provisioning makes.
func textBack(tb testing.TB) *system {
	tb.Helper()
	s := newSystem(tb)
	s.did("12125550100", "8001")
	s.user("8001", "webresponder8001")
	s.plan(domain, domain,
		s.chain("*", "<Default>"),
		s.web("webresponder8001", "https://hooks.example.net/webresponder?id=shop"),
	)
	return s
}

// steps returns the texts of a result's steps.
func steps(r dialplan.Result) []string {
	var texts []string
	for _, s := range r.Steps {
		texts = append(texts, s.String())
	}
	return texts
}
