package respondertest

import (
	"net/http"
	"os"
	"testing"

	"github.com/switchhook/switchhook/internal/call/simulator"
)

// Replay plays a saved call again, against a handler inside this process, and
// fails with the differences if the caller now hears something else. The path of
// the saved target is kept.
func Replay(t testing.TB, handler http.Handler, file string, options ...Option) {
	t.Helper()
	replay(t, simulator.Options{Target: Target, Handler: handler}, file, options)
}

// ReplayURL plays a saved call again at the origin of a URL; with an empty one
// at the origin that the file names.
func ReplayURL(t testing.TB, origin, file string, options ...Option) {
	t.Helper()
	replay(t, simulator.Options{Target: origin}, file, options)
}

func replay(t testing.TB, o simulator.Options, file string, options []Option) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, option := range options {
		option(&o)
	}
	diff, err := simulator.ReplayFile(t.Context(), data, o)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if diff != "" {
		t.Errorf("%s: the call goes differently (- before, + now):\n%s", file, diff)
	}
}

// RunScript runs a script of the command line (press 12#, say …, wait 3, hangup,
// expect …) against a handler, and fails if an expected prompt was never heard
// or the responder failed.
func RunScript(t testing.TB, handler http.Handler, script string, options ...Option) {
	t.Helper()
	o := simulator.Options{Target: Target, Handler: handler}
	for _, option := range options {
		option(&o)
	}
	if err := simulator.RunScript(t.Context(), script, o); err != nil {
		t.Fatal(err)
	}
}
