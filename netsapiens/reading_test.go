package netsapiens_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// without replaces the address of a phone system, which differs each time.
func without(url, text string) string { return strings.ReplaceAll(text, url, "HOST") }

func TestListsComeWhole(t *testing.T) {
	for _, row := range []struct {
		name   string
		rules  int
		quirks nstest.Quirks
		asks   int
	}{
		{"none", 0, nstest.Quirks{}, 1},
		{"less than a page", 99, nstest.Quirks{}, 1},
		{"a page", 100, nstest.Quirks{}, 2},
		{"several pages", 250, nstest.Quirks{}, 3},
		{"all at once", 250, nstest.Quirks{IgnoresLimit: true}, 1},
		{"all at once, with no pages either", 250, nstest.Quirks{IgnoresLimit: true, IgnoresStart: true}, 1},
		{"no pages, and none needed", 99, nstest.Quirks{IgnoresStart: true}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			system := nstest.Start(t, row.quirks)
			system.AddDomain("example.com")
			for i := range row.rules {
				system.AddSMSNumber("example.com", fmt.Sprintf("1929%07d", i), "2000")
			}
			numbers, err := netsapiens.Collect(clientOf(t, system.URL).SMSNumbers(t.Context(), "example.com"))
			if err != nil || len(numbers) != row.rules {
				t.Errorf("%d numbers, %v", len(numbers), err)
			}
			for i, n := range numbers {
				if n.Number != fmt.Sprintf("1929%07d", i) {
					t.Fatalf("number %d is %s", i, n.Number)
				}
			}
			asked := system.Requests()
			if len(asked) != row.asks {
				t.Errorf("asked %d times, want %d", len(asked), row.asks)
			}
			for i, r := range asked {
				if want := fmt.Sprintf("/ns-api/v2/domains/example.com/smsnumbers?limit=100&start=%d", i*100); r.Path != want {
					t.Errorf("asked %s, want %s", r.Path, want)
				}
			}
		})
	}
}

func TestListThatCannotBePagedIsAnError(t *testing.T) {
	system := start(t, nstest.Quirks{IgnoresStart: true})
	for i := range 150 {
		system.AddPhoneNumber("example.com", fmt.Sprintf("1212%07d", i), "2000")
	}
	numbers, err := netsapiens.Collect(clientOf(t, system.URL).PhoneNumbers(t.Context(), "example.com"))
	const want = "read the phone numbers of example.com: HOST gives the same 100 phone numbers again where the next ones were asked for, and what comes after them stays unknown"
	if e := failed(t, err); len(numbers) != 100 || without(system.URL, e.Error()) != want || verdict(err) != "permanent" {
		t.Errorf("%d numbers, %v", len(numbers), err)
	}
}

func TestListThatDoesNotEndIsAnError(t *testing.T) {
	asked := 0
	c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		items := make([]string, 100)
		for i := range items {
			items[i] = fmt.Sprintf(`{"number":"%d"}`, asked*100+i)
		}
		fmt.Fprintf(w, "[%s]", strings.Join(items, ","))
	})
	numbers, err := netsapiens.Collect(c.SMSNumbers(t.Context(), "example.com"))
	if e := failed(t, err); len(numbers) != 100_000 || asked != 1000 || !strings.HasSuffix(e.Message, "has more than 100000 items in this list, or it does not end") {
		t.Errorf("%d numbers, asked %d times, %v", len(numbers), asked, err)
	}
}

func TestListIsAskedForOnlyAsFarAsItIsRead(t *testing.T) {
	system := start(t, nstest.Quirks{})
	for i := range 250 {
		system.AddPhoneNumber("example.com", fmt.Sprintf("1212%07d", i), "2000")
	}
	list := clientOf(t, system.URL).PhoneNumbers(t.Context(), "example.com")
	for range 2 { // a list can be read again, from its beginning
		for number, err := range list {
			if err != nil {
				t.Fatal(err)
			}
			if number.Number == "12120000099" {
				break
			}
		}
	}
	if asked := system.Requests(); len(asked) != 2 {
		t.Errorf("asked %d times", len(asked))
	}
}

func TestNumbersAndWhereTheyLead(t *testing.T) {
	for name, quirks := range map[string]nstest.Quirks{"as texts": {}, "as JSON numbers": {DigitsAsNumber: true}} {
		t.Run(name, func(t *testing.T) {
			system := start(t, quirks)
			system.AddSMSNumber("example.com", "19294874000", "")
			system.AddPhoneNumber("example.com", "12125551212", "8001")
			system.SetForward("example.com", "2000", "8001")
			c := clientOf(t, system.URL)
			numbers, err := netsapiens.Collect(c.SMSNumbers(t.Context(), "example.com"))
			if diff := cmp.Diff([]netsapiens.SMSNumber{
				{Number: "19294873999", Domain: "example.com", Application: "user", Dest: "2000", Carrier: "Example Telecom"},
				{Number: "19294874000", Domain: "example.com", Application: "available", Carrier: "Example Telecom"},
			}, numbers); diff != "" || err != nil {
				t.Errorf("SMS numbers, %v (-want +got):\n%s", err, diff)
			}
			phones, err := netsapiens.Collect(c.PhoneNumbers(t.Context(), "example.com"))
			if diff := cmp.Diff([]netsapiens.PhoneNumber{{Number: "12125551212", Domain: "example.com", Enabled: "yes", Application: "to-user",
				DestinationUser: "8001", DestinationHost: "example.com"}}, phones); diff != "" || err != nil {
				t.Errorf("phone numbers, %v (-want +got):\n%s", err, diff)
			}
			if user, err := c.User(t.Context(), "example.com", "2000"); err != nil || user.User != "2000" || user.LastName != "2000" {
				t.Errorf("user %+v, %v", user, err)
			}
			if rule, err := c.AnswerRule(t.Context(), "example.com", "2000", "*"); err != nil || !rule.Forwards("8001") {
				t.Errorf("answer rule %+v, %v", rule, err)
			}
		})
	}
}

func TestForwardsAreReadAsPhoneSystemsWriteThem(t *testing.T) {
	feature := func(enabled string, parameters ...string) netsapiens.Feature {
		return netsapiens.Feature{Enabled: enabled, Parameters: parameters}
	}
	for body, want := range map[string]netsapiens.Feature{
		`{"enabled":"yes","parameters":["webresponder8001"]}`: feature("yes", "webresponder8001"),
		`{"enabled":"yes","parameters":[18005551234,"a"]}`:    feature("yes", "18005551234", "a"),
		`{"enabled":"yes","parameters":"webresponder8001"}`:   feature("yes", "webresponder8001"),
		`{"enabled":"yes","parameters":1234}`:                 feature("yes", "1234"),
		`{"enabled":"no","parameters":""}`:                    feature("no"),
		`{"enabled":"no","parameters":null}`:                  feature("no"),
		`{"enabled":"no","parameters":{"0":"x"}}`:             feature("no"),
		`{"enabled":"yes","parameters":[["x"],"y"]}`:          feature("yes"),
		`{"enabled":"no"}`:                                    feature("no"),
		`[]`:                                                  {},
		`""`:                                                  {},
		`null`:                                                {},
		`{"enabled":[]}`:                                      {},
	} {
		c := answering(t, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"time-frame":"*","enabled":"yes","order":99,"is-active":true,"forward-always":%s}`, body)
		})
		rule, err := c.AnswerRule(t.Context(), "example.com", "8001", "*")
		if err != nil || len(rule.ForwardAlways.Parameters) == 0 != (len(want.Parameters) == 0) {
			t.Errorf("%s: %+v, %v", body, rule, err)
			continue
		}
		if len(want.Parameters) == 0 {
			rule.ForwardAlways.Parameters = nil
		}
		if diff := cmp.Diff(want, rule.ForwardAlways); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

// TestAnswersOfTheWrongShape asks for a user and for a list, and gets
// something else.
func TestAnswersOfTheWrongShape(t *testing.T) {
	const user, list = "read user 8001 of example.com: HOST ", "read the SMS numbers of example.com: HOST "
	for _, row := range []struct {
		body, user, list string // a verdict alone: no error
	}{
		{`{"user":"8001","dir":null,"department":[],"name-first-name":{}}`, "", list + "answered 200 with a JSON object instead of a list of SMS numbers: permanent"},
		{`[{"user":8001}]`, "", list + "answered 200 with a JSON list instead of a list of SMS numbers: permanent"},
		{`[]`, user + "answered 200 with nothing in it where a user was asked for: missing permanent", ""},
		{`{}`, user + "answered 200 with nothing in it where a user was asked for: missing permanent", list + "answered 200 with a JSON object instead of a list of SMS numbers: permanent"},
		{`[{"number":"1"},"2"]`, user + "answered 200 with a JSON list instead of a user: permanent", list + "answered 200 with a JSON list instead of a list of SMS numbers: permanent"},
		{`{"user":{"id":1}}`, user + "answered 200 with a JSON object instead of a user: permanent", list + "answered 200 with a JSON object instead of a list of SMS numbers: permanent"},
		{`null`, user + `answered 200 with a single JSON value instead of a user: permanent`, list + `answered 200 with a single JSON value instead of a list of SMS numbers: permanent`},
		{``, user + `answered 200 with nothing instead of a user: permanent`, list + `answered 200 with nothing instead of a list of SMS numbers: permanent`},
		{`{"user":"80`, user + `answered 200 with JSON that is broken or cut off instead of a user: permanent`, list + `answered 200 with JSON that is broken or cut off instead of a list of SMS numbers: permanent`},
		{`Access denied`, user + `answered 200 with the text: "Access denied" instead of a user: permanent`, list + `answered 200 with the text: "Access denied" instead of a list of SMS numbers: permanent`},
		{`<TITLE>Caf&eacute;</TITLE>`, user + `answered 200 with a web page: "Café" instead of a user: permanent`, list + `answered 200 with a web page: "Café" instead of a list of SMS numbers: permanent`},
		{`{"code":404,"message":"No such user"}`, user + `answered 200, but its body says 404: "No such user": missing permanent`, list + `answered 200, but its body says 404: "No such user": missing permanent`},
	} {
		var host string
		c := answering(t, func(w http.ResponseWriter, r *http.Request) {
			host = "http://" + r.Host
			fmt.Fprint(w, row.body)
		})
		check := func(err error, want string) {
			t.Helper()
			got := ""
			if err != nil {
				got = without(host, failed(t, err).Error()) + ": " + verdict(err)
			}
			if got != want {
				t.Errorf("%s\ngot  %s\nwant %s", row.body, got, want)
			}
		}
		check(second(c.User(t.Context(), "example.com", "8001")), row.user)
		check(second(netsapiens.Collect(c.SMSNumbers(t.Context(), "example.com"))), row.list)
	}
}

func TestVersionAndKey(t *testing.T) {
	for says, want := range map[string]string{"": "44.4.10", "45.0.1": "45.0.1", "Version: 41.1.0": "41.1.0"} {
		system := nstest.Start(t, nstest.Quirks{Version: says})
		c := clientOf(t, system.URL)
		if v, err := c.Version(t.Context()); err != nil || v != (netsapiens.Version{API: want, Hostname: "core1.example.net"}) {
			t.Errorf("version %q, %v; want %q", v, err, want)
		}
		key := netsapiens.APIKey{ID: "nsd_Atestkey", Description: "for tests of a client", Reseller: "*", Domain: "*", User: "*", Scope: "Office Manager", ReadOnly: "no"}
		if got, err := c.APIKey(t.Context()); err != nil || got != key {
			t.Errorf("key %+v, %v", got, err)
		}
	}
}
