package netsapiens_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// systemUser is the user that a web responder's calls go through.
func systemUser() netsapiens.User {
	return netsapiens.User{User: "8001", FirstName: "SMS", LastName: "Responder", Email: "operations@example.net",
		Scope: netsapiens.ScopeSimpleUser, ServiceCode: "system-webresponder"}
}

// toWeb is the rule that leads to a web responder.
func toWeb() netsapiens.DialRule {
	return netsapiens.DialRule{ToURI: "webresponder8001", Application: netsapiens.ToWeb,
		Parameter: "https://hooks.example.net/webresponder?id=example.com-sms&key=x", Description: "Text-back"}
}

// TestRequestsOfProvisioning has the whole requests of the three steps, with
// each phone system's way to say "done".
func TestRequestsOfProvisioning(t *testing.T) {
	type request struct {
		Method, Path, Body string
		Status             int
	}
	const base = "/ns-api/v2/domains/example.com/"
	user := request{"POST", base + "users", `{"user":"8001","name-first-name":"SMS","name-last-name":"Responder","email-address":"operations@example.net",` +
		`"user-scope":"Simple User","service-code":"system-webresponder"}`, 202}
	rule := request{"POST", base + "dialplans/example.com/dialrules", `{"synchronous":"yes","dial-rule-matching-to-uri":"webresponder8001",` +
		`"dial-rule-matching-from-uri":"*","dial-rule-matching-day-of-week":"*","dial-rule-matching-start-date":"*","dial-rule-matching-end-date":"*",` +
		`"dial-rule-matching-start-time":"*","dial-rule-matching-end-time":"*","enabled":"yes","dial-rule-application":"To Web",` +
		`"dial-rule-parameter":"https://hooks.example.net/webresponder?id=example.com-sms&key=x","dial-rule-translation-destination-scheme":"[*]",` +
		`"dial-rule-translation-destination-user":"[*]","dial-rule-translation-destination-host":"[*]","dial-rule-translation-source-name":"[*]",` +
		`"dial-rule-translation-source-scheme":"[*]","dial-rule-translation-source-user":"[*]","dial-rule-translation-source-host":"[*]",` +
		`"dial-rule-description":"Text-back"}`, 200}
	const forward = `"time-frame":"*","enabled":"yes","is-active":true,"forward-always":{"enabled":"yes","parameters":["webresponder8001"]}}`
	put := request{"PUT", base + "users/8001/answerrules/*", "{" + forward, 202}
	put404 := put
	put404.Status = 404
	post := request{"POST", base + "users/8001/answerrules", `{"synchronous":"yes",` + forward, 200}
	post202, rule202 := post, rule
	post202.Status, rule202.Status = 202, 202

	for _, row := range []struct {
		name   string
		quirks nstest.Quirks
		want   []request
		change netsapiens.Change
	}{
		{"as it is written", nstest.Quirks{}, []request{user, rule, put}, netsapiens.Updated},
		{"no answer rule yet", nstest.Quirks{NoAnswerRules: true}, []request{user, rule, put404, post}, netsapiens.Created},
		{"empty bodies", nstest.Quirks{EmptyBodies: true, NoAnswerRules: true}, []request{user, rule202, put404, post202}, netsapiens.Created},
	} {
		t.Run(row.name, func(t *testing.T) {
			system := start(t, row.quirks)
			c := clientOf(t, system.URL)
			if err := c.CreateUser(t.Context(), "example.com", systemUser()); err != nil {
				t.Fatal(err)
			}
			if err := c.CreateDialRule(t.Context(), "example.com", "example.com", toWeb()); err != nil {
				t.Fatal(err)
			}
			change, err := c.SetAnswerRule(t.Context(), "example.com", "8001", netsapiens.ForwardAlways("webresponder8001"))
			if err != nil || change != row.change {
				t.Errorf("answer rule %q, %v; want %q", change, err, row.change)
			}
			var got []request
			for _, r := range system.Requests() {
				got = append(got, request{r.Method, r.Path, r.Body, r.Status})
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			isAsProvisioned(t, c)
		})
	}
}

// isAsProvisioned reads back what TestRequestsOfProvisioning wrote.
func isAsProvisioned(t *testing.T, c *netsapiens.Client) {
	t.Helper()
	user := systemUser()
	user.Domain = "example.com"
	if got, err := c.User(t.Context(), "example.com", "8001"); err != nil || got != user {
		t.Errorf("user %+v, %v", got, err)
	}
	rules, err := netsapiens.Collect(c.DialRules(t.Context(), "example.com", "example.com"))
	if err != nil || len(rules) != 2 {
		t.Fatalf("dial rules %v, %v", rules, err)
	}
	rule := toWeb()
	rule.ID, rule.Domain, rule.Plan, rule.Enabled = "d2VicmVzcG9uZGVyODAwMXx8Knx8Knx8Knx8Knx8Knx8Kg==", "example.com", "example.com", netsapiens.Yes
	for _, s := range []*string{&rule.FromURI, &rule.Days, &rule.StartDate, &rule.EndDate, &rule.StartTime, &rule.EndTime} {
		*s = netsapiens.Any
	}
	for _, s := range []*string{&rule.DestinationScheme, &rule.DestinationUser, &rule.DestinationHost, &rule.SourceName, &rule.SourceScheme, &rule.SourceUser, &rule.SourceHost} {
		*s = netsapiens.Keep
	}
	if diff := cmp.Diff(rule, rules[1]); diff != "" {
		t.Errorf("dial rule (-want +got):\n%s", diff)
	}
	if !rules[1].SameMatch(toWeb()) || rules[0].SameMatch(toWeb()) {
		t.Error("SameMatch does not tell the rule from the other")
	}
	answer, err := c.AnswerRule(t.Context(), "example.com", "8001", netsapiens.Any)
	if err != nil || !answer.Forwards("webresponder8001") || answer.Forwards("webresponder8002") {
		t.Errorf("answer rule %+v, %v", answer, err)
	}
}

func TestWhatIsThereIsToldFromWhatFails(t *testing.T) {
	system := start(t, nstest.Quirks{})
	c := clientOf(t, system.URL)
	create := func() error { return c.CreateUser(t.Context(), "example.com", systemUser()) }
	add := func() error { return c.CreateDialRule(t.Context(), "example.com", "example.com", toWeb()) }
	if err := create(); err != nil {
		t.Fatal(err)
	}
	if err := add(); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		fault nstest.Fault
		call  nstest.Call
		do    func() error
		want  string
	}{
		"a user":                    {do: create, want: `create user 8001 of example.com: HOST answered 409: "UID already exists.": exists permanent`},
		"a rule":                    {do: add, want: `create the dial rule for webresponder8001 in the dial plan of example.com: HOST answered 409: "Dial rule already exists.": exists permanent`},
		"409 without a word":        {nstest.Says(409, ""), nstest.CreateUser, create, `create user 8001 of example.com: HOST answered 409 without a word: exists permanent`},
		"the words with 400":        {nstest.Refuses(400, "Dialrule Already Exists"), nstest.CreateDialRule, add, `create the dial rule for webresponder8001 in the dial plan of example.com: HOST answered 400: "Dialrule Already Exists": exists permanent`},
		"the words with 500":        {nstest.Says(500, "UID already exists."), nstest.CreateUser, create, `create user 8001 of example.com: HOST answered 500: "UID already exists.": exists temporary`},
		"the code in a 200":         {nstest.Says(200, `{"code":409,"message":"conflict"}`), nstest.CreateUser, create, `create user 8001 of example.com: HOST answered 200, but its body says 409: "conflict": exists permanent`},
		"another refusal":           {nstest.Refuses(400, "Invalid scope"), nstest.CreateUser, create, `create user 8001 of example.com: HOST answered 400: "Invalid scope": permanent`},
		"another refusal, with 404": {nstest.Refuses(404, "Domain does not exist"), nstest.CreateUser, create, `create user 8001 of example.com: HOST answered 404: "Domain does not exist": missing permanent`},
	} {
		t.Run(name, func(t *testing.T) {
			if row.call != "" {
				system.Break(row.call, 1, row.fault)
			}
			err := row.do()
			if got := without(system.URL, failed(t, err).Error()) + ": " + verdict(err); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestAnswerRuleThatIsMadeInTheMeantimeIsUpdated(t *testing.T) {
	system := start(t, nstest.Quirks{})
	c := clientOf(t, system.URL)
	system.Break(nstest.UpdateAnswerRule, 1, nstest.Refuses(404, "Not found"))
	change, err := c.SetAnswerRule(t.Context(), "example.com", "2000", netsapiens.ForwardAlways("webresponder8001"))
	if err != nil || change != netsapiens.Updated {
		t.Errorf("%q, %v", change, err)
	}
	want := []nstest.Call{nstest.UpdateAnswerRule, nstest.CreateAnswerRule, nstest.UpdateAnswerRule}
	if diff := cmp.Diff(want, system.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestAnswerRuleIsCreatedOnlyWhereThereIsNone(t *testing.T) {
	for name, row := range map[string]struct {
		fault nstest.Fault
		calls []nstest.Call
	}{
		"refused":         {nstest.Refuses(403, "No"), []nstest.Call{nstest.UpdateAnswerRule}},
		"down":            {nstest.Refuses(503, "Busy"), []nstest.Call{nstest.UpdateAnswerRule}},
		"hung up":         {nstest.HangsUp(), []nstest.Call{nstest.UpdateAnswerRule}},
		"an old core":     {nstest.NoRoute(), []nstest.Call{nstest.UpdateAnswerRule, nstest.CreateAnswerRule}},
		"an empty answer": {nstest.Says(404, ""), []nstest.Call{nstest.UpdateAnswerRule, nstest.CreateAnswerRule}},
	} {
		t.Run(name, func(t *testing.T) {
			system := start(t, nstest.Quirks{NoAnswerRules: true})
			system.Break(nstest.UpdateAnswerRule, 1, row.fault)
			change, err := clientOf(t, system.URL).SetAnswerRule(t.Context(), "example.com", "2000", netsapiens.ForwardAlways("webresponder8001"))
			if created := len(row.calls) == 2; created != (err == nil && change == netsapiens.Created) {
				t.Errorf("%q, %v", change, err)
			}
			if diff := cmp.Diff(row.calls, system.Calls()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsDeletedIsGone(t *testing.T) {
	system := start(t, nstest.Quirks{})
	system.AddDialRule("example.com", nstest.Object{"dial-rule-matching-to-uri": "sip:???>@*", "dial-rule-application": "to-user"}) // an id with + and / in it
	c := clientOf(t, system.URL)
	for rule, err := range c.DialRules(t.Context(), "example.com", "example.com") {
		if err != nil {
			t.Fatal(err)
		}
		if err := c.DeleteDialRule(t.Context(), "example.com", "example.com", rule.ID); err != nil {
			t.Errorf("%s: %v", rule.ToURI, err)
		}
		if err := c.DeleteDialRule(t.Context(), "example.com", "example.com", rule.ID); !netsapiens.NotFound(err) {
			t.Errorf("%s, once more: %v", rule.ToURI, err)
		}
	}
	if rules := system.DialRules("example.com"); len(rules) != 0 {
		t.Errorf("left: %v", rules)
	}
	if err := c.DeleteUser(t.Context(), "example.com", "2000"); err != nil {
		t.Error(err)
	}
	for name, err := range map[string]error{
		"user":        second(c.User(t.Context(), "example.com", "2000")),
		"answer rule": second(c.AnswerRule(t.Context(), "example.com", "2000", "*")),
		"deleting":    c.DeleteUser(t.Context(), "example.com", "2000"),
	} {
		if failed(t, err); !netsapiens.NotFound(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestNamesStayWhereTheyAre sends names that would lead elsewhere if they were
// not escaped, or were escaped where they should not be.
func TestNamesStayWhereTheyAre(t *testing.T) {
	var path string
	c := answering(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.RequestURI
		w.WriteHeader(202)
	})
	for id, want := range map[string]string{
		"c2lwOjYxMUAq": "c2lwOjYxMUAq",
		"a+b/c==":      "a%2Bb%2Fc%3D%3D",
		"../../users":  "..%2F..%2Fusers",
		"~":            "~",
		"a?b#c%2F é":   "a%3Fb%23c%252F%20%C3%A9",
	} {
		if err := c.DeleteDialRule(t.Context(), "~", "a b", id); err != nil {
			t.Error(err)
		}
		if want := "/ns-api/v2/domains/~/dialplans/a%20b/dialrules/" + want; path != want {
			t.Errorf("%q is asked as %s, want %s", id, path, want)
		}
	}
	if _, err := c.SetAnswerRule(t.Context(), "example.com", "a@b", netsapiens.ForwardAlways("x")); err != nil || path != "/ns-api/v2/domains/example.com/users/a%40b/answerrules/*" {
		t.Errorf("%s, %v", path, err)
	}
}

func TestWhatCannotBeWrittenIsNotWritten(t *testing.T) {
	system := start(t, nstest.Quirks{})
	c := clientOf(t, system.URL)
	for _, err := range []error{
		c.CreateUser(t.Context(), "example.com", netsapiens.User{User: "8001"}),
		c.CreateDialRule(t.Context(), "example.com", "example.com", netsapiens.DialRule{ToURI: "webresponder8001"}),
		second(c.SetAnswerRule(t.Context(), "example.com", "8001", netsapiens.AnswerRule{})),
		c.DeleteUser(t.Context(), "example.com", "*"),
		c.DeleteUser(t.Context(), "example.com", ""),
		c.DeleteDialRule(t.Context(), "example.com", "example.com", ""),
		second(c.User(t.Context(), "", "2000")),
		second(netsapiens.Collect(c.SMSNumbers(t.Context(), "."))),
	} {
		if failed(t, err); verdict(err) != "permanent" {
			t.Errorf("%v: %s", err, verdict(err))
		}
	}
	if asked := system.Requests(); len(asked) != 0 {
		t.Errorf("asked %v", asked)
	}
}

func TestApplicationsThatAskAWebResponder(t *testing.T) {
	for application, want := range map[string]bool{"To Web": true, "To-Web": true, "sip:0@Web-Main": true, "to-user": false, "": false} {
		if netsapiens.IsToWeb(application) != want {
			t.Errorf("IsToWeb(%q) is %t", application, !want)
		}
	}
}
