package web_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/web"
)

// TestEachPartHasItsOwnRules has the same handler in all three.
func TestEachPartHasItsOwnRules(t *testing.T) {
	reads := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	route := func(path string) []part.Route { return []part.Route{{Path: path, Name: path, Handler: reads}} }
	handler := web.New(web.Config{
		Routes: part.Routes{
			Webhooks: append(route("/webresponder"), part.Route{Path: "/webresponder/events", Handler: reads, MaxBody: 4 << 20}),
			API:      route("/ns-api/"),
			Operator: route("/console/line"),
		},
		Log: slog.New(slog.DiscardHandler),
	})
	for _, test := range []struct {
		name, path, site string
		body             int
		status           int
		sniff            string
	}{
		{name: "a webhook may be asked from anywhere", path: "/webresponder", site: "cross-site", status: http.StatusOK},
		{name: "the API too: it wants a token", path: "/ns-api/v2/version", site: "cross-site", status: http.StatusOK, sniff: "nosniff"},
		{name: "the operator's part not from a page of others", path: "/console/line", site: "cross-site", status: http.StatusForbidden, sniff: "nosniff"},
		{name: "but by a command", path: "/console/line", status: http.StatusOK, sniff: "nosniff"},
		{name: "a webhook's body is bounded", path: "/webresponder", body: 64<<10 + 1, status: http.StatusRequestEntityTooLarge},
		{name: "a route may take more", path: "/webresponder/events", body: 4 << 20, status: http.StatusOK},
		{name: "and its body is bounded too", path: "/webresponder/events", body: 4<<20 + 1, status: http.StatusRequestEntityTooLarge},
		{name: "a program with a token may send more", path: "/ns-api/", body: 1 << 20, status: http.StatusOK, sniff: "nosniff"},
		{name: "but not more than that", path: "/ns-api/", body: 1<<20 + 1, status: http.StatusRequestEntityTooLarge, sniff: "nosniff"},
		{name: "and the operator's as a webhook's", path: "/console/line", body: 64<<10 + 1, status: http.StatusRequestEntityTooLarge, sniff: "nosniff"},
		{name: "what is in no part is nowhere", path: "/console", status: http.StatusNotFound, sniff: "nosniff"},
		{name: "nor beside them", path: "/elsewhere", status: http.StatusNotFound, sniff: "nosniff"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, test.path, strings.NewReader(strings.Repeat("x", test.body)))
			if test.site != "" {
				r.Header.Set("Sec-Fetch-Site", test.site)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != test.status {
				t.Errorf("status %d, want %d", w.Code, test.status)
			}
			if got := w.Header().Get("X-Content-Type-Options"); got != test.sniff {
				t.Errorf("X-Content-Type-Options %q, want %q", got, test.sniff)
			}
		})
	}
}
