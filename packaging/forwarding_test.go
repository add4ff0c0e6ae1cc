package packaging_test

import (
	"bufio"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/test/await"
)

// operators are the paths that only the operator asks for, on the machine
// itself.
var operators = []string{"/healthz", "/readyz", "/metrics", "/console/line", "/console/widget"}

// publicPaths returns the paths that the program answers, but for those of the
// operator, with an example for those that go on.
func publicPaths(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../internal/server/*.go", "../internal/answer/*/*.go"} {
		more, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	var paths []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.CompositeLit); ok {
				if path, ok := routePath(literal); ok && !isOperators(path) {
					paths = append(paths, path)
				}
			}
			return true
		})
	}
	if len(paths) < 8 {
		t.Fatalf("the program answers only %v: has its routes' form changed?", paths)
	}
	return paths
}

// routePath returns the path of what is written as a part.Route with one.
func routePath(literal *ast.CompositeLit) (path string, ok bool) {
	named := false
	for _, element := range literal.Elts {
		field, isField := element.(*ast.KeyValueExpr)
		if !isField {
			continue
		}
		key, isName := field.Key.(*ast.Ident)
		if !isName {
			continue
		}
		value, isText := field.Value.(*ast.BasicLit)
		switch {
		case key.Name == "Name":
			named = true
		case key.Name == "Path" && isText:
			path, _ = strconv.Unquote(value.Value)
		}
	}
	path = strings.TrimSuffix(path, "{$}")
	if prefix, name, ok := strings.Cut(path, "{"); ok && strings.HasSuffix(name, "...}") {
		path = prefix
	}
	if path != "/voys-webhook/" && strings.HasSuffix(path, "/") {
		path += "more"
	}
	return path, named && strings.HasPrefix(path, "/")
}

func isOperators(path string) bool {
	return slices.Contains(operators, path) || strings.HasPrefix(path, "/console/")
}

// echo answers each request with what it got.
func echo(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.RequestURI(), r.Header.Values("X-Forwarded-For"), r.Header.Values("X-Forwarded-Proto"))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestProxiesForwardWhatThePublicAsksFor(t *testing.T) {
	paths := publicPaths(t)
	eachProxy(t, echo, func(t *testing.T, p *proxy) {
		for _, path := range paths {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				status, body := p.ask(method, path+"?a=b", nil)
				if want := fmt.Sprintf("%s %s?a=b [%s] [https]", method, path, caller); status != http.StatusOK || body != want {
					t.Errorf("%s %s gets %d %q, want %q", method, path, status, body, want)
				}
			}
		}
	})
}

func TestProxiesKeepTheOperatorsPathsIn(t *testing.T) {
	eachProxy(t, echo, func(t *testing.T, p *proxy) {
		for _, path := range append(operators, "/", "/console/", "/ns-api", "/webresponders", "/oncallers", "/.env") {
			if status, body := p.ask(http.MethodGet, path, nil); status != http.StatusNotFound || strings.HasPrefix(body, "GET") {
				t.Errorf("%s gets %d %s", path, status, body)
			}
		}
	})
}

func TestProxiesDoNotPassOnWhatAClientSaysOfItself(t *testing.T) {
	eachProxy(t, echo, func(t *testing.T, p *proxy) {
		_, body := p.ask(http.MethodGet, "/oncall", http.Header{"X-Forwarded-For": {"203.0.113.9", "198.51.100.7"}, "X-Forwarded-Proto": {"http"}})
		if want := "GET /oncall [" + caller + "] [https]"; body != want {
			t.Errorf("the server is told %q, want %q", body, want)
		}
	})
}

func TestProxiesPassOnEventsAsTheyHappen(t *testing.T) {
	heard := make(chan struct{})
	upstream := func(t *testing.T) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for _, state := range []string{"queued", "calling"} {
				_, _ = fmt.Fprintf(w, "data: %s\n\n", state)
				_ = http.NewResponseController(w).Flush()
				select {
				case <-heard: // the browser has the previous one before the next is sent
				case <-r.Context().Done():
					return
				}
			}
		}))
		t.Cleanup(server.Close)
		return server.Listener.Addr().String()
	}
	eachProxy(t, upstream, func(t *testing.T, p *proxy) {
		ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
		defer cancel()
		response := p.do(ctx, http.MethodGet, "/click-to-call/calls/1", http.Header{"Accept": {"text/event-stream"}})
		defer response.Body.Close()
		lines := bufio.NewReader(response.Body)
		for _, want := range []string{"data: queued\n", "\n", "data: calling\n", "\n"} {
			got, err := lines.ReadString('\n')
			if err != nil || got != want {
				t.Fatalf("the browser gets %q (%v), want %q", got, err, want)
			}
			if want == "\n" {
				heard <- struct{}{}
			}
		}
	})
}

// away is how long the server of the test is not there.
const away = 700 * time.Millisecond

func TestACallThatComesDuringARestartWaits(t *testing.T) {
	for name, start := range proxies {
		t.Run(name, func(t *testing.T) {
			upstream := freeAddress(t)
			p := start(t, upstream)
			type answer struct {
				status int
				body   string
			}
			answered := make(chan answer, 1)
			go func() {
				defer close(answered) // also where there is none
				status, body := p.ask(http.MethodGet, "/voys-webhook", nil)
				answered <- answer{status, body}
			}()
			<-time.After(away)
			listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", upstream)
			if err != nil {
				t.Fatal(err)
			}
			server := &http.Server{ReadHeaderTimeout: await.Limit, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "status=ACK") })}
			go func() { _ = server.Serve(listener) }()
			t.Cleanup(func() { _ = server.Close() })
			if diff := cmp.Diff(answer{http.StatusOK, "status=ACK"}, <-answered, cmp.AllowUnexported(answer{})); diff != "" {
				t.Errorf("the caller gets (-want +got):\n%s\n%s", diff, p.log)
			}
		})
	}
}
