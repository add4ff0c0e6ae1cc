package simulator_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// place runs a call against a handler, or the target of the options.
func place(t *testing.T, o simulator.Options) *simulator.Result {
	t.Helper()
	if o.Target == "" {
		o.Target = target
	}
	result, err := simulator.Call(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// told is a call's events with their times, as people read them: without the
// answer and the requests that succeeded.
func told(events []trace.Stamped) []string {
	var lines []string
	for _, stamped := range events {
		switch e := stamped.Event.(type) {
		case trace.Answer, trace.Streamed:
			continue
		case trace.Request:
			if e.Error == "" {
				continue
			}
		case trace.Gather:
			lines = append(lines, fmt.Sprintf("%.2f gather %q %q %s", stamped.At.Seconds(), e.Digits, e.Speech, e.Ended))
			continue
		}
		lines = append(lines, fmt.Sprintf("%.2f %s", stamped.At.Seconds(), trace.Transcript(stamped.Event)))
	}
	return lines
}

// same compares a call with what it should be.
func same(t *testing.T, want []string, result *simulator.Result) {
	t.Helper()
	if diff := cmp.Diff(want, told(result.Events)); diff != "" {
		t.Errorf("the call (-want +got):\n%s", diff)
	}
}

// recorded notes the requests that reach a handler.
func recorded(asked *[]string, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := r.Method + " " + r.RequestURI
		if r.Header.Get("webhook-signature") != "" {
			line += " signed"
		}
		*asked = append(*asked, line)
		handler.ServeHTTP(w, r)
	})
}

// ctx is for calls inside a rapid.Check, which provides none.
var ctx = context.Background()
