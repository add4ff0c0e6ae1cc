package nsapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/core/nsapi"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/responder"
)

const domain = "example.net"

// Tokens of the keys that every system has.
const (
	super    = "nss_super-user-of-tests"
	manager  = "nsd_office-manager-of-tests"
	basic    = "nsu_basic-user-of-tests"
	readOnly = "nss_read-only-of-tests"
)

// system is a Core with its API over HTTP.
type system struct {
	t    *testing.T
	core *core.Core
	url  string
	sent []core.Text
	log  bytes.Buffer
}

// newSystem starts a system with a domain and its user 2000.
func newSystem(t *testing.T) *system {
	t.Helper()
	return newSystemWith(t, core.Config{})
}

// newSystemWith starts one whose Core is configured beyond that.
func newSystemWith(t *testing.T, c core.Config) *system {
	t.Helper()
	s := &system{t: t}
	client := fetch.New(fetch.Options{Guard: fetch.Guard{Loopback: true}})
	t.Cleanup(client.CloseIdle)
	now := func() time.Time { return time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC) }
	c.Engine, c.Now = engine.New(engine.Config{Client: client}), now
	c.Sent = func(text core.Text) { s.sent = append(s.sent, text) }
	s.core = core.New(c)
	api, err := nsapi.New(nsapi.Config{
		Core: s.core,
		Keys: []nsapi.Key{
			{Token: super, Scope: nsapi.SuperUser, Description: "of the tests"},
			{Token: manager, Scope: nsapi.OfficeManager, Domain: domain},
			{Token: basic, Scope: nsapi.BasicUser, Domain: domain, User: "2000"},
			{Token: readOnly, Scope: nsapi.SuperUser, ReadOnly: true},
		},
		Hostname: "core1.example.net",
		Now:      now,
		Log:      logTo(&s.log),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	s.url = server.URL
	s.do("POST", "/domains", object{"domain": domain, "synchronous": "yes"}).wants(http.StatusOK, "")
	s.do("POST", "/domains/"+domain+"/users", user("2000")).wants(http.StatusAccepted, "Accepted")
	return s
}

// object is a JSON object.
type object map[string]any

// user is the body that makes a user.
func user(name string) object {
	return object{"user": name, "name-first-name": "Web", "name-last-name": "Responder", "email-address": "operations@example.net", "user-scope": "Simple User"}
}

// forward is the body that makes an answer rule forward always.
func forward(to string) object {
	return object{"time-frame": "*", "enabled": "yes", "is-active": true, "forward-always": object{"enabled": "yes", "parameters": []string{to}}}
}

// answer is what came back.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
}

// do sends a request as the super user.
func (s *system) do(method, path string, body any) answer {
	s.t.Helper()
	return s.doAs(super, method, path, body)
}

func (s *system) doAs(token, method, path string, body any) answer {
	s.t.Helper()
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			s.t.Fatal(err)
		}
		content = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/ns-api/v2"+path, content)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	return s.send(r)
}

func (s *system) send(r *http.Request) answer {
	s.t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if got := response.Header.Get("Content-Type"); got != "application/json" || !json.Valid(body) {
		s.t.Errorf("%s %s: %s: %s", r.Method, r.URL, got, body)
	}
	return answer{s.t, r.Method + " " + r.URL.Path, response.StatusCode, response.Header, body}
}

// wants checks the status, and that the message has a part. An answer with a
// message repeats its status.
func (a answer) wants(status int, message string) answer {
	a.t.Helper()
	var said struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if message != "" {
		if err := json.Unmarshal(a.body, &said); err != nil {
			a.t.Errorf("%s: %v: %s", a.what, err, a.body)
		}
	}
	if a.status != status || !strings.Contains(said.Message, message) || message != "" && said.Code != status {
		a.t.Fatalf("%s answered %d: %s, want %d with %q", a.what, a.status, a.body, status, message)
	}
	return a
}

// object returns the answer as an object.
func (a answer) object() object {
	a.t.Helper()
	var o object
	if err := json.Unmarshal(a.body, &o); err != nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.body)
	}
	return o
}

// list returns the answer as an array of objects.
func (a answer) list() []object {
	a.t.Helper()
	var list []object
	if err := json.Unmarshal(a.body, &list); err != nil || list == nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.body)
	}
	return list
}

// says returns the address of a responder that says a text.
func (s *system) says(text string) string {
	server := httptest.NewServer(responder.Handle(func(context.Context, *responder.Request) (responder.Document, error) {
		return responder.Respond(responder.Say{Text: text}, responder.Hangup{}), nil
	}))
	s.t.Cleanup(server.Close)
	return server.URL
}

// line is a caller who listens.
type line struct{ heard []string }

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

func (l *line) Hangup(context.Context, engine.Cause) error { return nil }
