package clicktocall_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestEachPathHasItsAnswer(t *testing.T) {
	const nothing, json = "404 page not found", `{"code":"`
	s := start(t, "45")
	for _, c := range []struct {
		method, path string
		status       int
		begins       string
		allow        string
	}{
		{method: http.MethodGet, path: "/click-to-call", status: 405, begins: "ask with POST", allow: "POST, OPTIONS"},
		{method: http.MethodPost, path: "/click-to-call/", status: 404, begins: nothing},
		{method: http.MethodPut, path: "/click-to-call/token", status: 405, begins: "ask with POST", allow: "POST, OPTIONS"},
		{method: http.MethodPost, path: "/click-to-call/token/", status: 404, begins: nothing},
		{method: http.MethodGet, path: "/click-to-call/calls", status: 404, begins: nothing},
		{method: http.MethodGet, path: "/click-to-call/calls/", status: 404, begins: json + "unknown_id"},
		{method: http.MethodGet, path: "/click-to-call/calls/a/b", status: 404, begins: json + "unknown_id"},
		{method: http.MethodPost, path: "/click-to-call/calls/a", status: 405, begins: "ask with GET", allow: "GET, OPTIONS"},
		{method: http.MethodOptions, path: "/click-to-call/calls/a", status: 204},
		{method: http.MethodGet, path: "/click-to-call/cancel", status: 404, begins: nothing},
		{method: http.MethodGet, path: "/click-to-call/cancel/", status: 404, begins: "<!doctype html>"},
		{method: http.MethodPost, path: "/click-to-call/cancel/a.b/c", status: 404, begins: "<!doctype html>"},
		{method: http.MethodPut, path: "/click-to-call/cancel/a.b", status: 405, begins: "ask with GET or POST", allow: "GET, POST"},
		{method: http.MethodGet, path: "/click-to-call/other", status: 404, begins: nothing},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			w := s.ask(visiting, c.method, c.path, "")
			if w.Code != c.status || !strings.HasPrefix(strings.ToLower(w.Body.String()), strings.ToLower(c.begins)) || w.Header().Get("Allow") != c.allow {
				t.Errorf("%d, Allow %q, %.60s", w.Code, w.Header().Get("Allow"), w.Body)
			}
		})
	}
}
