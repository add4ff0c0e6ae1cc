package web_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/part"
	"github.com/switchhook/switchhook/internal/server/web"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/pipenet"
	"github.com/switchhook/switchhook/test/scrape"
)

// server is a web.Handler behind a real listener.
type server struct {
	*httptest.Server
	t   *testing.T
	log await.Log

	mu       sync.Mutex
	observed []string
}

func serve(t *testing.T, routes ...part.Route) *server {
	t.Helper()
	s := &server{t: t}
	log := slog.New(slog.NewTextHandler(&s.log, nil))
	handler := web.New(web.Config{Routes: part.Routes{Webhooks: routes}, TrustedProxies: proxies, Log: log, Observe: func(route string, status int, _ time.Duration) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.observed = append(s.observed, route+" "+http.StatusText(status))
	}})
	s.Server = httptest.NewUnstartedServer(handler)
	s.Config = web.Server(handler, log)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *server) request(path string) *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *server) do(r *http.Request) (status int, body string) {
	s.t.Helper()
	response, err := s.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// finish stops the server, so that everything is logged and observed.
func (s *server) finish() (log string, observed []string) {
	s.Close()
	return s.log.String(), s.observed
}

func says(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

func TestEachRequestIsOneLineAndCounted(t *testing.T) {
	s := serve(t, part.Route{Path: "/hello", Name: "hello", Handler: says("good day")},
		part.Route{Path: "/probe", Name: "probe", Handler: says("ok"), Quiet: true},
		part.Route{Path: "/ill", Name: "ill", Quiet: true, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
		})})
	r := s.request("/hello?NmsAni=%2B19734321440&key=secret")
	r.Header.Set("X-Forwarded-For", "203.0.113.7")
	s.do(r)
	s.do(s.request("/probe"))
	s.do(s.request("/ill"))
	if status, _ := s.do(s.request("/19734321440")); status != http.StatusNotFound {
		t.Errorf("the status of what is not there is %d", status)
	}
	log, observed := s.finish()
	if diff := cmp.Diff([]string{"hello OK", "probe OK", "ill Service Unavailable", "unknown Not Found"}, observed); diff != "" {
		t.Errorf("observed (- want, + got):\n%s", diff)
	}
	lines := strings.Split(strings.TrimSpace(regexp.MustCompile(`ms=\d+`).ReplaceAllString(log, "ms=0")), "\n")
	if len(lines) != 3 {
		t.Fatalf("the log has %d lines:\n%s", len(lines), log)
	}
	for i, want := range []string{
		"level=INFO msg=request route=hello method=GET status=200 bytes=8 ms=0 client=203.0.113.7",
		"level=ERROR msg=request route=ill method=GET status=503 bytes=0 ms=0 client=127.0.0.1", // a probe that fails is worth a line
		"level=INFO msg=request route=unknown method=GET status=404 bytes=33 ms=0 client=127.0.0.1",
	} {
		if !strings.HasSuffix(lines[i], want) {
			t.Errorf("the line is\n%s, want\n%s", lines[i], want)
		}
	}
	if strings.Contains(log, "9734321440") || strings.Contains(log, "secret") {
		t.Errorf("the log has what only the request should have:\n%s", log)
	}
}

func TestAPanicIsAnErrorOfOneRequest(t *testing.T) {
	s := serve(t, part.Route{Path: "/panic", Name: "panic", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("no entry for +19734321440")
	})}, part.Route{Path: "/late", Name: "late", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "an apology")
		panic(errors.New("a defect"))
	})}, part.Route{Path: "/fine", Name: "fine", Handler: says("fine")})
	if status, body := s.do(s.request("/panic")); status != 500 || body != "something went wrong on our side\n" {
		t.Errorf("the answer is %d %q", status, body)
	}
	if status, body := s.do(s.request("/late")); status != 200 || body != "an apology" { // it has had its answer
		t.Errorf("the answer is %d %q", status, body)
	}
	if status, _ := s.do(s.request("/fine")); status != 200 {
		t.Errorf("afterwards the status is %d", status)
	}
	log, _ := s.finish()
	for _, want := range []string{`msg="handler panicked" route=panic panic="no entry for +1973•••1440" stack="goroutine`, `route=late panic="a defect"`, "route=panic method=GET status=500"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	if strings.Contains(log, "9734321440") {
		t.Errorf("the log has the number in it:\n%s", log)
	}
}

func TestAnAnswerThatIsAbortedIsAborted(t *testing.T) {
	s := serve(t, part.Route{Path: "/abort", Name: "abort", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })})
	if response, err := s.Client().Do(s.request("/abort")); err == nil {
		_ = response.Body.Close()
		t.Errorf("the answer is %d", response.StatusCode)
	}
}

func TestHeadersThatAreTooLargeAreRefused(t *testing.T) {
	s := serve(t, part.Route{Path: "/all", Name: "all", Handler: says("fine")})
	r := s.request("/all")
	r.Header.Set("X-Large", strings.Repeat("x", 64<<10))
	if status, _ := s.do(r); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("the status is %d", status)
	}
}

// TestSlowClientsAreCutOff has clients that send a little at a time, to tie up
// connections.
func TestSlowClientsAreCutOff(t *testing.T) {
	const get = "GET /all HTTP/1.1\r\nHost: x\r\n"
	for name, test := range map[string]struct {
		sends string
		after time.Duration
	}{
		"says nothing":           {"", web.HeaderTimeout},
		"headers without an end": {get, web.HeaderTimeout},
		"a body without an end":  {"POST /all HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsome", web.BodyTimeout},
		"nothing more":           {get + "\r\n", web.IdleTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				handler := web.New(web.Config{Log: slog.New(slog.DiscardHandler), Routes: part.Routes{Webhooks: []part.Route{{Path: "/all", Name: "all", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					_, _ = io.WriteString(w, "fine")
				})}}}})
				client := pipeTo(t, web.Server(handler, slog.New(slog.DiscardHandler)))
				began := time.Now()
				go func() { _, _ = io.WriteString(client, test.sends) }()
				_, _ = io.Copy(io.Discard, client)
				if took := time.Since(began).Round(time.Second); took != test.after {
					t.Errorf("the connection is closed after %v, want %v", took, test.after)
				}
			})
		})
	}
}

// pipeTo serves on one end of a pipe, and returns the other.
func pipeTo(t *testing.T, s *http.Server) net.Conn {
	t.Helper()
	listener := pipenet.Listen()
	var serving sync.WaitGroup
	serving.Go(func() { _ = s.Serve(listener) })
	near, err := listener.Dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = near.Close()
		_ = s.Close()
		serving.Wait()
	})
	return near
}

func TestReadyTellsWhatCannotWorkAndWhy(t *testing.T) {
	fine := func(context.Context) error { return nil }
	for name, test := range map[string]struct {
		checks map[string]part.Check
		status int
		want   string
	}{
		"nothing to look at": {nil, 200, "{}\n"},
		"all is well":        {map[string]part.Check{"entries": fine, "core": fine}, 200, `{"core":"ok","entries":"ok"}` + "\n"},
		"one is not": {map[string]part.Check{"entries": fine, "core": func(context.Context) error { return errors.New("it is <down>") }},
			503, `{"core":"it is <down>","entries":"ok"}` + "\n"},
		"one goes on with what it had": {map[string]part.Check{"entries": func(context.Context) error { return part.Impaired(errors.New("the file is broken")) }},
			200, `{"entries":"the file is broken"}` + "\n"},
		"nothing impairs it": {map[string]part.Check{"entries": func(context.Context) error { return part.Impaired(nil) }}, 200, `{"entries":"ok"}` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			web.Ready(test.checks).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
			if w.Code != test.status || w.Body.String() != test.want {
				t.Errorf("the answer is %d %s, want %d %s", w.Code, w.Body, test.status, test.want)
			}
		})
	}
}

func TestReadyDoesNotWaitLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := httptest.NewRecorder()
		web.Ready(map[string]part.Check{"core": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}).
			ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		if took := time.Since(began); w.Code != 503 || took != 2*time.Second {
			t.Errorf("%d after %v", w.Code, took)
		}
	})
}

func TestAliveSaysOK(t *testing.T) {
	w := httptest.NewRecorder()
	web.Alive().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if w.Code != 200 || w.Body.String() != "ok\n" {
		t.Errorf("the answer is %d %q", w.Code, w.Body)
	}
}

func TestRequestsAreCountedByRouteAndClass(t *testing.T) {
	m := web.NewMetrics()
	for range 3 {
		m.Request("webresponder", 200, 3*time.Millisecond)
	}
	m.Request("webresponder", 404, time.Millisecond)
	got := scrape.Lines(t, m)
	for _, want := range []string{
		`switchhook_request_seconds_count{route="webresponder",status="2xx"} 3`,
		`switchhook_request_seconds_count{route="webresponder",status="4xx"} 1`,
	} {
		if !slices.Contains(got, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
