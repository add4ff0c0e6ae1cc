package core_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/responder"
)

// fields are an object's members, for tests to write down.
type fields map[string]any

func (f fields) json(tb testing.TB) core.Fields {
	tb.Helper()
	encoded, err := json.Marshal(f)
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := core.ParseFields(encoded)
	if err != nil {
		tb.Fatal(err)
	}
	return parsed
}

// system is a Core with a domain, and a responder that callers reach.
type system struct {
	*core.Core
	t     *testing.T
	clock sync.Mutex
	now   time.Time
	sent  []core.Text
	asked []*responder.Request // what the responder was asked, in order
	mu    sync.Mutex
}

const domain = "example.net"

// newSystem makes a Core whose domain has user 8001, the number 12125550100 that
// leads to it, and an answer rule that forwards to webresponder8001.
func newSystem(t *testing.T) *system {
	t.Helper()
	return newSystemWith(t, core.Config{})
}

// newSystemWith makes one that is configured beyond that.
func newSystemWith(t *testing.T, c core.Config) *system {
	t.Helper()
	s := &system{t: t, now: time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)}
	client := fetch.New(fetch.Options{Guard: fetch.Guard{Loopback: true}})
	t.Cleanup(client.CloseIdle)
	c.Engine = engine.New(engine.Config{Client: client})
	c.Now = func() time.Time {
		s.clock.Lock()
		defer s.clock.Unlock()
		return s.now
	}
	c.Sent = func(text core.Text) { s.sent = append(s.sent, text) }
	s.Core = core.New(c)
	ctx := t.Context()
	_, err := s.CreateDomain(ctx, fields{"domain": domain, "time-zone": "US/Pacific"}.json(t))
	s.must(err)
	s.user("8001", "webresponder8001")
	_, err = s.CreatePhoneNumber(ctx, domain, fields{"phonenumber": "12125550100", "dial-rule-translation-destination-user": "8001"}.json(t))
	s.must(err)
	return s
}

// pass lets time pass, while others may look at the clock.
func (s *system) pass(d time.Duration) {
	s.clock.Lock()
	defer s.clock.Unlock()
	s.now = s.now.Add(d)
}

func (s *system) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// user adds a user, whose calls are forwarded if a destination is given.
func (s *system) user(name, forwardAlways string) {
	s.t.Helper()
	_, err := s.CreateUser(s.t.Context(), domain, fields{"user": name}.json(s.t))
	s.must(err)
	if forwardAlways == "" {
		return
	}
	s.must(s.UpdateAnswerRule(s.t.Context(), domain, name, "*", fields{
		"forward-always": fields{"enabled": "yes", "parameters": []string{forwardAlways}},
	}.json(s.t)))
}

// rule adds a dial rule for To Web.
func (s *system) rule(to, parameter string) core.Object {
	s.t.Helper()
	made, err := s.CreateDialRule(s.t.Context(), domain, domain, fields{
		"dial-rule-matching-to-uri": to, "dial-rule-application": "To Web", "dial-rule-parameter": parameter,
	}.json(s.t))
	s.must(err)
	return made
}

// responder answers with a document, and remembers what it was asked.
func (s *system) responder(verbs ...responder.Verb) string {
	server := httptest.NewServer(responder.Handle(func(_ context.Context, req *responder.Request) (responder.Document, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, req)
		return responder.Respond(verbs...), nil
	}))
	s.t.Cleanup(server.Close)
	return server.URL
}

// handler serves anything else.
func (s *system) handler(h http.Handler) string {
	server := httptest.NewServer(h)
	s.t.Cleanup(server.Close)
	return server.URL
}

// place calls a number and returns what the caller heard and what happened.
func (s *system) place(from, to string) (core.Call, []string, []trace.Stamped, error) {
	l := &line{}
	var events []trace.Stamped
	call, err := s.Place(s.t.Context(), from, to, l, func(event trace.Stamped) { events = append(events, event) })
	return call, l.heard, events, err
}

// line is a caller who listens, says nothing, and whose clock stands still.
type line struct {
	heard  []string
	hungUp bool
}

func (l *line) Now() time.Duration { return 0 }

func (l *line) Play(_ context.Context, prompt engine.Prompt, _ *engine.Listening) (engine.Played, error) {
	if speech, ok := prompt.(engine.Speech); ok {
		l.heard = append(l.heard, speech.Text)
	}
	return engine.Played{}, nil
}

func (l *line) Listen(context.Context, *engine.Listening, time.Duration) (engine.Input, error) {
	return engine.Input{}, nil
}

func (l *line) Hangup(context.Context, engine.Cause) error {
	l.hungUp = true
	return nil
}
