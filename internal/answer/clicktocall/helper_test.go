package clicktocall_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/pipenet"
)

const (
	domain  = "example.net"
	page    = "https://example.net"
	visitor = "192.0.2.7"
	number  = "12125550123"
	secret  = "correct-horse-battery-staple"
)

const domainsFile = `{
  "sales": {"api_domain": "example.net", "queue": "9002@example.net", "branding": {"button_text": "Call Us Now"}},
  "shop": {"api_domain": "example.net", "queue": "9002", "origins": ["https://example.net"]},
  "office": {"api_domain": "example.net", "queue": "9002@example.net", "time_zone": "America/New_York", "hours": {"mon": ["09:00-17:00"]}},
  "texts": {"api_domain": "example.net", "user": "2000", "from_number": "12125550100", "message": "Open until five."}
}
`

// service is click-to-call with its phone system.
type service struct {
	t       *testing.T
	system  *nstest.System
	store   *store.Store
	entries *entry.Book
	desk    *clicktocall.Desk
	handler *clicktocall.Handler
	log     await.Log

	mu    sync.Mutex
	codes []clicktocall.Code
}

// newSystem gives a phone system a queue, and a user whose number texts come
// from.
func newSystem(system *nstest.System) *nstest.System {
	system.AddDomain(domain)
	system.AddQueue(domain, "9002")
	system.AddUser(domain, "2000")
	system.AddSMSNumber(domain, "12125550100", "2000")
	return system
}

// phoneAt returns a phone system at the other end of pipes, so that the time of
// a synctest bubble goes on, and a client of it.
func phoneAt(t *testing.T, version string) (*nstest.System, *netsapiens.Client) {
	t.Helper()
	system := newSystem(nstest.New(nstest.Quirks{Version: version}))
	t.Cleanup(func() {
		if violations := system.Violations(); violations != nil {
			t.Errorf("the phone system was asked what its API does not allow: %v", violations)
		}
	})
	pipes := pipenet.Serve(t, system).Client(t)
	t.Cleanup(system.Close)
	client, err := netsapiens.New(netsapiens.Config{URL: "http://phone.example.net", Token: nstest.Token, HTTP: pipes})
	if err != nil {
		t.Fatal(err)
	}
	return system, client
}

// start returns a service on a database of its own, with a phone system of a
// version; it is to be called in a synctest bubble.
func start(t *testing.T, version string, change ...func(*service)) *service {
	t.Helper()
	system, client := phoneAt(t, version)
	return startWith(t, system, client, storetest.Open(t, storetest.SQLite(t)), change...)
}

func startWith(t *testing.T, system *nstest.System, client *netsapiens.Client, kept *store.Store, change ...func(*service)) *service {
	t.Helper()
	path := filepath.Join(t.TempDir(), "domains.json")
	if err := os.WriteFile(path, []byte(domainsFile), 0o600); err != nil {
		t.Fatal(err)
	}
	entries, err := entry.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, system: system, store: kept, entries: entries}
	log := slog.New(slog.NewTextHandler(&s.log, nil)).LogAttrs
	s.desk = &clicktocall.Desk{
		Entries: entries, Ledger: kept, PhoneSystem: client, Jobs: kept, Key: clicktocall.NewKey(secret), Log: log,
	}
	s.handler = &clicktocall.Handler{
		Desk: s.desk, Networks: kept, Cancels: kept, URL: &url.URL{Scheme: "https", Host: "hooks.example.net"}, Count: s.count,
		Status: &clicktocall.StatusFeed{Store: kept, PhoneSystem: client, Entries: entries, Log: log},
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func (s *service) count(code clicktocall.Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes = append(s.codes, code)
}

// said is what the server answers.
type said struct {
	Status    int              `json:"-"`
	Header    http.Header      `json:"-"`
	RequestID string           `json:"request_id"`
	State     string           `json:"state"`
	At        string           `json:"at"`
	Cancel    string           `json:"cancel"`
	Code      clicktocall.Code `json:"code"`
	Message   string           `json:"message"`
	Next      string           `json:"next"`
	Token     string           `json:"token"`
	Challenge string           `json:"challenge"`
	Bits      int              `json:"bits"`
	Expires   time.Time        `json:"expires"`
}

// from is who asks: a page, and the address of who looks at it.
type from struct{ origin, address string }

var visiting = from{page, visitor}

// ask sends a request as a browser does.
func (s *service) ask(who from, method, path, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, "https://hooks.example.net"+path, strings.NewReader(body))
	r.RemoteAddr = net.JoinHostPort(who.address, "40000")
	if who.origin != "" {
		r.Header.Set("Origin", who.origin)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	routed(s.handler).ServeHTTP(w, r)
	return w
}

// routed serves a Handler's paths as the server does.
func routed(h *clicktocall.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, route := range h.Routes() {
		mux.Handle(route.Path, route.Handler)
	}
	return mux
}

func (s *service) post(who from, path string, body any) said {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.read(s.ask(who, http.MethodPost, path, string(text)))
}

func (s *service) read(w *httptest.ResponseRecorder) said {
	s.t.Helper()
	answer := said{Status: w.Code, Header: w.Header()}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Header().Get("Content-Type") != "application/json" {
		s.t.Errorf("the answer is no JSON: %s", w.Body)
	}
	return answer
}

// body is what a page sends.
type body map[string]string

// proved returns what a page sends that has a token, and has done its work.
func (s *service) proved(who from, id string, more body) body {
	s.t.Helper()
	token := s.post(who, "/click-to-call/token", body{"id": id})
	b := body{"id": id, "phone": "(212) 555-0123", "token": token.Token}
	if token.Bits > 0 {
		b["nonce"] = solve(token.Challenge, token.Bits)
	}
	maps.Copy(b, more)
	return b
}

// press asks for a call as the button does.
func (s *service) press(who from, id string, more body) said {
	s.t.Helper()
	return s.post(who, "/click-to-call", s.proved(who, id, more))
}

func (s *service) want(got said, status int, code clicktocall.Code) {
	s.t.Helper()
	if got.Status != status || got.Code != code {
		s.t.Errorf("answered %d %s %q, want %d %s", got.Status, got.Code, got.Message, status, code)
	}
}

// wantCalls says how many calls the phone system has been asked for, and took.
func (s *service) wantCalls(n int) {
	s.t.Helper()
	if got := s.system.QueuedCalls(); len(got) != n {
		s.t.Errorf("%d calls were queued, want %d: %+v", len(got), n, got)
	}
}

func (s *service) stateOf(id string) clicktocall.State {
	s.t.Helper()
	c, err := s.store.CallBack(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return c.State
}

// set puts an entry into the file.
func (s *service) set(id, object string) {
	s.t.Helper()
	if _, _, err := s.entries.Import(s.t.Context(), []byte(`{"`+id+`":`+object+`}`)); err != nil {
		s.t.Fatal(err)
	}
}
