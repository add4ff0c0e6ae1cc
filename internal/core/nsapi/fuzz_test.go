package nsapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/nsapi"
)

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// FuzzRequests sends requests of any path and body: each gets an answer in
// JSON, and none is an internal error.
func FuzzRequests(f *testing.F) {
	for _, seed := range [][3]string{
		{"GET", "/domains/example.net/users?limit=1&start=0", ""},
		{"GET", "/domains/example.net/dialplans/example.net/dialrules/Kg==/", ""},
		{"GET", "/domains/~/users/~/answerrules/*", ""},
		{"GET", "/domains/%2e%2e/users/%zz", ""},
		{"GET", "//domains//", ""},
		{"POST", "/domains", `{"domain":"x"}`},
		{"POST", "/domains/example.net/users", `{"user":"1","name-first-name":"a","name-last-name":"b","email-address":"c@d","user-scope":"NDP","synchronous":"yes"}`},
		{"POST", "/domains/example.net/dialplans/example.net/dialrules", `{"dial-rule-matching-to-uri":"[1-5]*","dial-rule-matching-day-of-week":"[0-6]","dial-rule-translation-destination-user":"[*]"}`},
		{"PUT", "/domains/example.net/users/2000/answerrules/*", `{"enabled":"yes","is-active":1,"forward-always":{"enabled":true,"parameters":[1]}}`},
		{"POST", "/domains/example.net/phonenumbers", `{"phonenumber":12125550100,"dial-rule-translation-destination-user":"2000"}`},
		{"POST", "/domains/example.net/smsnumbers", `{"number":"1","application":"user","dest":"2000"}`},
		{"POST", "/domains/example.net/users/2000/messages", `{"type":"sms","message":"x","destination":[1,"2",{}],"from-number":"1"}`},
		{"POST", "/subscriptions", `{"model":"message","post-url":"https://h/","domain":"*","user":2000,"subscription-expires-datetime":"2030-01-01 00:00:00"}`},
		{"PUT", "/domains/example.net/subscriptions/0123", `{"error-count":0}`},
		{"POST", "/domains/example.net/queuedcall/9002", `{"destination":"12125550123"}`},
		{"DELETE", "/domains/example.net/users/2000", `{`},
		{"GET", "/domains/~/users/~/calls?start=1", ""},
		{"PATCH", "/domains/example.net/users/2000/calls/x/transfer", `{"call-term-user":2000}`},
		{"POST", "/domains/example.net/users/2000/calls", `{"synchronous":"yes","call-id":"x","call-orig-user":16020001111,"call-term-user":"sip:a@a.example","caller-id-number":null}`},
	} {
		f.Add(seed[0], seed[1], []byte(seed[2]))
	}
	f.Fuzz(func(t *testing.T, method, path string, body []byte) {
		u, err := url.Parse("/ns-api/v2" + path)
		if err != nil || !isToken(method) {
			return
		}
		var log bytes.Buffer
		c := core.New(core.Config{Log: logTo(io.Discard), Outside: nobody{}, Barring: open{}})
		api, err := nsapi.New(nsapi.Config{Core: c, Keys: []nsapi.Key{{Token: super, Scope: nsapi.SuperUser, Domain: domain, User: "2000"}}, Log: logTo(&log)})
		if err != nil {
			t.Fatal(err)
		}
		for path, body := range map[string]string{
			"/domains": `{"domain":"example.net"}`,
		} {
			serve(api, http.MethodPost, &url.URL{Path: "/ns-api/v2" + path}, []byte(body))
		}
		serve(api, http.MethodPost, &url.URL{Path: "/ns-api/v2/domains/example.net/users"}, []byte(`{"user":"2000","name-first-name":"a","name-last-name":"b","email-address":"c@d","user-scope":"NDP"}`))
		got := serve(api, method, u, body)
		if got.Code >= 500 || !json.Valid(got.Body.Bytes()) || log.Len() > 0 {
			t.Errorf("%s %s answered %d: %s; the log has %s", method, u, got.Code, got.Body, &log)
		}
		// Whatever was written, a call can be routed.
		if _, err := c.Place(t.Context(), "+19734321440", "12125550100", nil, nil); err != nil && !strings.HasPrefix(err.Error(), "not reachable") {
			t.Errorf("after %s %s a call fails: %v", method, u, err)
		}
	})
}

func serve(h http.Handler, method string, u *url.URL, body []byte) *httptest.ResponseRecorder {
	r := &http.Request{Method: method, URL: u, Header: http.Header{"Authorization": {"Bearer " + super}}, Body: io.NopCloser(bytes.NewReader(body))}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// serveForm sends a request to the legacy API.
func serveForm(h http.Handler, method, query, kind, body string) *httptest.ResponseRecorder {
	r := &http.Request{
		Method: method, URL: &url.URL{Path: "/ns-api/", RawQuery: query}, Body: io.NopCloser(strings.NewReader(body)),
		Header: http.Header{"Authorization": {"Bearer " + super}, "Content-Type": {kind}},
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func isToken(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
