package nsapi_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/nsapi"
	"github.com/switchhook/switchhook/test/await"
)

// patient is a caller who hears each text until the call leaves it.
type patient struct {
	line
	hears chan string
	ended chan core.Call
}

func (l *patient) Play(ctx context.Context, prompt engine.Prompt, _ *engine.Listening) (engine.Played, error) {
	if speech, ok := prompt.(engine.Speech); ok {
		l.hears <- speech.Text
	}
	<-ctx.Done()
	return engine.Played{}, context.Cause(ctx)
}

// lead leads a number, by way of a user, to a responder that says a text.
func (s *system) lead(number, to, text string) {
	s.t.Helper()
	rule := object{
		"synchronous": "yes", "dial-rule-matching-to-uri": "webresponder" + to, "dial-rule-matching-from-uri": "*", "enabled": "yes",
		"dial-rule-application": "To Web", "dial-rule-parameter": s.says(text), "dial-rule-translation-destination-user": "[*]",
	}
	s.do("POST", in+"/users", user(to)).wants(http.StatusAccepted, "Accepted")
	s.do("POST", in+"/phonenumbers", object{"phonenumber": number, "dial-rule-application": "to-user", "dial-rule-translation-destination-user": to}).wants(http.StatusAccepted, "Accepted")
	s.do("PUT", in+"/users/"+to+"/answerrules/*", forward("webresponder"+to)).wants(http.StatusAccepted, "Accepted")
	s.do("POST", rules, rule).wants(http.StatusOK, "")
}

// begin begins a call, which ends with the test.
func (s *system) begin(from, to string) *patient {
	s.t.Helper()
	l := &patient{hears: make(chan string, 10), ended: make(chan core.Call, 1)}
	ctx, hangup := context.WithCancelCause(context.WithoutCancel(s.t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		call, err := s.core.Place(ctx, from, to, l, nil)
		if err != nil {
			s.t.Error(err)
		}
		l.ended <- call
	})
	s.t.Cleanup(func() {
		hangup(engine.ErrHungUp)
		running.Wait()
	})
	return l
}

// newCalling starts a system with a call from user 2000 to user 8001, and with the
// user 8002 to whom it can be transferred.
func newCalling(t *testing.T) (s *system, l *patient, id string) {
	t.Helper()
	s = newSystem(t)
	s.lead("12125550101", "8001", "First.")
	s.lead("12125550102", "8002", "Second.")
	l = s.begin("2000@"+domain, "8001")
	await.From(t, "the first responder", l.hears)
	id = s.text(s.do("GET", in+"/users/8001/calls", nil).wants(http.StatusOK, "").list()[0], "call-orig-call-id")
	return s, l, id
}

// text returns a member of an object that is a text.
func (s *system) text(o object, name string) string {
	s.t.Helper()
	text, ok := o[name].(string)
	if !ok {
		s.t.Fatalf("%s is %v", name, o[name])
	}
	return text
}

// activeCall are the members that the API's description requires of a live call.
var activeCall = strings.Fields(`core-server call-session-id call-orig-call-id call-orig-match-uri call-orig-user call-orig-domain
	call-orig-uri call-orig-name caller-id-number call-dialed-number call-by-action call-by-user call-by-domain call-by-call-id
	call-term-call-id call-term-user call-term-domain call-term-uri call-start-datetime call-answer-datetime call-orig-info
	term-orig-info call-audio-codec`)

func TestLiveCallsAreRead(t *testing.T) {
	s, _, id := newCalling(t)
	all := s.do("GET", in+"/calls", nil).wants(http.StatusOK, "").list()
	if len(all) != 1 || s.text(all[0], "call-orig-match-uri") != "8001@example.net" {
		t.Fatalf("the domain has the calls %v", all)
	}
	for _, name := range activeCall {
		s.text(all[0], name)
	}
	if len(all[0]) != len(activeCall) {
		t.Errorf("a call has %d members: %v", len(all[0]), all[0])
	}
	for _, path := range []string{in + "/users/8001/calls/" + id, in + "/users/2000/calls/" + id, "/domains/~/users/~/calls/" + s.text(all[0], "call-term-call-id")} {
		if diff := cmp.Diff(all[0], s.do("GET", path, nil).wants(http.StatusOK, "").object()); diff != "" {
			t.Errorf("%s (-list +got):\n%s", path, diff)
		}
	}
	for path, want := range map[string]int{
		in + "/users/8001/calls": 1, in + "/users/2000/calls": 1, in + "/users/8002/calls": 0, "/domains/~/users/~/calls": 1,
		in + "/calls?start=1": 0, in + "/users/8001/calls?limit=1": 1, in + "/users/8001/calls?start=7&limit=1000": 0,
	} {
		if got := s.do("GET", path, nil).wants(http.StatusOK, "").list(); len(got) != want {
			t.Errorf("%s has %d calls, want %d", path, len(got), want)
		}
	}
}

func TestALiveCallIsTransferred(t *testing.T) {
	s, l, id := newCalling(t)
	s.do("PATCH", in+"/users/8001/calls/"+id+"/transfer", object{"call-term-user": "8002"}).wants(http.StatusAccepted, "Accepted")
	if got := s.do("GET", in+"/users/8002/calls/"+id, nil).wants(http.StatusOK, "").object(); got["call-by-action"] != "Transfer" || got["call-by-user"] != "8001" {
		t.Errorf("the call is %v", got)
	}
	if got := await.From(t, "the second responder", l.hears); got != "Second." {
		t.Errorf("the caller hears %q", got)
	}
	s.doAs(basic, "PATCH", "/domains/~/users/~/calls/"+id+"/transfer", object{"call-term-user": 8001}).wants(http.StatusAccepted, "Accepted")
	if got := await.From(t, "the first responder", l.hears); got != "First." {
		t.Errorf("the caller hears %q", got)
	}
}

func TestALiveCallIsDisconnected(t *testing.T) {
	s, l, id := newCalling(t)
	path := in + "/users/8001/calls/" + id
	if got := s.do("DELETE", path, nil).wants(http.StatusOK, "").object(); len(got) != 0 {
		t.Errorf("the answer is %v", got)
	}
	s.do("GET", path, nil).wants(http.StatusNotFound, "call "+id+" does not exist")
	s.do("DELETE", path, nil).wants(http.StatusNotFound, "does not exist")
	if call := await.From(t, "the end of the call", l.ended); call.Outcome.Failed {
		t.Errorf("the call ended so: %+v", call.Outcome)
	}
}

// TestLiveCallsAreSeenByThoseWhoMay asks with all keys; nothing happens to the call.
func TestLiveCallsAreSeenByThoseWhoMay(t *testing.T) {
	s, l, id := newCalling(t)
	s.do("POST", "/domains", object{"domain": "other.example"}).wants(http.StatusAccepted, "Accepted")
	to := object{"call-term-user": "8002"}
	for _, c := range []struct {
		token, method, path string
		body                any
		status              int
		message             string
	}{
		{basic, "GET", in + "/users/2000/calls/" + id, nil, 200, ""},
		{basic, "GET", "/domains/~/users/~/calls", nil, 200, ""},
		{basic, "GET", in + "/users/8001/calls/" + id, nil, 403, "Office Manager"},
		{basic, "GET", in + "/calls", nil, 403, "Office Manager"},
		{basic, "DELETE", in + "/users/8001/calls/" + id, nil, 403, "Office Manager"},
		{basic, "PATCH", in + "/users/8001/calls/" + id + "/transfer", to, 403, "Office Manager"},
		{basic, "GET", "/domains/other.example/users/2000/calls", nil, 401, "out of this API key's scope"},
		{manager, "GET", "/domains/~/users/~/calls/" + id, nil, 200, ""},
		{manager, "GET", "/domains/other.example/users/2000/calls/" + id, nil, 401, "out of this API key's scope"},
		{manager, "DELETE", "/domains/other.example/users/~/calls/" + id, nil, 401, "out of this API key's scope"},
		{readOnly, "GET", in + "/users/8001/calls", nil, 200, ""},
		{readOnly, "DELETE", in + "/users/8001/calls/" + id, nil, 403, "only read"},
		{readOnly, "PATCH", in + "/users/8001/calls/" + id + "/transfer", to, 403, "only read"},
		{super, "GET", "/domains/other.example/users/~/calls/" + id, nil, 404, "does not exist"},
		{super, "DELETE", in + "/users/8002/calls/" + id, nil, 404, "does not exist"},
		{super, "GET", "/domains/~/users/2000/calls", nil, 400, "own domain"},
		{super, "GET", in + "/users/4711/calls", nil, 404, "user 4711"},
		{super, "GET", "/domains/nowhere.example/calls", nil, 404, "domain nowhere.example"},
		{super, "GET", in + "/calls?limit=0", nil, 400, "limit"},
		{super, "PATCH", in + "/users/8001/calls/" + id + "/transfer", object{}, 400, "the body lacks call-term-user"},
		{super, "PATCH", in + "/users/8001/calls/" + id + "/transfer", nil, 400, "nothing was given"},
		{super, "PATCH", in + "/users/8001/calls/" + id + "/transfer", object{"call-destination-session-id": "1"}, 400, "give call-term-user alone"},
		{super, "PATCH", in + "/users/8001/calls/" + id + "/transfer", object{"call-term-user": " "}, 400, "the call has no destination"},
		{super, "PATCH", in + "/users/8001/calls/" + id + "/transfer", object{"call-term-user": strings.Repeat("x", 3000)}, 400, "an address of the call is longer than"},
		{super, "PATCH", in + "/users/8001/calls/" + id + "/transfer", object{"call-term-user": "411"}, 404, "not reachable: no rule"},
		{super, "PATCH", in + "/users/8001/calls/" + id + "/transfer", object{"call-term-user": "4165550100"}, 400, "this line cannot be connected with anybody"},
		{super, "PATCH", in + "/users/8001/calls/nobody/transfer", to, 404, "call nobody does not exist"},
		{super, "PUT", in + "/users/8001/calls", object{}, 405, "PUT is not served"},
		{super, "PUT", in + "/users/8001/calls/" + id + "/transfer", to, 405, "PUT is not served"},
	} {
		t.Run(c.token+" "+c.method+" "+c.path, func(t *testing.T) {
			one := *s
			one.t = t
			one.doAs(c.token, c.method, c.path, c.body).wants(c.status, c.message)
		})
	}
	if got := s.do("GET", in+"/users/8001/calls/"+id, nil).wants(http.StatusOK, "").object(); got["call-by-action"] != "" || len(l.hears) > 0 {
		t.Errorf("the call is %v", got)
	}
}

// legacyRequests returns the ways in which clients send parameters.
func legacyRequests(t *testing.T, parameters ...string) map[string][4]string {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		values.Set(parameters[i], parameters[i+1])
	}
	named := url.Values{"object": values["object"], "action": values["action"], "format": {"json"}}
	kind, body := form(t, parameters...)
	const encoded = "application/x-www-form-urlencoded"
	return map[string][4]string{ // method, query, kind, body
		"query":           {"GET", values.Encode(), "", ""},
		"query of a POST": {"POST", values.Encode(), "", ""},
		"form":            {"POST", "", encoded, values.Encode()},
		"form and query":  {"POST", named.Encode(), encoded, values.Encode()},
		"multipart":       {"POST", "", kind, body},
		"callID":          {"POST", named.Encode(), encoded, strings.ReplaceAll(values.Encode(), "callid=", "callID=")},
	}
}

func TestLegacyCallsReadTransferAndDisconnect(t *testing.T) {
	for way := range legacyRequests(t) {
		t.Run(way, func(t *testing.T) {
			s, l, id := newCalling(t)
			ask := func(parameters ...string) answer {
				t.Helper()
				r := legacyRequests(t, append([]string{"object", "call"}, parameters...)...)[way]
				return s.legacy(manager, r[0], r[1], r[2], r[3])
			}
			listed := ask("action", "read", "uid", "8001@example.net").wants(http.StatusOK, "").list()
			if len(listed) != 1 || listed[0]["orig_callid"] != id || listed[0]["orig_match"] != "8001@example.net" || listed[0]["ani"] != "2000" ||
				listed[0]["dnis"] != "8001" || listed[0]["time_begin"] != "2026-03-04 12:00:00" || listed[0]["term_call_info"] != "active" {
				t.Errorf("read: %v", listed)
			}
			if diff := cmp.Diff(listed, ask("action", "read", "callid", id).wants(http.StatusOK, "").list()); diff != "" {
				t.Errorf("the one that is named (-list +got):\n%s", diff)
			}
			ask("action", "transfer", "callid", id, "uid", "8001", "destination", "8002").wants(http.StatusAccepted, "Accepted")
			if got := await.From(t, "the second responder", l.hears); got != "Second." {
				t.Errorf("the caller hears %q", got)
			}
			ask("action", "xfer", "callid", id, "uid", "2000@example.net", "destination", "8001").wants(http.StatusAccepted, "Accepted")
			await.From(t, "the first responder", l.hears)
			ask("action", "disconnect", "callid", id, "uid", "8001@example.net").wants(http.StatusAccepted, "Accepted")
			await.From(t, "the end of the call", l.ended)
			if listed := ask("action", "read").wants(http.StatusOK, "").list(); len(listed) != 0 {
				t.Errorf("after the end: %v", listed)
			}
		})
	}
}

func TestLegacyCallsThatAreRefused(t *testing.T) {
	s, l, id := newCalling(t)
	const encoded = "application/x-www-form-urlencoded"
	end := "object=call&action=disconnect&callid=" + id
	for name, c := range map[string]struct {
		token, method, query, kind, body string
		status                           int
		message                          string
	}{
		"nobody":            {"", "POST", end + "&uid=8001@example.net", "", "", 401, "no API key was given"},
		"reader, by GET":    {readOnly, "GET", end + "&uid=8001@example.net", "", "", 403, "only read"},
		"reader":            {readOnly, "POST", end + "&uid=8001@example.net", "", "", 403, "only read"},
		"reader who reads":  {readOnly, "POST", "object=call&action=read", "", "", 200, ""},
		"basic":             {basic, "POST", end + "&uid=8001@example.net", "", "", 403, "Office Manager"},
		"basic, all":        {basic, "GET", "object=call&action=read&domain=example.net", "", "", 200, ""},
		"other domain":      {manager, "POST", end + "&uid=8001@other.example", "", "", 401, "out of this API key's scope"},
		"other user":        {super, "POST", end + "&uid=8002@example.net", "", "", 404, "call " + id + " does not exist"},
		"no domain":         {super, "POST", end + "&uid=8001", "", "", 400, "own domain"},
		"no uid":            {super, "POST", end, "", "", 400, "lacks uid"},
		"no call":           {super, "POST", "object=call&action=disconnect&uid=8001@example.net", "", "", 400, "lacks callid"},
		"no destination":    {super, "POST", "object=call&action=transfer&uid=8001@example.net&callid=" + id, "", "", 400, "lacks destination"},
		"nowhere":           {super, "POST", "object=call&action=transfer&uid=8001@example.net&destination=411&callid=" + id, "", "", 404, "not reachable"},
		"two calls":         {super, "POST", end + "&uid=8001@example.net", encoded, "callID=another", 400, `"callid" comes twice`},
		"JSON":              {super, "POST", end + "&uid=8001@example.net", "application/json", "{}", 415, "application/json"},
		"a bad form":        {super, "POST", end + "&uid=8001@example.net", encoded, "a=%zz", 400, encoded},
		"a large form":      {super, "POST", end + "&uid=8001@example.net", encoded, "a=" + strings.Repeat("a", 1<<20), 413, "larger than"},
		"another method":    {super, "DELETE", end + "&uid=8001@example.net", "", "", 405, "DELETE is not served"},
		"another action":    {super, "POST", "object=call&action=hold&callid=" + id, "", "", 404, "object=call&action=transfer"},
		"queue, in a form":  {super, "POST", "", encoded, "object=queuedcall&action=create", 404, "object=queuedcall&action=create"},
		"nothing in a form": {super, "POST", "", encoded, "", 404, "is not served here"},
	} {
		t.Run(name, func(t *testing.T) {
			one := *s
			one.t = t
			one.legacy(c.token, c.method, c.query, c.kind, c.body).wants(c.status, c.message)
		})
	}
	if len(l.hears) > 0 || len(l.ended) > 0 {
		t.Error("the call has not stayed as it was")
	}
}

// FuzzLegacyCalls sends parameters in the query and in a body of any kind: none is an
// internal error.
func FuzzLegacyCalls(f *testing.F) {
	const encoded = "application/x-www-form-urlencoded"
	f.Add("object=call&action=read&uid=2000@example.net", encoded, "callID=x")
	f.Add("", encoded, "object=call&action=transfer&callid=x&uid=2000&destination=8001")
	f.Add("object=call&action=disconnect", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"uid\"\r\n\r\n~@~\r\n--b--\r\n")
	f.Add("object=queuedcall&action=create", encoded, "queue=9002")
	f.Add("object=call&action=call&callID=xxx&uid=2000&destination=sip:a@a.example&origination=6020001111", encoded, "")
	f.Fuzz(func(t *testing.T, query, kind, body string) {
		var log strings.Builder
		api, err := nsapi.New(nsapi.Config{Core: core.New(core.Config{Log: logTo(io.Discard), Outside: nobody{}, Barring: open{}}), Log: logTo(&log),
			Keys: []nsapi.Key{{Token: super, Scope: nsapi.OfficeManager, Domain: domain}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			got := serveForm(api, method, query, kind, body)
			if got.Code >= http.StatusInternalServerError || log.Len() > 0 {
				t.Errorf("%s %s answered %d: %s; the log has %s", method, query, got.Code, got.Body, &log)
			}
		}
	})
}
