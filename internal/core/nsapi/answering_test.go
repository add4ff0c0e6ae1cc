package nsapi_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/nsapi"
)

const (
	in      = "/domains/" + domain
	rules   = in + "/dialplans/" + domain + "/dialrules"
	session = "0123456789abcdef0123456789abcdef"
)

func TestAnswersSayWhatIsWrong(t *testing.T) {
	s := newSystem(t)
	s.do("POST", in+"/phonenumbers", object{"phonenumber": "12125550100", "dial-rule-translation-destination-user": "2000"}).wants(http.StatusAccepted, "Accepted")
	s.do("POST", in+"/smsnumbers", object{"number": "19294873999", "application": "user", "dest": "2000"}).wants(http.StatusAccepted, "Accepted")
	with := func(o object, more object) object {
		merged := object{}
		for _, from := range []object{o, more} {
			maps.Copy(merged, from)
		}
		return merged
	}
	rule := object{"synchronous": "yes", "dial-rule-matching-to-uri": "webresponder8001", "dial-rule-translation-destination-user": "[*]"}
	s.do("POST", rules, rule).wants(http.StatusOK, "")
	id := core.RuleID(core.Fields{"dial-rule-matching-to-uri": []byte(`"webresponder8001"`)})
	text := object{"type": "sms", "message": "Hello.", "destination": "19734321440", "from-number": "19294873999"}
	messages := in + "/users/2000/messagesessions/" + session + "/messages"

	for _, c := range []struct {
		method, path string
		body         any
		status       int
		message      string
	}{
		// Paths.
		{"GET", "/nothing", nil, 404, "No Route Found [92]"},
		{"GET", "", nil, 404, "No Route Found [92]"},
		{"GET", "/domains//users", nil, 404, "No Route Found [92]"},
		{"POST", in + "/queuedcall", object{}, 404, "No Route Found [92]"},
		{"PATCH", in + "/users/2000", object{}, 405, "PATCH is not served"},
		{"DELETE", "/version", nil, 405, "DELETE is not served"},
		{"GET", "/domains/~/users", nil, 400, "~ means the API key's own domain"},

		// Lists.
		{"GET", in + "/users?limit=0", nil, 400, "limit is"},
		{"GET", in + "/users?limit=1001", nil, 400, "1 to 1000"},
		{"GET", in + "/users?limit=ten", nil, 400, "limit is"},
		{"GET", in + "/users?start=-1", nil, 400, "start is"},
		{"GET", "/domains/other.example/users", nil, 404, "domain other.example does not exist"},
		{"GET", in + "/dialplans/Nowhere/dialrules", nil, 404, "dial plan Nowhere"},
		{"GET", in + "/dialplans/Nowhere/dialrules/count", nil, 404, "dial plan Nowhere"},
		{"GET", in + "/users/4711/answerrules", nil, 404, "user 4711"},
		{"GET", in + "/users/4711/smsnumbers", nil, 404, "user 4711"},
		{"GET", in + "/users/4711/messagesessions", nil, 404, "user 4711"},
		{"GET", messages, nil, 404, "message session"},

		// Bodies.
		{"POST", in + "/users", []string{"x"}, 400, "a JSON array was given"},
		{"POST", in + "/users", nil, 400, "nothing was given"},
		{"POST", in + "/users", object{}, 400, "the body lacks user"},
		{"POST", in + "/users", object{"user": "1"}, 400, "lacks name-first-name, name-last-name, email-address, user-scope"},
		{"POST", in + "/users", with(user("1"), object{"email-address": "nobody"}), 400, "no e-mail address"},
		{"POST", in + "/users", with(user("1"), object{"user-scope": "King"}), 400, "user-scope is"},
		{"POST", in + "/users", with(user("a b"), nil), 400, "cannot be the name of a user"},
		{"POST", in + "/users", with(user("1"), object{"synchronous": "maybe"}), 400, "synchronous is"},
		{"POST", in + "/users", with(user("1"), object{"time-zone": "Moon"}), 400, "is not a time zone; write it as"},
		{"PUT", in + "/users/2000", object{"name-first-name": "Bob"}, 400, "lacks name-last-name"},
		{"POST", rules, object{"dial-rule-matching-to-uri": "1"}, 400, "lacks dial-rule-translation-destination-user"},
		{"POST", rules, with(rule, object{"dial-rule-matching-to-uri": "[1"}), 400, "[ without a ]"},
		{"POST", rules, with(rule, object{"enabled": "perhaps"}), 400, "enabled is"},
		{"PUT", rules + "/" + id, object{"dial-rule-parameter": "x"}, 400, "lacks dial-rule-translation-destination-user"},
		{"PUT", rules + "/" + id, object{"dial-rule-translation-destination-user": "[*]", "dial-rule-matching-from-uri": "1001"}, 400, "dial-rule-matching-from-uri of a dial rule cannot be changed; delete the rule"},
		{"PUT", in + "/users/2000/answerrules/*", object{"enabled": "yes"}, 400, "lacks is-active"},
		{"POST", in + "/users/2000/answerrules", object{"enabled": "yes"}, 400, "lacks time-frame, is-active"},
		{"POST", in + "/phonenumbers", object{"phonenumber": "1"}, 400, "lacks dial-rule-translation-destination-user"},
		{"POST", in + "/phonenumbers", object{"phonenumber": "x", "dial-rule-translation-destination-user": "1"}, 400, "is not a telephone number"},
		{"PUT", in + "/phonenumbers", object{"dial-rule-translation-destination-user": "1"}, 400, "lacks phonenumber"},
		{"GET", in + "/phonenumbers/abc", nil, 400, "is not a telephone number"},
		{"POST", in + "/smsnumbers", object{"number": "1"}, 400, "lacks application"},
		{"POST", in + "/smsnumbers", object{"number": "1", "application": "user", "dest": "4711"}, 400, "user 4711 of example.net does not exist"},
		{"PUT", in + "/smsnumbers/19294873999", object{}, 400, "lacks application"},
		{"POST", "/dialplans", object{"dial-rule-dial-plan": "X", "dial-rule-description": ""}, 400, "lacks domain"},
		{"POST", "/domains", object{}, 400, "lacks domain"},
		{"POST", messages, with(text, object{"type": "chat"}), 400, "type is"},
		{"POST", messages, with(text, object{"message": 7}), 400, "no text"},
		{"POST", messages, with(text, object{"message": " "}), 400, "is empty"},
		{"POST", messages, with(text, object{"destination": "+1 973"}), 400, "destination: "},
		{"POST", messages, with(text, object{"destination": []any{}}), 400, "no destination"},
		{"POST", messages, object{"type": "sms"}, 400, "lacks message, destination, from-number"},
		{"POST", in + "/users/2000/messagesessions/6c1ea5a9-3ee1-4b10-9ee0-3d7ba9c50a8e/messages", text, 400, "32 to 128 letters"},
		{"POST", messages, with(text, object{"from-number": "12125550100"}), 403, "SMS number 1212•••0100 does not belong to user 2000"},

		// What is not there.
		{"GET", "/domains/other.example", nil, 404, "domain other.example does not exist"},
		{"GET", in + "/users/4711", nil, 404, "user 4711 of example.net does not exist"},
		{"PUT", in + "/users/4711", user("4711"), 404, "user 4711"},
		{"DELETE", in + "/users/4711", nil, 404, "user 4711"},
		{"GET", rules + "/nonsense", nil, 404, "dial rule nonsense"},
		{"DELETE", rules + "/nonsense", nil, 404, "dial rule nonsense"},
		{"PUT", in + "/users/2000/answerrules/Holidays", forward("1"), 404, "answer rule Holidays of user 2000@example.net does not exist"},
		{"PUT", in + "/phonenumbers", object{"phonenumber": "13035550100", "dial-rule-translation-destination-user": "1"}, 404, "phone number 13035550100"},
		{"DELETE", in + "/smsnumbers/13035550100", nil, 404, "sms number 13035550100"},

		// What is there already.
		{"POST", "/domains", object{"domain": "EXAMPLE.NET"}, 409, "Domain already exists."},
		{"POST", in + "/users", user("2000"), 409, "UID already exists."},
		{"POST", in + "/dialplans", object{"dial-rule-dial-plan": domain, "dial-rule-description": ""}, 409, "Dial plan already exists."},
		{"POST", rules, rule, 409, "Dial rule already exists."},
		{"POST", in + "/users/2000/answerrules", forward("1"), 409, "Answer rule already exists."},
		{"POST", in + "/phonenumbers", object{"phonenumber": "+12125550100", "dial-rule-translation-destination-user": "1"}, 409, "Phone number already exists"},
		{"POST", in + "/smsnumbers", object{"number": "19294873999", "application": "available"}, 409, "SMS number already exists."},
	} {
		t.Run(c.method+" "+c.path+" "+c.message, func(t *testing.T) {
			one := *s
			one.t = t
			got := one.do(c.method, c.path, c.body).wants(c.status, c.message)
			if c.status == http.StatusMethodNotAllowed && got.header.Get("Allow") == "" {
				t.Error("the answer does not say what is allowed")
			}
		})
	}
	if s.log.Len() > 0 {
		t.Errorf("the log has %s", &s.log)
	}
}

func TestObjectsAreReadAsTheyWereMade(t *testing.T) {
	s := newSystem(t)
	body := user("8001")
	body["synchronous"] = "yes"
	body["x-favourite"] = object{"colour": "green", "numbers": []int{1, 2}}
	shown := s.do("POST", in+"/users", body).wants(http.StatusOK, "").object()
	if _, kept := shown["synchronous"]; kept {
		t.Error("synchronous is shown, which is no field of a user")
	}
	read := s.do("GET", in+"/users/8001", nil).wants(http.StatusOK, "").object()
	if diff := cmp.Diff(shown, read); diff != "" {
		t.Errorf("what was shown and what is read (-shown +read):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"colour": "green", "numbers": []any{1.0, 2.0}}, read["x-favourite"]); diff != "" {
		t.Errorf("an unknown field (-want +got):\n%s", diff)
	}
	if read["domain"] != domain || read["login-username"] != "8001@example.net" {
		t.Errorf("the user is %v", read)
	}
	change := user("8001")
	change["name-first-name"] = "Weather"
	s.do("PUT", in+"/users/8001", change).wants(http.StatusAccepted, "Accepted")
	read = s.do("GET", in+"/users/8001", nil).wants(http.StatusOK, "").object()
	if read["name-first-name"] != "Weather" || read["x-favourite"] == nil {
		t.Errorf("after the change the user is %v", read)
	}
}

func TestDomainIsReadWithWhatItCameWith(t *testing.T) {
	s := newSystem(t)
	if got := s.do("GET", in, nil).wants(http.StatusOK, "").object(); got["domain"] != domain || got["dial-plan"] != domain {
		t.Errorf("the domain is %v", got)
	}
	if got := s.do("GET", "/domains", nil).wants(http.StatusOK, "").list(); len(got) != 1 {
		t.Errorf("the domains are %v", got)
	}
	if got := s.do("GET", "/dialplans", nil).wants(http.StatusOK, "").list(); len(got) != 1 || got[0]["dial-rule-dial-plan"] != domain {
		t.Errorf("the dial plans are %v", got)
	}
	if got := s.do("GET", rules, nil).wants(http.StatusOK, "").list(); len(got) != 1 || got[0]["dial-rule-application"] != "<Default>" {
		t.Errorf("the dial rules are %v", got)
	}
	if got := s.do("GET", in+"/users", nil).wants(http.StatusOK, "").list(); len(got) != 2 || got[0]["user"] != "domain" {
		t.Errorf("the users are %v", got)
	}
}

func TestDialPlansOfADomain(t *testing.T) {
	s := newSystem(t)
	s.do("POST", in+"/dialplans", object{"dial-rule-dial-plan": "Night Shift", "dial-rule-description": "x"}).wants(http.StatusAccepted, "Accepted")
	plan := in + "/dialplans/" + url.PathEscape("Night Shift")
	s.do("POST", plan+"/dialrules", object{"dial-rule-matching-to-uri": "9*", "dial-rule-translation-destination-user": "[*]", "dial-rule-application": "hangup"}).wants(http.StatusAccepted, "Accepted")
	if got := s.do("GET", plan+"/dialrules/count", nil).wants(http.StatusOK, "").object(); got["total"] != 1.0 {
		t.Errorf("the count is %v", got)
	}
	s.do("PUT", plan, object{"dial-rule-description": "y"}).wants(http.StatusAccepted, "Accepted")
	if got := s.do("GET", "/dialplans?start=1", nil).wants(http.StatusOK, "").list(); len(got) != 1 || got[0]["dial-rule-description"] != "y" || got[0]["dial-rule-dial-plan"] != "Night Shift" {
		t.Errorf("the dial plans are %v", got)
	}
	s.do("DELETE", plan, nil).wants(http.StatusAccepted, "Accepted")
	s.do("GET", plan+"/dialrules", nil).wants(http.StatusNotFound, "dial plan Night Shift")
}

func TestRuleIDsAreTakenAsClientsWriteThem(t *testing.T) {
	s := newSystem(t)
	// The id of this rule has a slash and a plus in it.
	const to = "sip:??>??>@*"
	made := s.do("POST", rules, object{"synchronous": "yes", "dial-rule-matching-to-uri": to, "dial-rule-translation-destination-user": "[*]"}).wants(http.StatusOK, "").object()
	id, ok := made["dialrule"].(string)
	if !ok || !strings.Contains(id, "/") {
		t.Fatalf("the id %v has no slash, so this test shows nothing", made["dialrule"])
	}
	for _, written := range []string{
		url.PathEscape(id),
		id,
		strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(id), "="),
	} {
		if got := s.do("GET", rules+"/"+written, nil).wants(http.StatusOK, "").object(); got["dial-rule-matching-to-uri"] != to {
			t.Errorf("%s is %v", written, got)
		}
	}
}

func TestTextsAreReadBack(t *testing.T) {
	s := newSystem(t)
	s.do("POST", in+"/smsnumbers", object{"number": "19294873999", "application": "user", "dest": "2000"}).wants(http.StatusAccepted, "Accepted")
	text := object{"type": "sms", "message": "One.", "destination": "19734321440", "from-number": "19294873999"}
	sessions := in + "/users/2000/messagesessions"
	s.do("POST", sessions+"/"+session+"/messages", text).wants(http.StatusAccepted, "Accepted")
	text["message"], text["destination"] = "Two.", []any{"19734321440", 13035550100}
	s.do("POST", sessions+"/"+session+"/messages", text).wants(http.StatusAccepted, "Accepted")
	started := s.do("POST", in+"/users/2000/messages", text).wants(http.StatusOK, "").object()
	if started["text"] != "Two." || started["messagesession-id"] == session {
		t.Errorf("the message that starts a session is %v", started)
	}

	var texts []any
	for _, message := range s.do("GET", sessions+"/"+session+"/messages", nil).wants(http.StatusOK, "").list() {
		texts = append(texts, message["text"], message["dialed"])
	}
	if diff := cmp.Diff([]any{"Two.", "19734321440,13035550100", "One.", "19734321440"}, texts); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if got := s.do("GET", sessions+"/"+session+"/messages?start=1&limit=1", nil).wants(http.StatusOK, "").list(); len(got) != 1 || got[0]["text"] != "One." {
		t.Errorf("the second message is %v", got)
	}
	for path, want := range map[string]int{sessions: 2, in + "/messagesessions": 2, sessions + "/" + session: 1} {
		if got := s.do("GET", path, nil).wants(http.StatusOK, "").list(); len(got) != want || got[0]["messagesession-last-message"] != "Two." {
			t.Errorf("%s has %v", path, got)
		}
	}
	if len(s.sent) != 3 {
		t.Errorf("%d texts were told of, want 3", len(s.sent))
	}
}

func TestSMSNumbersChangeHands(t *testing.T) {
	s := newSystem(t)
	s.do("POST", in+"/smsnumbers", object{"number": "19294873999", "application": "available"}).wants(http.StatusAccepted, "Accepted")
	own := in + "/users/2000/smsnumbers"
	if got := s.do("GET", own, nil).wants(http.StatusOK, "").list(); len(got) != 0 {
		t.Errorf("the user's numbers are %v", got)
	}
	s.do("PUT", in+"/smsnumbers/19294873999", object{"application": "user", "dest": "2000"}).wants(http.StatusAccepted, "Accepted")
	if got := s.do("GET", own, nil).wants(http.StatusOK, "").list(); len(got) != 1 || got[0]["dest"] != "2000" {
		t.Errorf("the user's numbers are %v", got)
	}
	if got := s.do("GET", "/smsnumbers", nil).wants(http.StatusOK, "").list(); len(got) != 1 {
		t.Errorf("all numbers are %v", got)
	}
	s.do("DELETE", in+"/smsnumbers/19294873999", nil).wants(http.StatusAccepted, "Accepted")
	if got := s.do("GET", in+"/smsnumbers", nil).wants(http.StatusOK, "").list(); len(got) != 0 {
		t.Errorf("the domain's numbers are %v", got)
	}
}

func TestListsComeInPages(t *testing.T) {
	s := newSystem(t)
	for i := range 120 {
		s.do("POST", in+"/users", user(fmt.Sprint(3000+i))).wants(http.StatusAccepted, "Accepted")
	}
	for query, want := range map[string][2]any{ // how many, and the first
		"":                    {100, "domain"},
		"?start=100":          {22, "3098"},
		"?limit=1000":         {122, "domain"},
		"?limit=5&start=2":    {5, "3000"},
		"?start=122":          {0, nil},
		"?limit=1&start=5000": {0, nil},
	} {
		got := s.do("GET", in+"/users"+query, nil).wants(http.StatusOK, "").list()
		if len(got) != want[0] || len(got) > 0 && got[0]["user"] != want[1] {
			t.Errorf("%q has %d users, the first %v; want %v", query, len(got), got[:min(1, len(got))], want)
		}
	}
}

func TestBodiesThatAreNotJSON(t *testing.T) {
	s := newSystem(t)
	for _, c := range []struct {
		kind, body string
		status     int
		message    string
	}{
		{"application/x-www-form-urlencoded", "user=1", 415, "JSON alone"},
		{"text/plain; charset=utf-8", "{}", 415, "JSON alone"},
		{"nonsense/", "{}", 415, "JSON alone"},
		{"application/json; charset=utf-8", "user=1", 400, "the JSON cannot be read"},
		{"", `{"user":`, 400, "ends too early"},
		{"application/json", strings.Repeat(" ", 1<<20) + "{}", 413, "larger than 1048576 bytes"},
		{"application/json", strings.Repeat(`{"a":`, 20000), 400, "the JSON cannot be read"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/ns-api/v2"+in+"/users", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+super)
		r.Header.Set("Content-Type", c.kind)
		s.send(r).wants(c.status, c.message)
	}
}

func TestLegacyAPISaysThatItIsNotServed(t *testing.T) {
	s := newSystem(t)
	for _, path := range []string{"/ns-api/?object=call&action=hold", "/ns-api", "/ns-api/v20/version", "/ns-api/v2"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+super)
		want := "the legacy API (object=…) is not served here"
		if path == "/ns-api/v2" {
			want = "No Route Found [92]"
		}
		s.send(r).wants(http.StatusNotFound, want)
	}
}

// broken is a State that cannot be reached.
type broken struct{ core.State }

func (broken) Object(context.Context, core.Key) (core.Object, error) {
	return core.Object{}, errors.New("dial tcp 192.0.2.1: secret details")
}

func TestInternalErrorsAreLoggedAndNotTold(t *testing.T) {
	var s system
	s.t = t
	api, err := nsapi.New(nsapi.Config{
		Core: core.New(core.Config{State: broken{core.NewMemory()}}),
		Keys: []nsapi.Key{{Token: super, Scope: nsapi.SuperUser}},
		Log:  logTo(&s.log),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	defer server.Close()
	s.url = server.URL
	got := s.do("GET", in+"/users/2000", nil).wants(http.StatusInternalServerError, "internal error")
	if strings.Contains(string(got.body), "secret details") || !strings.Contains(s.log.String(), "secret details") {
		t.Errorf("the client was told %s, the log has %s", got.body, &s.log)
	}
}
