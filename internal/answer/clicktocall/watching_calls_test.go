package clicktocall_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/netsapiens/nstest"
)

func (s *service) progress(id string) string {
	s.t.Helper()
	return s.read(s.ask(visiting, http.MethodGet, "/click-to-call/calls/"+id, "")).State
}

func TestVisitorHearsHowTheCallStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "45")
		id := s.press(visiting, "sales", nil).RequestID
		for _, want := range []string{"queued", "queued", "queued"} {
			if got := s.progress(id); got != want {
				t.Errorf("it is %s, want %s", got, want)
			}
			time.Sleep(time.Minute)
		}
		s.system.Break(nstest.ListQueuedCalls, 1, nstest.Says(503, ""))
		if got := s.progress(id); got != "queued" {
			t.Errorf("while it cannot be asked it is %s", got)
		}
		time.Sleep(3 * time.Second)
		s.system.TakeQueuedCalls(number)
		if got := s.progress(id); got != "calling" {
			t.Errorf("it is %s", got)
		}
		time.Sleep(3 * time.Minute)
		if got := s.progress(id); got != "closed" {
			t.Errorf("it is %s", got)
		}
		if got := s.progress("of-nobody"); got != "" {
			t.Errorf("there is one of nobody: %s", got)
		}
	})
}

// TestACallThatWasSeenWaitingIsCallingOnceItIsGone checks the first of two calls
// while it waits. The other may not show in its queue yet: for five seconds its
// state is unknown.
func TestACallThatWasSeenWaitingIsCallingOnceItIsGone(t *testing.T) {
	for seen, want := range map[bool]string{true: "calling", false: "queued"} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, "45")
			id := s.press(visiting, "sales", nil).RequestID
			if seen {
				s.progress(id)
			}
			s.system.TakeQueuedCalls(number)
			time.Sleep(2 * time.Second)
			if got := s.progress(id); got != want {
				t.Errorf("seen before: %v; it is %s, want %s", seen, got, want)
			}
			time.Sleep(4 * time.Second)
			if got := s.progress(id); got != "calling" {
				t.Errorf("seen before: %v; at last it is %s", seen, got)
			}
		})
	}
}

func TestPhoneSystemIsNotAskedForEachLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "45")
		id := s.press(visiting, "sales", nil).RequestID
		time.Sleep(10 * time.Second)
		before := len(s.system.Requests())
		for range 100 {
			s.progress(id)
		}
		if asked := len(s.system.Requests()) - before; asked != 1 {
			t.Errorf("it was asked %d times", asked)
		}
	})
}

func TestOldPhoneSystemTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "44")
		id := s.press(visiting, "sales", nil).RequestID
		time.Sleep(14 * time.Minute)
		if got := s.progress(id); got != "queued" {
			t.Errorf("it is %s", got)
		}
		time.Sleep(2 * time.Minute)
		if got := s.progress(id); got != "closed" {
			t.Errorf("it is %s", got)
		}
	})
}

func TestPagesThatMayNotAskMayNotWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "")
		id := s.press(visiting, "shop", nil).RequestID
		got := s.read(s.ask(from{"https://evil.example", visitor}, http.MethodGet, "/click-to-call/calls/"+id, ""))
		s.want(got, http.StatusForbidden, clicktocall.OriginRefused)
		if got.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%v", got.Header)
		}
		if got := s.progress(id); got != "queued" {
			t.Errorf("it is %s", got)
		}
	})
}

func TestChangesComeAsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "45")
		id := s.press(visiting, "sales", nil).RequestID
		watch := func() (events []string, took time.Duration) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/click-to-call/calls/"+id, nil)
			r.Header.Set("Accept", "text/event-stream")
			r.Header.Set("Origin", page)
			w := httptest.NewRecorder()
			began := time.Now()
			routed(s.handler).ServeHTTP(w, r)
			if w.Header().Get("Content-Type") != "text/event-stream" || w.Header().Get("Access-Control-Allow-Origin") != page || !w.Flushed {
				t.Errorf("%v", w.Header())
			}
			for line := range strings.Lines(w.Body.String()) {
				if data, ok := strings.CutPrefix(line, "data: "); ok {
					events = append(events, strings.TrimSpace(data))
				}
			}
			return events, time.Since(began)
		}
		time.AfterFunc(10*time.Second, func() { s.system.TakeQueuedCalls(number) })
		event := func(state string) string { return `{"request_id":"` + id + `","state":"` + state + `"}` }
		events, took := watch()
		if diff := cmp.Diff([]string{event("queued"), event("calling")}, events); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if took != 25*time.Second {
			t.Errorf("it took %v", took)
		}
		time.Sleep(time.Minute + 40*time.Second)
		events, took = watch()
		if diff := cmp.Diff([]string{event("calling"), event("closed")}, events); diff != "" || took >= 25*time.Second {
			t.Errorf("events in %v (-want +got):\n%s", took, diff)
		}
		events, took = watch()
		if diff := cmp.Diff([]string{event("closed")}, events); diff != "" || took != 0 {
			t.Errorf("events in %v (-want +got):\n%s", took, diff)
		}
	})
}

// TestStreamsEndWhenTheServerStops has a visitor follow a call while the server
// begins to stop, and one who comes after that: each sees how the call stands,
// and no more.
func TestStreamsEndWhenTheServerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stopping := make(chan struct{})
		s := start(t, "45", func(s *service) { s.handler.Status.Stopping = stopping })
		id := s.press(visiting, "sales", nil).RequestID
		time.AfterFunc(3500*time.Millisecond, func() { close(stopping) })
		for _, want := range []time.Duration{3500 * time.Millisecond, 0} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/click-to-call/calls/"+id, nil)
			r.Header.Set("Accept", "text/event-stream")
			w := httptest.NewRecorder()
			began := time.Now()
			routed(s.handler).ServeHTTP(w, r)
			if took := time.Since(began); took != want || !strings.Contains(w.Body.String(), `"state":"queued"`) {
				t.Errorf("the stream ends after %v, want %v: %s", took, want, w.Body)
			}
		}
	})
}
