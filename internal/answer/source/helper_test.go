package source_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata" // the tests are to run where there is no database of zones

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/source"
	"github.com/switchhook/switchhook/internal/answer/sourcetest"
	"github.com/switchhook/switchhook/internal/fetch"
)

// secret is a text that does not print itself.
type secret func() string

func (s secret) Reveal() string { return s() }

func hide(text string) secret { return func() string { return text } }

// connect puts a stand-in on a network of its own until the end of the test,
// and returns a client that reaches nothing else.
func connect(t *testing.T, standIn http.Handler) (*fetch.Client, *sourcetest.Network) {
	t.Helper()
	network := sourcetest.Listen(standIn)
	client := fetch.New(fetch.Options{Dial: network.Dial})
	t.Cleanup(func() {
		client.CloseIdle()
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	return client, network
}

// virtual runs a test on a clock that stands at a Wednesday noon in autumn.
func virtual(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	virtualAt(t, noon, test)
}

// virtualAt runs a test on a clock that stands at another time.
func virtualAt(t *testing.T, at time.Time, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(at)) // the bubble's clock, which moves at once
		test(t)
	})
}

var noon = time.Date(2026, time.November, 18, 12, 0, 0, 0, time.UTC)

// fetched returns what a source says, and fails the test where it says nothing.
func fetched(t *testing.T, s source.Source) source.Snapshot {
	t.Helper()
	snapshot, err := s.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return snapshot
}

// same compares what came with what was hoped for.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// wellBehaved sees that a stand-in was asked nothing that its vendor's
// description does not allow.
func wellBehaved(t *testing.T, s interface{ Violations() []string }) {
	t.Helper()
	for _, violation := range s.Violations() {
		t.Errorf("the vendor's description does not allow: %s", violation)
	}
}

const day = 24 * time.Hour

// The people of most tests.
var (
	alice = sourcetest.Person{
		ID: "PALICE", Name: "Alice Example", Email: "alice@example.net", Level: 1, Since: noon.Add(-day), Until: noon.Add(6 * day),
		Phones: []sourcetest.Phone{{Country: 31, Region: "NL", Number: "0611111111", Rule: 1}},
	}
	bob = sourcetest.Person{
		ID: "PBOB", Name: "Bob Example", Email: "bob@example.net", Level: 2,
		Phones: []sourcetest.Phone{{Country: 1, Region: "US", Number: "9735550123", Rule: 1}},
	}
)

// vendor is a stand-in with a source that asks it.
type vendor struct {
	kind    string
	standIn interface {
		http.Handler
		OnCall(people ...sourcetest.Person)
		Break(times int, f sourcetest.Fault)
		Heal()
		Limit(most int, headers bool)
		Skew(d time.Duration)
		Requests() []sourcetest.Request
		Forget()
		Violations() []string
	}
	make func(client *fetch.Client) (source.Source, error)
	key  string

	// The people that the stand-in has on call, and those that the source
	// should say, without times.
	people []sourcetest.Person
	want   []source.Person
	list   string // a field of the list without which it is none
}

// vendors returns each vendor with Alice on level 1 and Bob on level 2.
func vendors() []vendor {
	const service, aliceUUID, bobUUID = "4c5f1b2e-0000-4000-8000-000000000001", "4c5f1b2e-0000-4000-8000-00000000000a", "4c5f1b2e-0000-4000-8000-00000000000b"
	with := func(p sourcetest.Person, id, number string) sourcetest.Person {
		p.ID, p.Phones = id, []sourcetest.Phone{p.Phones[0]}
		if number != "" {
			p.Phones[0].Number = number
		}
		return p
	}
	people := func(aliceID, bobID string, withMail bool) []source.Person {
		two := []source.Person{
			{ID: aliceID, Name: "Alice Example", Email: "alice@example.net", Level: 1, Numbers: []string{"+31611111111"}},
			{ID: bobID, Name: "Bob Example", Email: "bob@example.net", Level: 2, Numbers: []string{"+19735550123"}},
		}
		if !withMail {
			two[0].Email, two[1].Email = "", ""
		}
		return two
	}
	pagerDuty := sourcetest.NewPagerDuty("PT54U20")
	betterStack := sourcetest.NewBetterStack()
	ilert := sourcetest.NewIlert("4711")
	goAlert := sourcetest.NewGoAlert(service, source.GoAlertQuery)
	grafana := sourcetest.NewGrafana("SBM7DV7BKFUYU", "S3Z477AHDXTMF")
	noNumbers := people("UALICE", "UBOB", true)
	noNumbers[0].Numbers, noNumbers[1].Numbers = nil, nil
	all := []vendor{
		{kind: source.KindPagerDuty, standIn: pagerDuty, key: sourcetest.PagerDutyKey, list: `"oncalls"`,
			people: []sourcetest.Person{alice, bob}, want: people("PALICE", "PBOB", true),
			make: func(c *fetch.Client) (source.Source, error) {
				return source.NewPagerDuty(source.PagerDutyConfig{URL: "http://api.pagerduty.test/", Key: hide(sourcetest.PagerDutyKey), Policy: "PT54U20", Client: c})
			}},
		{kind: source.KindBetterStack, standIn: betterStack, key: sourcetest.BetterStackKey, list: `"on_call_users"`,
			people: []sourcetest.Person{with(alice, "2345", "+31611111111"), with(bob, "2346", "+19735550123")}, want: people("2345", "2346", true),
			make: func(c *fetch.Client) (source.Source, error) {
				return source.NewBetterStack(source.BetterStackConfig{URL: "http://uptime.betterstack.test", Key: hide(sourcetest.BetterStackKey), Calendars: []string{"1001", "tier 2"}, Client: c})
			}},
		{kind: source.KindIlert, standIn: ilert, key: sourcetest.IlertKey, list: `"escalationLevel"`,
			people: []sourcetest.Person{with(alice, "17", ""), with(bob, "18", "")}, want: people("17", "18", true),
			make: func(c *fetch.Client) (source.Source, error) {
				return source.NewIlert(source.IlertConfig{URL: "http://api.ilert.test", Key: hide(sourcetest.IlertKey), Policy: "4711", Client: c})
			}},
		{kind: source.KindGoAlert, standIn: goAlert, key: sourcetest.GoAlertKey, list: `"onCallUsers"`,
			people: []sourcetest.Person{with(alice, aliceUUID, "+31611111111"), with(bob, bobUUID, "+19735550123")}, want: people(aliceUUID, bobUUID, false),
			make: func(c *fetch.Client) (source.Source, error) {
				return source.NewGoAlert(source.GoAlertConfig{URL: "http://goalert.test", Key: hide(sourcetest.GoAlertKey), Service: service, Client: c})
			}},
		{kind: source.KindGrafana, standIn: grafana, key: sourcetest.GrafanaKey, list: `"on_call_now"`,
			people: []sourcetest.Person{with(alice, "UALICE", ""), with(bob, "UBOB", "")}, want: noNumbers,
			make: func(c *fetch.Client) (source.Source, error) {
				return source.NewGrafana(source.GrafanaConfig{URL: "http://oncall.grafana.test", Key: hide(sourcetest.GrafanaKey), Schedules: []string{"SBM7DV7BKFUYU", "S3Z477AHDXTMF"}, Client: c})
			}},
	}
	for _, v := range all {
		v.standIn.OnCall(v.people...)
	}
	return all
}

// start makes a vendor's source, which reaches the stand-in alone.
func (v vendor) start(t *testing.T) (source.Source, *sourcetest.Network) {
	t.Helper()
	client, network := connect(t, v.standIn)
	t.Cleanup(func() { wellBehaved(t, v.standIn) })
	s, err := v.make(client)
	if err != nil {
		t.Fatal(err)
	}
	return s, network
}

// within returns a context that ends on the bubble's clock.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// eachVendor runs a test for each vendor in a bubble of its own.
func eachVendor(t *testing.T, test func(t *testing.T, v vendor)) {
	t.Helper()
	for i := range vendors() {
		v := vendors()[i]
		t.Run(v.kind, func(t *testing.T) {
			virtual(t, func(t *testing.T) { test(t, v) })
		})
	}
}
