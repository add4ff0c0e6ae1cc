package nstest_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// asked is a request to a System.
type asked struct {
	method, path, body string
	header             http.Header // on top of, or instead of, the usual one
}

// ask sends a request to a System without a network, and returns status and
// body.
func ask(t testing.TB, system *nstest.System, a asked) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), a.method, "/ns-api/v2"+a.path, strings.NewReader(a.body))
	r.Header.Set("Authorization", "Bearer "+nstest.Token)
	if a.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(r.Header, a.header)
	w := httptest.NewRecorder()
	system.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

// furnished returns a System with one of everything. It reports no complaints.
func furnished(quirks nstest.Quirks) *nstest.System {
	system := nstest.New(quirks)
	system.AddDomain("example.com")
	system.AddUser("example.com", "2000")
	system.AddSMSNumber("example.com", "19294873999", "2000")
	system.AddSMSNumber("example.com", "19294874000", "")
	system.AddPhoneNumber("example.com", "12125551212", "2000")
	return system
}

const session = "0123456789abcdef0123456789ABC_ef"

// writes are good requests with a body, each with the status it gets.
var writes = map[nstest.Call]struct {
	asked
	status int
	maybe  []string // the fields that it can do without
}{
	nstest.SendMessage: {asked: asked{method: "POST", path: "/domains/example.com/users/2000/messagesessions/" + session + "/messages",
		body: `{"type":"sms","message":"Open until five.","destination":"19734321440","from-number":"19294873999"}`}, status: 202},
	nstest.CreateUser: {asked: asked{method: "POST", path: "/domains/example.com/users",
		body: `{"user":"8001","name-first-name":"SMS","name-last-name":"Responder","email-address":"operations@example.net","user-scope":"Simple User","service-code":"system-webresponder"}`},
		status: 202, maybe: []string{"service-code"}},
	nstest.CreateDialRule: {asked: asked{method: "POST", path: "/domains/example.com/dialplans/example.com/dialrules",
		body: `{"synchronous":"yes","dial-rule-matching-to-uri":"webresponder8001","dial-rule-matching-from-uri":"*","dial-rule-matching-day-of-week":"[1-5]",
			"dial-rule-matching-start-date":"*","dial-rule-matching-end-date":"2026-12-31","dial-rule-matching-start-time":"*","dial-rule-matching-end-time":"23:59",
			"enabled":"yes","dial-rule-application":"To Web","dial-rule-parameter":"","dial-rule-translation-destination-scheme":"[*]",
			"dial-rule-translation-destination-user":"[*]","dial-rule-translation-destination-host":"[*]","dial-rule-translation-source-name":"[*]",
			"dial-rule-translation-source-scheme":"sip:","dial-rule-translation-source-user":"[*]","dial-rule-translation-source-host":"[*]","dial-rule-description":""}`}, status: 200},
	nstest.UpdateDialRule: {asked: asked{method: "PUT", path: "/domains/example.com/dialplans/example.com/dialrules/Knx8Knx8Knx8Knx8Knx8Knx8Kg==",
		body: `{"dialrule":"Knx8Knx8Knx8Knx8Knx8Knx8Kg==","enabled":"no","dial-rule-application":"To Web","dial-rule-parameter":"https://hooks.example.net/",
			"dial-rule-translation-destination-scheme":"[*]","dial-rule-translation-destination-user":"[*]","dial-rule-translation-destination-host":"[*]",
			"dial-rule-translation-source-name":"[*]","dial-rule-translation-source-scheme":"sip:","dial-rule-translation-source-user":"[*]",
			"dial-rule-translation-source-host":"[*]","dial-rule-description":""}`}, status: 202},
	nstest.UpdateAnswerRule: {asked: asked{method: "PUT", path: "/domains/example.com/users/2000/answerrules/*",
		body: `{"time-frame":"*","enabled":"yes","is-active":true,"forward-always":{"enabled":"yes","parameters":["webresponder8001"]}}`}, status: 202},
	nstest.CreateAnswerRule: {asked: asked{method: "POST", path: "/domains/example.com/users/2000/answerrules",
		body: `{"synchronous":"yes","time-frame":"Holiday","enabled":"yes","is-active":true,"forward-always":{"enabled":"no","parameters":[]}}`}, status: 200},
}

// reads are good requests without a body.
var reads = map[nstest.Call]asked{
	nstest.ReadVersion:      {method: "GET", path: "/version"},
	nstest.ReadAPIKey:       {method: "GET", path: "/apikeys/~"},
	nstest.ListSMSNumbers:   {method: "GET", path: "/domains/example.com/smsnumbers?limit=1000&start=0"},
	nstest.ListPhoneNumbers: {method: "GET", path: "/domains/example.com/phonenumbers"},
	nstest.ListUsers:        {method: "GET", path: "/domains/example.com/users?limit=1000&start=0"},
	nstest.ReadUser:         {method: "GET", path: "/domains/example.com/users/2000"},
	nstest.ListDialRules:    {method: "GET", path: "/domains/example.com/dialplans/example.com/dialrules"},
	nstest.ReadDialRule:     {method: "GET", path: "/domains/example.com/dialplans/example.com/dialrules/Knx8Knx8Knx8Knx8Knx8Knx8Kg=="},
	nstest.ReadAnswerRule:   {method: "GET", path: "/domains/example.com/users/2000/answerrules/*"},
	nstest.DeleteUser:       {method: "DELETE", path: "/domains/example.com/users/2000"},
	nstest.DeleteDialRule:   {method: "DELETE", path: "/domains/example.com/dialplans/example.com/dialrules/Knx8Knx8Knx8Knx8Knx8Knx8Kg=="},
	nstest.DeleteAnswerRule: {method: "DELETE", path: "/domains/example.com/users/2000/answerrules/*"},
}

func TestGoodRequestsAreTaken(t *testing.T) {
	for call, good := range writes {
		check(t, call, good.asked, good.status)
	}
	for call, good := range reads {
		want := 200
		if good.method == "DELETE" {
			want = 202
		}
		check(t, call, good, want)
	}
}

// check asks a new System, and looks at what it kept.
func check(t *testing.T, call nstest.Call, a asked, want int) {
	t.Helper()
	system := furnished(nstest.Quirks{})
	status, body := ask(t, system, a)
	if status != want || !json.Valid([]byte(body)) {
		t.Errorf("%s: %d %s", call, status, body)
	}
	kept := system.Requests()
	if len(kept) != 1 || kept[0].Call != call || kept[0].Method != a.method || kept[0].Path != "/ns-api/v2"+a.path || kept[0].Body != a.body ||
		kept[0].Status != want || !kept[0].Done || kept[0].Header.Get("Authorization") == "" {
		t.Errorf("%s: kept %+v", call, kept)
	}
	if bad := system.Violations(); len(bad) != 0 {
		t.Errorf("%s: %v", call, bad)
	}
}

// refused sees that a request is answered with 400, kept as a violation and
// has no effect.
func refused(t *testing.T, what string, a asked) {
	t.Helper()
	system := furnished(nstest.Quirks{})
	status, body := ask(t, system, a)
	if status < 400 || status > 499 || len(system.Violations()) != 1 || len(system.Requests()) != 0 || len(system.Messages()) != 0 {
		t.Errorf("%s: answered %d %s, kept %v", what, status, body, system.Requests())
	}
}

// TestEachFieldIsChecked takes each field of each body away, changes it, and
// adds one.
func TestEachFieldIsChecked(t *testing.T) {
	for call, good := range writes {
		var fields nstest.Object
		if err := json.Unmarshal([]byte(good.body), &fields); err != nil {
			t.Fatal(err)
		}
		with := func(name string, value any, keep bool) asked {
			changed := maps.Clone(fields)
			if changed[name] = value; !keep {
				delete(changed, name)
			}
			body, err := json.Marshal(changed)
			if err != nil {
				t.Fatal(err)
			}
			a := good.asked
			a.body = string(body)
			return a
		}
		for name := range fields {
			if !slices.Contains(good.maybe, name) {
				refused(t, string(call)+" without "+name, with(name, nil, false))
			}
			for _, odd := range []any{nil, 19734321440, false, []any{}, nstest.Object{}, []any{"x"}} {
				refused(t, string(call)+" with an odd "+name, with(name, odd, true))
			}
		}
		refused(t, string(call)+" with a field too many", with("dial_rule_application", "x", true))
	}
}

func TestEachValueIsChecked(t *testing.T) {
	for _, row := range []struct {
		call     nstest.Call
		old, odd string
	}{
		{nstest.SendMessage, `"19734321440"`, `"+19734321440"`},
		{nstest.SendMessage, `"19734321440"`, `"anonymous"`},
		{nstest.SendMessage, `"19734321440"`, `""`},
		{nstest.SendMessage, `"19734321440"`, `"1973432144012345"`},
		{nstest.SendMessage, `"19294873999"`, `"+19294873999"`},
		{nstest.SendMessage, `"sms"`, `"SMS"`},
		{nstest.SendMessage, `"sms"`, `"chat"`},
		{nstest.SendMessage, `"Open until five."`, `" "`},
		{nstest.CreateUser, `"8001"`, `"80 01"`},
		{nstest.CreateUser, `"8001"`, `"12345678901234567"`},
		{nstest.CreateUser, `"operations@example.net"`, `"operations"`},
		{nstest.CreateUser, `"Simple User"`, `"Simple user"`},
		{nstest.CreateUser, `"SMS"`, `""`},
		{nstest.CreateDialRule, `"yes","dial-rule-matching-to`, `"true","dial-rule-matching-to`},
		{nstest.CreateDialRule, `"webresponder8001"`, `""`},
		{nstest.CreateDialRule, `"[1-5]"`, `"Mon-Fri"`},
		{nstest.CreateDialRule, `"2026-12-31"`, `"12/31/2026"`},
		{nstest.CreateDialRule, `"23:59"`, `"9pm"`},
		{nstest.CreateDialRule, `"sip:"`, `"sip"`},
		{nstest.CreateDialRule, `"To Web"`, `""`},
		{nstest.CreateDialRule, `"enabled":"yes"`, `"enabled":"Yes"`},
		{nstest.UpdateDialRule, `"dialrule":"K`, `"dialrule":"k`},
		{nstest.UpdateDialRule, `"dial-rule-parameter"`, `"dial-rule-matching-to-uri":"*","dial-rule-parameter"`},
		{nstest.UpdateAnswerRule, `"time-frame":"*"`, `"time-frame":"Holiday"`},
		{nstest.UpdateAnswerRule, `"webresponder8001"`, `8001`},
		{nstest.UpdateAnswerRule, `"webresponder8001"`, `""`},
		{nstest.UpdateAnswerRule, `["webresponder8001"]`, `[]`},
		{nstest.UpdateAnswerRule, `["webresponder8001"]`, `"webresponder8001"`},
		{nstest.UpdateAnswerRule, `{"enabled":"yes","parameters"`, `{"enable":"yes","parameters"`},
		{nstest.UpdateAnswerRule, `{"enabled":"yes","parameters"`, `{"enabled":true,"parameters"`},
		{nstest.UpdateAnswerRule, `{"enabled":"yes","parameters"`, `{"enabled":"yes","extra":1,"parameters"`},
		{nstest.UpdateAnswerRule, `true`, `"yes"`},
		{nstest.UpdateAnswerRule, `{"time-frame"`, `{"synchronous":"yes","time-frame"`},
		{nstest.CreateAnswerRule, `"synchronous":"yes"`, `"synchronous":"no"`},
	} {
		a := writes[row.call].asked
		if a.body = strings.Replace(a.body, row.old, row.odd, 1); a.body == writes[row.call].body {
			t.Fatalf("%s has no %s", row.call, row.old)
		}
		refused(t, string(row.call)+" with "+row.odd, a)
	}
}

func TestEachPartOfARequestIsChecked(t *testing.T) {
	text := writes[nstest.SendMessage].asked
	for what, change := range map[string]func(a *asked){
		"no body":             func(a *asked) { a.body = "" },
		"a list":              func(a *asked) { a.body = "[" + a.body + "]" },
		"null":                func(a *asked) { a.body = "null" },
		"half a body":         func(a *asked) { a.body = a.body[:20] },
		"a form":              func(a *asked) { a.header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}} },
		"no content type":     func(a *asked) { a.header = http.Header{"Content-Type": nil} },
		"a body too large":    func(a *asked) { a.body += strings.Repeat(" ", 64<<10) },
		"XML asked for":       func(a *asked) { a.header = http.Header{"Accept": {"application/xml"}} },
		"a query":             func(a *asked) { a.path += "?limit=1" },
		"a short session":     func(a *asked) { a.path = strings.Replace(a.path, session, session[1:], 1) },
		"dashes in a session": func(a *asked) { a.path = strings.Replace(a.path, session, "11111111-2222-3333-4444-555555555555", 1) },
		"another method":      func(a *asked) { a.method = "PUT" },
		"an odd domain":       func(a *asked) { a.path = strings.Replace(a.path, "example.com", "example%2Fcom", 1) },
		"an odd user":         func(a *asked) { a.path = strings.Replace(a.path, "2000", "2000@example.com", 1) },
		"an old path":         func(a *asked) { a.path = "/domains/example.com/users/2000/messages" },
	} {
		a := text
		change(&a)
		refused(t, what, a)
	}
	for what, a := range map[string]asked{
		"a body to read":        {method: "GET", path: "/version", body: "{}"},
		"a body to delete":      {method: "DELETE", path: "/domains/example.com/users/2000", body: "{}"},
		"a query to read":       {method: "GET", path: "/domains/example.com/users/2000?limit=1"},
		"a limit of none":       {method: "GET", path: "/domains/example.com/smsnumbers?limit=0"},
		"a limit too high":      {method: "GET", path: "/domains/example.com/smsnumbers?limit=1001"},
		"a limit that is none":  {method: "GET", path: "/domains/example.com/smsnumbers?limit=all"},
		"two limits":            {method: "GET", path: "/domains/example.com/smsnumbers?limit=1&limit=2"},
		"a start before it":     {method: "GET", path: "/domains/example.com/smsnumbers?start=-1"},
		"another query":         {method: "GET", path: "/domains/example.com/smsnumbers?page=1"},
		"another call":          {method: "GET", path: "/domains/example.com/queues"},
		"no call at all":        {method: "GET", path: ""},
		"a rule without a plan": {method: "GET", path: "/domains/example.com/dialrules"},
	} {
		refused(t, what, a)
	}
}

func TestTokenIsChecked(t *testing.T) {
	for _, header := range []http.Header{
		{"Authorization": nil}, {"Authorization": {"Bearer x"}}, {"Authorization": {nstest.Token}},
		{"Authorization": {"bearer " + nstest.Token}}, {"Authorization": {"Bearer " + nstest.Token + " "}},
	} {
		system := furnished(nstest.Quirks{})
		a := writes[nstest.SendMessage].asked
		a.header = header
		status, body := ask(t, system, a)
		if status != 401 || body != `{"code":401,"message":"Unauthorized"}` || len(system.Requests()) != 0 || len(system.Messages()) != 0 {
			t.Errorf("%v: %d %s", header, status, body)
		}
	}
}

// complaints is a test that may fail.
type complaints struct {
	testing.TB
	made []string
}

func (c *complaints) Helper() {}
func (c *complaints) Errorf(format string, args ...any) {
	c.made = append(c.made, strings.TrimSpace(format))
	_ = args
}

func TestViolationFailsTheTest(t *testing.T) {
	c := &complaints{TB: t}
	system := nstest.Start(c, nstest.Quirks{})
	if status, _ := ask(t, system, asked{method: "GET", path: "/version", body: "{}"}); status != 400 {
		t.Errorf("status %d", status)
	}
	if len(c.made) != 1 {
		t.Errorf("complaints: %v", c.made)
	}
}

func TestStateIsKept(t *testing.T) {
	system := furnished(nstest.Quirks{})
	for _, call := range []nstest.Call{nstest.CreateUser, nstest.CreateDialRule, nstest.UpdateAnswerRule, nstest.SendMessage} {
		if status, body := ask(t, system, writes[call].asked); status != writes[call].status {
			t.Errorf("%s: %d %s", call, status, body)
		}
	}
	if u := system.User("example.com", "8001"); u["user-scope"] != "Simple User" || u["domain"] != "example.com" || system.User("example.com", "8002") != nil {
		t.Errorf("user %v", u)
	}
	rules := system.DialRules("example.com")
	if len(rules) != 2 || rules[1]["dialrule"] != "d2VicmVzcG9uZGVyODAwMXx8Knx8WzEtNV18fCp8fDIwMjYtMTItMzF8fCp8fDIzOjU5" || rules[1]["synchronous"] != nil {
		t.Errorf("dial rules %v", rules)
	}
	forward := nstest.Object{"enabled": "yes", "parameters": []any{"webresponder8001"}}
	if diff := cmp.Diff(forward, system.AnswerRule("example.com", "2000", "*")["forward-always"]); diff != "" {
		t.Errorf("answer rule (-want +got):\n%s", diff)
	}
	if system.AnswerRule("example.com", "2000", "Holiday") != nil || system.AnswerRule("example.com", "8009", "*") != nil {
		t.Error("an answer rule of nobody")
	}
	want := []nstest.Message{{Domain: "example.com", User: "2000", Session: session, From: "19294873999", To: "19734321440", Text: "Open until five."}}
	if diff := cmp.Diff(want, system.Messages()); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}
