package cli_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/switchhook/switchhook/examples/appointment"
	"github.com/switchhook/switchhook/examples/math"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/internal/tool/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(withPostgres{m}, map[string]func(){
		"switchhook": func() { // as cmd/switchhook does it
			signal.Ignore(syscall.SIGPIPE)
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			main := cli.Main{Version: "0.0.0-test", Program: "switchhook", In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv}
			code := main.Run(ctx, os.Args[1:])
			stop()
			os.Exit(code)
		},
	})
}

// withPostgres runs the tests with a PostgreSQL server.
type withPostgres struct{ m *testing.M }

func (w withPostgres) Run() int { return storetest.Run(w.m) }

// TestCommands runs the scripts of testdata/script against real responders,
// whose addresses are in $MATH, $PRACTICE and $PAGES.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			for name, handler := range map[string]http.Handler{
				"MATH":     math.Handler(),
				"PRACTICE": appointment.Handler(),
				"PAGES":    pages(env),
			} {
				server := httptest.NewServer(handler)
				env.Defer(server.Close)
				env.Setenv(name, server.URL)
			}
			return startPhone(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// replace OLD NEW FILE changes a file's text.
			"replace": func(ts *testscript.TestScript, _ bool, args []string) {
				path := ts.MkAbs(args[2])
				ts.Check(os.WriteFile(path, []byte(strings.ReplaceAll(ts.ReadFile(args[2]), args[0], args[1])), 0o600))
			},
		},
	})
}

// pages serves the script's own files, /FILE, and the mistakes that responders
// make.
func pages(env *testscript.Env) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(env.WorkDir)))
	mux.HandleFunc("/500", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "oh no", http.StatusInternalServerError)
	})
	mux.HandleFunc("/japanese", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml; charset=Shift_JIS")
		_, _ = io.WriteString(w, "<Response><Say>\x82\xB1\x82\xF1\x82\xC9\x82\xBF\x82\xCD & </Say></Response>")
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<Response action="/loop"/>`)
	})
	mux.HandleFunc("/private", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://10.0.0.1/", http.StatusFound)
	})
	mux.HandleFunc("/signed", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("webhook-signature") == "" {
			http.Error(w, "unsigned", http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, `<Say>signed</Say>`)
	})
	return mux
}
