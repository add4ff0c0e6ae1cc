package engine_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

const spared = "not asked: it failed 5 times in a row; the next try is in 30 s"

// TestCircuitBreakerSparesADeadResponder is a responder's bad day, on a clock
// that the test controls.
func TestCircuitBreakerSparesADeadResponder(t *testing.T) {
	now := time.Unix(0, 0)
	healthy, requests := false, 0
	calls := over(t, &network{handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests++; !healthy {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = io.WriteString(w, `<Say>Hello.</Say>`)
	})}, engine.Config{Now: func() time.Time { return now }})
	call := func() (failed string) {
		t.Helper()
		line := newHandset()
		_, events := calls.place(line)
		request := of[trace.Request](events)[0]
		if (request.Error == "") != (line.said() == "Hello.") || request.Error != "" && line.said() != apology {
			t.Errorf("%q was heard where %q failed", line.said(), request.Error)
		}
		if strings.HasPrefix(request.Error, "not asked") != (request.Code == "SH310") {
			t.Errorf("%q has the code %s", request.Error, request.Code)
		}
		return request.Error
	}
	for range 5 {
		if got := call(); got != "it answered 502 Bad Gateway" {
			t.Errorf("failed: %q", got)
		}
	}
	for range 100 {
		if got := call(); got != spared {
			t.Fatalf("failed: %q", got)
		}
	}
	now = now.Add(29*time.Second + 1)
	if got := call(); got != "not asked: it failed 5 times in a row; the next try is in 1 s" {
		t.Errorf("failed: %q", got)
	}

	now = now.Add(time.Second) // one call tries, the next ones wait for it
	if got := call(); got != "it answered 502 Bad Gateway" {
		t.Errorf("failed: %q", got)
	}
	if got := call(); got != spared {
		t.Errorf("failed: %q", got)
	}
	if requests != 6 {
		t.Errorf("%d requests, want 6", requests)
	}

	now, healthy = now.Add(31*time.Second), true
	for range 3 {
		if got := call(); got != "" {
			t.Errorf("failed: %q", got)
		}
	}
	healthy = false // it takes five again
	for range 5 {
		if got := call(); got != "it answered 502 Bad Gateway" {
			t.Errorf("failed: %q", got)
		}
	}
	if got := call(); got != spared {
		t.Errorf("failed: %q", got)
	}
}

func TestCircuitBreakerIsOneOriginsOwn(t *testing.T) {
	calls := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "dead.example" {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, `<Say>Hello.</Say>`)
	}))
	for range 6 {
		calls.placeCall(newHandset(), engine.Call{URL: at("http://dead.example/a")})
	}
	for _, c := range []struct{ target, heard string }{
		{"http://dead.example/another/page", apology},
		{"http://DEAD.example/", apology},
		{"http://dead.example:8080/", "Hello."},
		{"http://alive.example/", "Hello."},
	} {
		line := newHandset()
		if calls.placeCall(line, engine.Call{URL: at(c.target)}); line.said() != c.heard {
			t.Errorf("%s: heard %q", c.target, line.said())
		}
	}
}

// TestOnlyOutagesOpenTheCircuit: what is wrong with one document or one address
// says nothing about the next call.
func TestOnlyOutagesOpenTheCircuit(t *testing.T) {
	for _, c := range []struct {
		name  string
		asks  func(http.ResponseWriter, *http.Request)
		opens bool
	}{
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, true},
		{"no answer", raw(""), true},
		{"no HTTP", raw("hello"), true},
		{"404", http.NotFound, false},
		{"401", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, false},
		{"429", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, false},
		{"HTML", body("<html/>"), false},
		{"empty", body(""), false},
		{"endless", endless(strings.Repeat(" ", 4096), 0), false},
		{"a circle", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			calls := against(t, http.HandlerFunc(c.asks))
			var failed string
			for range 7 {
				_, events := calls.place(newHandset())
				failed = of[trace.Request](events)[0].Error
			}
			if opened := failed == spared; opened != c.opens {
				t.Errorf("the seventh call failed: %q", failed)
			}
		})
	}
}

// TestCallerWhoHangsUpIsNoOutage: impatience says nothing about a responder.
func TestCallerWhoHangsUpIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fast atomic.Bool
		calls := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !fast.Load() {
				<-r.Context().Done()
				return
			}
			_, _ = io.WriteString(w, `<Say>Hello.</Say>`)
		}))
		for range 10 {
			ctx, hangUp := contextWithHangup(t)
			time.AfterFunc(time.Second, hangUp)
			outcome := calls.engine.Run(ctx, newHandset(), engine.Call{URL: at(start)}, func(trace.Stamped) {})
			if outcome.By != trace.ByCaller {
				t.Fatalf("outcome %+v", outcome)
			}
		}
		fast.Store(true)
		line := newHandset()
		if calls.place(line); line.said() != "Hello." {
			t.Errorf("heard %q", line.said())
		}
	})
}

// TestOneCallTriesWhileTheOthersWait has the call that tries take its time.
func TestOneCallTriesWhileTheOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := false
		calls := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hangs {
				_, _ = io.Copy(io.Discard, r.Body) // or the server would not see the client go
				<-r.Context().Done()
				return
			}
			w.WriteHeader(500)
		}))
		for range 5 {
			calls.place(newHandset())
		}
		time.Sleep(31 * time.Second) // by the bubble's clock
		hangs = true
		tries := make(chan string)
		go func() {
			_, events := calls.placeCall(newHandset(), engine.Call{Method: http.MethodPost})
			tries <- of[trace.Request](events)[0].Code
		}()
		synctest.Wait()
		if _, events := calls.place(newHandset()); of[trace.Request](events)[0].Error != spared {
			t.Errorf("a second call tried: %q", story(events))
		}
		if code := <-tries; code != engine.CodeTimeout {
			t.Errorf("the call that tried failed with %s", code)
		}
	})
}

// TestCircuitBreakersAreBounded has more origins fail than are remembered, as a
// stranger's documents may: the oldest are forgotten and asked again.
func TestCircuitBreakersAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without large inputs")
	}
	n := &network{handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })}
	calls := over(t, n, engine.Config{})
	first := at("http://first.example/")
	for range 6 {
		_, events := calls.placeCall(newHandset(), engine.Call{URL: first})
		if got := of[trace.Request](events)[0].Error; got != "it answered 500 Internal Server Error" && got != spared {
			t.Fatalf("failed: %q", got)
		}
	}
	for i := range 10_000 {
		calls.placeCall(newHandset(), engine.Call{URL: at(fmt.Sprintf("http://%d.first.example:1/", i)), Method: http.MethodPost})
	}
	_, events := calls.placeCall(newHandset(), engine.Call{URL: first})
	if got := of[trace.Request](events)[0].Error; got != "it answered 500 Internal Server Error" {
		t.Errorf("failed: %q", got)
	}
}
