package provision_test

import (
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

const domain = "example.net"

// checkEvery is how often the sites of all tests are checked.
const checkEvery = 6 * time.Hour

// noon is when all tests begin.
var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// site is a phone system, and what provisions it.
type site struct {
	*provision.Provisioner
	t       *testing.T
	system  *nstest.System
	counted map[string]string // by step
	before  int               // calls that belong to the scene
	clock   time.Time
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
	s := &site{t: t, system: system, counted: map[string]string{}, clock: noon}
	s.Provisioner = &provision.Provisioner{API: client, PublicURL: public, Email: "operations@example.net", CheckEvery: checkEvery,
		Now:   func() time.Time { return s.clock },
		Count: func(step, result string) { s.counted[step] = result }}
	return s
}

// remembering is start with a store for what was made, which is empty.
func remembering(t *testing.T, quirks nstest.Quirks) *site {
	t.Helper()
	s := start(t, quirks)
	s.Records = noRecords(t)
	return s
}

// noRecords returns the records, without any in them.
func noRecords(t *testing.T) provision.Records {
	t.Helper()
	return storetest.Open(t, storetest.SQLite(t)).Provisioned()
}

// made is a site whose chain was made in a first run.
func made(t *testing.T, quirks nstest.Quirks) *site {
	t.Helper()
	s := remembering(t, quirks)
	if r := s.apply(); !r.Done() {
		t.Fatalf("the first run: %+v", r)
	}
	s.before = len(s.system.Calls())
	return s
}

// record returns the record of the entry of all tests.
func (s *site) record() provision.Record {
	s.t.Helper()
	r, err := s.Records.Load(s.t.Context(), textBack.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// said is a provision.Report as people read it.
type said struct{ User, DialRule, AnswerRule, FromNumber, Earlier string }

func told(r provision.Report) said {
	return said{r.User.String(), r.DialRule.String(), r.AnswerRule.String(), r.FromNumber.String(), r.Earlier.String()}
}

// Done reports whether every step holds.
func (s said) Done() bool {
	return !slices.ContainsFunc([]string{s.User, s.DialRule, s.AnswerRule, s.Earlier}, func(step string) bool {
		return outcomeOf(step) == "failed" || outcomeOf(step) == "conflict"
	})
}

// outcomeOf returns what a step came to, without the reason.
func outcomeOf(step string) string {
	outcome, _, _ := strings.Cut(step, ":")
	return outcome
}

// outcome is a provision.EntryResult as people read it.
type outcome struct {
	Report    said
	Condition provision.Condition
	News      bool
}

// run is apply with all that there is to say.
func (s *site) run(e *entry.Entry) outcome {
	s.t.Helper()
	got, err := s.ApplyEntry(s.t.Context(), e)
	if err != nil {
		s.t.Fatal(err)
	}
	report := told(got.Report)
	if report.Done() != got.Report.Done() {
		s.t.Errorf("Done is %v of %+v", got.Report.Done(), report)
	}
	return outcome{report, got.Condition, got.News}
}

// plan returns what a person reads.
func (s *site) plan(e *entry.Entry) string {
	s.t.Helper()
	before := len(s.system.Calls())
	plan, err := s.Plan(s.t.Context(), e)
	if err != nil {
		s.t.Fatal(err)
	}
	if after := len(s.system.Calls()); after != before {
		s.t.Errorf("a plan changes something: %v", s.system.Calls()[before:])
	}
	return plan.String()
}

// remove takes away what was made.
func (s *site) remove(configured bool) said {
	s.t.Helper()
	outcome, err := s.Remove(s.t.Context(), textBack.ID, "", configured)
	if err != nil {
		s.t.Fatal(err)
	}
	return told(outcome.Report)
}

// rule returns the dial rule of the entry of all tests; nil: there is none.
func (s *site) rule() nstest.Object { return s.ruleFor("webresponder8001") }

func (s *site) ruleFor(to string) nstest.Object {
	for _, r := range s.system.DialRules(domain) {
		if r["dial-rule-matching-to-uri"] == to {
			return r
		}
	}
	return nil
}

// textBack is the entry of all tests.
var textBack = entry.Entry{ID: "example.net-sms", APIDomain: domain, Text: entry.Text{
	User: "2000", SystemUser: "8001", FromNumber: "12125550100", Message: "hello",
}}

const webhook = "https://hooks.example.net/webresponder?id=example.net-sms"

// apply runs the steps.
func (s *site) apply() said {
	s.t.Helper()
	return told(s.Apply(s.t.Context(), &textBack))
}

func (s *site) want(want said) {
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

// addSystemUser adds the user 8001, as an earlier run, pagerduty-voys-webhook
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
