package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/test/await"
)

// busy is a responder of which each call does something for long, and that is told of
// the Core's events.
type busy struct {
	mu       sync.Mutex
	document string
	events   []map[string]any
	slow     chan struct{} // gets one for each request that is not answered
}

func (b *busy) say(document string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.document, b.events = document, nil
}

func (b *busy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		b.mu.Lock()
		defer b.mu.Unlock()
		_, _ = io.WriteString(w, b.document)
	case "/slow":
		b.slow <- struct{}{}
		<-r.Context().Done()
	case "/second":
		_, _ = io.WriteString(w, `<Say>Second.</Say>`)
	case "/kept":
		_, _ = io.WriteString(w, `<Hangup/>`)
	case "/stream":
		b.listen(w, r)
	case "/events":
		var events []map[string]any
		_ = json.NewDecoder(r.Body).Decode(&events) // what is missing shows
		b.mu.Lock()
		defer b.mu.Unlock()
		b.events = append(b.events, events...)
	}
}

// listen is the program of a media stream.
func (b *busy) listen(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	for {
		if _, _, err := conn.Read(r.Context()); err != nil {
			return
		}
	}
}

// told returns a member of the events of a model, in order.
func (b *busy) told(model, member string) (values []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if _, record := e["call-disconnect-reason-text"]; record == (model == "cdr") {
			values = append(values, fmt.Sprint(e[member]))
		}
	}
	return values
}

// verbs are what a call can be in the middle of.
var verbs = []struct {
	name, document string
	during         simulator.SceneKind
}{
	{"a Say", `<Say>` + strings.Repeat("and so on ", 100) + `</Say>`, simulator.Hearing},
	{"a Play", `<Play>PLAY</Play>`, simulator.Hearing},
	{"a Gather", `<Gather timeout="60" action="/never"/>`, simulator.Collecting},
	{"a Gather's prompt", `<Gather timeout="60" action="/never"><Say>` + strings.Repeat("and so on ", 100) + `</Say></Gather>`, simulator.Hearing},
	{"an Echo", `<Echo/>`, simulator.Echoing},
	{"a Record", `<Record action="/kept"/>`, simulator.Recording},
	{"a stream", `<Connect action="/never"><Stream url="/stream"/></Connect>`, simulator.Streaming},
	{"a fork", `<Response><Start><Stream url="/stream"/></Start><Echo/></Response>`, simulator.Echoing},
	{"a Forward", `<Forward>user_8003</Forward>`, -1},
}

// newControlled starts a Core whose number leads to a responder that keeps each call
// busy, and whose user 8002 says so.
func newControlled(t *testing.T) (*phoneSystem, *busy) {
	t.Helper()
	b := &busy{slow: make(chan struct{}, 1)}
	responder := httptest.NewServer(b)
	t.Cleanup(responder.Close)
	s := startCore(t)
	s.lead(t, responder.URL+"/")
	s.leadTo(t, "8002", responder.URL+"/second")
	s.leadTo(t, "8003", responder.URL+"/slow")
	for _, model := range []string{"call", "cdr"} {
		s.provision(t, http.MethodPost, "/subscriptions", `{"model":"`+model+`","post-url":"`+responder.URL+`/events"}`)
	}
	return s, b
}

// interrupt places a call, and calls do with its id in the middle of a verb.
func (s *phoneSystem) interrupt(t *testing.T, b *busy, during simulator.SceneKind, do func(id string)) *simulator.Result {
	t.Helper()
	var once sync.Once
	var doing sync.WaitGroup
	interrupt := func() {
		once.Do(func() {
			doing.Go(func() {
				var calls []map[string]string
				status, answer := s.ask(t, http.MethodGet, "/v2/domains/~/users/~/calls", "")
				if err := json.Unmarshal(answer, &calls); status != http.StatusOK || err != nil || len(calls) != 1 {
					t.Errorf("the live calls: %d %s", status, answer)
					return
				}
				do(calls[0]["call-orig-call-id"])
			})
		})
	}
	handset := &simulator.Handset{Watch: func(scene simulator.Scene) {
		if scene.Kind == during {
			interrupt()
		}
	}}
	ended := make(chan struct{})
	doing.Go(func() {
		select {
		case <-b.slow:
			interrupt()
		case <-ended:
		}
	})
	result, err := simulator.Live(t.Context(), simulator.Options{To: "2125551212", Place: s.dialer(t).Place, HangupAfter: await.Limit}, handset)
	close(ended)
	doing.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// stored returns the call that the Core has stored last.
func (s *phoneSystem) stored(t *testing.T) (outcome, trace string) {
	t.Helper()
	calls, err := s.StoredCalls(t.Context())
	if err != nil || len(calls) == 0 {
		t.Fatalf("stored: %d calls, %v", len(calls), err)
	}
	return calls[0].Outcome, string(calls[0].Trace)
}

// file is a minute of silence.
func file(t *testing.T) string {
	t.Helper()
	const length = 60 * 8000
	header := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x07\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x00\x53\x07\x00")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(append(slices.Clone(header), slices.Repeat([]byte{0xFF}, length)...))
	}))
	t.Cleanup(server.Close)
	return server.URL + "/minute.wav"
}

// TestACallIsTransferredInTheMiddleOfAnything transfers a terminal's calls with
// requests such as curl sends.
func TestACallIsTransferredInTheMiddleOfAnything(t *testing.T) {
	s, b := newControlled(t)
	minute := file(t)
	for _, verb := range verbs {
		t.Run(verb.name, func(t *testing.T) {
			b.say(strings.ReplaceAll(verb.document, "PLAY", minute))
			var id string
			result := s.interrupt(t, b, verb.during, func(its string) {
				id = its
				if status, answer := s.ask(t, http.MethodPatch, "/v2/domains/~/users/~/calls/"+id+"/transfer", `{"call-term-user":"8002"}`); status != http.StatusAccepted {
					t.Errorf("the transfer: %d %s", status, answer)
				}
			})
			if heard := simulator.Heard(result.Events); len(heard) == 0 || heard[len(heard)-1] != "Second." || result.Outcome.By != trace.ByEnd {
				t.Errorf("the caller heard %q; the call ended so: %+v", heard, result.Outcome)
			}
			if outcome, events := s.stored(t); outcome != result.Outcome.Reason || !strings.Contains(events, `"event":"forward","to":"8002"`) || !strings.Contains(events, "Second.") {
				t.Errorf("stored with %q:\n%s", outcome, events)
			}
			legs := 2
			if verb.name == "a Forward" {
				legs = 3
			}
			await.That(t, "the records of the call", func() bool { return len(b.told("cdr", "id")) == legs })
			if reasons := b.told("cdr", "call-disconnect-reason-text"); reasons[legs-2] != "Transfer" || reasons[legs-1] != "Term: Bye" {
				t.Errorf("the records say %q", reasons)
			}
			// The last event of the call before may come late, and that of this one.
			await.That(t, "the events of all legs", func() bool {
				ids := slices.DeleteFunc(b.told("call", "call-orig-call-id"), func(of string) bool { return of != id })
				return len(ids) >= 2*legs
			})
		})
	}
}

func TestACallIsDisconnectedInTheMiddleOfAnything(t *testing.T) {
	s, b := newControlled(t)
	minute := file(t)
	for _, verb := range verbs {
		t.Run(verb.name, func(t *testing.T) {
			b.say(strings.ReplaceAll(verb.document, "PLAY", minute))
			began := time.Now()
			result := s.interrupt(t, b, verb.during, func(id string) {
				if status, answer := s.ask(t, http.MethodGet, "/?object=call&action=disconnect&callid="+id+"&uid=~@example.net", ""); status != http.StatusAccepted {
					t.Errorf("the disconnect: %d %s", status, answer)
				}
				if status, answer := s.ask(t, http.MethodGet, "/v2/domains/example.net/calls", ""); status != http.StatusOK || strings.TrimSpace(string(answer)) != "[]" {
					t.Errorf("live calls after it: %d %s", status, answer)
				}
			})
			if o := result.Outcome; o.By != trace.ByEngine || o.Failed || !strings.Contains(o.Reason, "disconnected through the API") || time.Since(began) > await.Limit/2 {
				t.Errorf("the call ended so: %+v", o)
			}
			if outcome, events := s.stored(t); outcome != result.Outcome.Reason || !strings.Contains(events, `"event":"hangup","by":"engine"`) {
				t.Errorf("stored with %q:\n%s", outcome, events)
			}
			await.That(t, "the last record of the call", func() bool {
				reasons := b.told("cdr", "call-disconnect-reason-text")
				return len(reasons) > 0 && reasons[len(reasons)-1] == "Term: Bye"
			})
		})
	}
}
