package nsapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/nsapi"
	"github.com/switchhook/switchhook/netsapiens"
)

const queued = in + "/queuedcall/9002"

// addQueue adds the call queue 9002.
func (s *system) addQueue() {
	s.t.Helper()
	queue := user("9002")
	queue["service-code"] = "system-queue"
	s.do("POST", in+"/users", queue).wants(http.StatusAccepted, "Accepted")
}

// form returns fields, names and values in turn, as multipart/form-data.
func form(t *testing.T, fields ...string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), b.String()
}

// legacy sends a request to the legacy API.
func (s *system) legacy(token, method, query, contentType, body string) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/ns-api/?"+query, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", contentType)
	return s.send(r)
}

func TestQueuedCallsAreTakenAndListed(t *testing.T) {
	s := newSystem(t)
	s.addQueue()
	if got := s.do("GET", queued, nil).wants(http.StatusOK, "").list(); len(got) != 0 {
		t.Errorf("an empty queue has %v", got)
	}
	made := s.doAs(manager, "POST", queued, object{"destination": "12125550123", "note": 1}).wants(http.StatusOK, "").object()
	kind, body := form(t, "destination", "12125550124", "queue", "9002@example.net", "uid", "9002@example.net")
	s.legacy(manager, "POST", "object=queuedcall&action=create", kind, body).wants(http.StatusAccepted, "Accepted")
	got := s.doAs(readOnly, "GET", queued, nil).wants(http.StatusOK, "").list()
	if len(got) != 2 || got[0]["id"] != made["id"] || got[0]["destination"] != "12125550123" || got[0]["note"] != 1.0 ||
		got[1]["destination"] != "12125550124" || got[1]["status"] != "queued" || got[1]["callqueue"] != "9002" || got[1]["domain"] != domain {
		t.Errorf("the queue has %v", got)
	}
	if got := s.do("GET", queued+"?start=1&limit=1", nil).wants(http.StatusOK, "").list(); len(got) != 1 || got[0]["destination"] != "12125550124" {
		t.Errorf("a part of it is %v", got)
	}
}

func TestQueuedCallsThatAreRefused(t *testing.T) {
	s := newSystem(t)
	s.addQueue()
	s.do("POST", "/domains", object{"domain": "other.example"}).wants(http.StatusAccepted, "Accepted")
	to := object{"destination": "12125550123"}
	for _, c := range []struct {
		token, method, path string
		body                object
		status              int
		message             string
	}{
		{super, "POST", queued, object{}, 400, "the body lacks destination"},
		{super, "POST", queued, object{"destination": "front desk"}, 400, "is not a telephone number"},
		{super, "POST", in + "/queuedcall/2000", to, 404, "call queue 2000 of example.net does not exist"},
		{super, "GET", in + "/queuedcall/9003", nil, 404, "call queue 9003 of example.net does not exist"},
		{super, "POST", "/domains/example.org/queuedcall/9002", to, 404, "domain example.org does not exist"},
		{super, "DELETE", queued, nil, 405, "DELETE is not served"},
		{super, "GET", queued + "?limit=0", nil, 400, "limit"},
		{manager, "POST", "/domains/other.example/queuedcall/9002", to, 401, "out of this API key's scope"},
		{basic, "POST", queued, to, 403, "Office Manager"},
		{basic, "GET", queued, nil, 403, "Office Manager"},
		{readOnly, "POST", queued, to, 403, "only read"},
	} {
		s.doAs(c.token, c.method, c.path, c.body).wants(c.status, c.message)
	}
}

func TestLegacyQueuedCallsThatAreRefused(t *testing.T) {
	s := newSystem(t)
	s.addQueue()
	const create = "object=queuedcall&action=create"
	kind, good := form(t, "destination", "12125550123", "queue", "9002@example.net", "uid", "9002@example.net")
	made := func(fields ...string) string {
		other, body := form(t, fields...)
		_, wants, _ := strings.Cut(kind, "boundary=")
		_, has, _ := strings.Cut(other, "boundary=")
		return strings.ReplaceAll(body, has, wants)
	}
	for name, c := range map[string]struct {
		token, method, query, kind, body string
		status                           int
		message                          string
	}{
		"nobody":        {"", "POST", create, kind, good, 401, "no API key was given"},
		"reader":        {readOnly, "POST", create, kind, good, 403, "only read"},
		"basic":         {basic, "POST", create, kind, good, 403, "Office Manager"},
		"other domain":  {manager, "POST", create, kind, made("destination", "1", "queue", "9002@other.example", "uid", "x"), 401, "out of this API key's scope"},
		"other object":  {super, "POST", "object=call&action=create", kind, good, 404, "the legacy API (object=…) is not served here, but for"},
		"other action":  {super, "POST", "object=queuedcall&action=read", kind, good, 404, "is not served here"},
		"method":        {super, "GET", create, kind, "", 405, "GET is not served"},
		"JSON":          {super, "POST", create, "application/json", `{}`, 415, "multipart/form-data alone"},
		"no boundary":   {super, "POST", create, "multipart/form-data", good, 400, "of its boundary"},
		"no end":        {super, "POST", create, kind, good[:len(good)-12], 400, "before it is whole"},
		"too large":     {super, "POST", create, kind, made("destination", strings.Repeat("1", 1<<20)), 413, "larger than"},
		"twice":         {super, "POST", create, kind, made("queue", "a", "queue", "b"), 400, `"queue" comes twice`},
		"no uid":        {super, "POST", create, kind, made("destination", "1", "queue", "9002@example.net"), 400, "lacks uid"},
		"no domain":     {super, "POST", create, kind, made("destination", "1", "queue", "9002", "uid", "9002"), 400, "9002@example.net"},
		"no such queue": {super, "POST", create, kind, made("destination", "1", "queue", "9@example.net", "uid", "9"), 404, "call queue 9 of example.net does not exist"},
		"no number":     {super, "POST", create, kind, made("destination", "", "queue", "9002@example.net", "uid", "x"), 400, "is not a telephone number"},
	} {
		t.Run(name, func(t *testing.T) {
			one := *s
			one.t = t
			one.legacy(c.token, c.method, c.query, c.kind, c.body).wants(c.status, c.message)
		})
	}
}

// The client chooses by the version; it sees what waits.
func TestClientQueuesCalls(t *testing.T) {
	s := newSystem(t)
	s.addQueue()
	c := s.client(manager)
	call := netsapiens.QueuedCall{Queue: "9002@example.net", Number: "+12125550123"}
	if waits, err := c.HasQueuedCall(t.Context(), call); err != nil || waits {
		t.Errorf("before: %v, %v", waits, err)
	}
	if err := c.QueueCall(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if waits, err := c.HasQueuedCall(t.Context(), call); err != nil || !waits {
		t.Errorf("after: %v, %v", waits, err)
	}
	if err := c.QueueCall(t.Context(), netsapiens.QueuedCall{Queue: "9003@example.net", Number: "12125550123"}); !netsapiens.NotFound(err) {
		t.Errorf("in no queue: %v", err)
	}
}

// FuzzForms sends forms to the legacy API: none is an internal error.
func FuzzForms(f *testing.F) {
	f.Add("--b\r\nContent-Disposition: form-data; name=\"queue\"\r\n\r\n9002@example.net\r\n--b--\r\n")
	f.Add("--b\r\nContent-Disposition: form-data; name=\"destination\"\r\n\r\n12125550123\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"queue\"\r\n\r\n9002@example.net\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"uid\"\r\n\r\n9002@example.net\r\n--b--\r\n")
	f.Add("--b\r\nContent-Disposition: form-data; name=\"destination\"; filename=\"x\"\r\n\r\n\xff\r\n--b--")
	f.Fuzz(func(t *testing.T, body string) {
		var log bytes.Buffer
		api, err := nsapi.New(nsapi.Config{Core: core.New(core.Config{Log: logTo(io.Discard)}), Keys: []nsapi.Key{{Token: super, Scope: nsapi.SuperUser}}, Log: logTo(&log)})
		if err != nil {
			t.Fatal(err)
		}
		serve(api, http.MethodPost, &url.URL{Path: "/ns-api/v2/domains"}, []byte(`{"domain":"example.net"}`))
		serve(api, http.MethodPost, &url.URL{Path: "/ns-api/v2" + in + "/users"}, []byte(`{"user":"9002","service-code":"system-queue",`+
			`"name-first-name":"a","name-last-name":"b","email-address":"c@d","user-scope":"NDP"}`))
		r := httptest.NewRequest(http.MethodPost, "/ns-api/?object=queuedcall&action=create", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+super)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError || !json.Valid(w.Body.Bytes()) || log.Len() > 0 {
			t.Errorf("answered %d: %s; the log has %s", w.Code, w.Body, &log)
		}
	})
}
