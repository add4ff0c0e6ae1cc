package textback_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/ledger"
	"github.com/switchhook/switchhook/internal/answer/provision"
	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/internal/store"
	"github.com/switchhook/switchhook/internal/store/storetest"
	"github.com/switchhook/switchhook/netsapiens"
	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/pipenet"
)

// The documents of the service that this one replaces.
const (
	success = `<Response><Say>We've texted you our hours and directions…</Say><Hangup/></Response>`
	apology = `<Response><Say>Sorry, we could not send directions at this time.</Say><Hangup/></Response>`
)

const (
	domain  = "example.net"
	id      = "example.net-sms"
	from    = "12125550100"
	message = "Our hours are Mon-Fri 9am-5pm. We are at 123 Main St, Tampa FL."
	secret  = "correct-horse-battery-staple"
)

const domainsFile = `{
  "example.net-sms": {
    "api_domain": "example.net",
    "user": "2000",
    "ns_system_user": "8001",
    "from_number": "12125550100",
    "message": "Our hours are Mon-Fri 9am-5pm. We are at 123 Main St, Tampa FL."
  },
  "example.net-sales": {
    "api_domain": "example.net",
    "queue": "9002@example.net",
    "branding": {"button_text": "Call Us Now"}
  }
}
`

// service is text-back with its phone system.
type service struct {
	t       *testing.T
	system  *nstest.System
	client  *netsapiens.Client
	path    string // of domains.json
	entries *entry.Book
	store   *store.Store
	webhook *textback.Webhook
	form    *textback.Form
	log     await.Log

	mu      sync.Mutex
	reasons []textback.Reason
}

// newSystem returns a phone system with a user 2000 who owns a number for
// texts.
func newSystem(system *nstest.System) *nstest.System {
	system.AddDomain(domain)
	system.AddUser(domain, "2000")
	system.AddUser(domain, "3000")
	system.AddSMSNumber(domain, from, "2000")
	system.AddSMSNumber(domain, "12125550199", "")
	return system
}

// start returns a service whose phone system listens on a port. Its callers have
// the patience that a busy machine needs.
func start(t *testing.T, change ...func(*textback.Config)) *service {
	t.Helper()
	system := newSystem(nstest.Start(t, nstest.Quirks{}))
	change = append([]func(*textback.Config){func(c *textback.Config) { c.Patience = await.Limit }}, change...)
	return startWith(t, system, netsapiens.Config{URL: system.URL, Token: nstest.Token, Timeout: await.Limit}, change...)
}

// startInBubble returns a service whose phone system is at the other end of
// pipes, so that the time of a synctest bubble goes on.
func startInBubble(t *testing.T, change ...func(*textback.Config)) *service {
	t.Helper()
	system := newSystem(nstest.New(nstest.Quirks{}))
	t.Cleanup(func() {
		if violations := system.Violations(); violations != nil {
			t.Errorf("the phone system was asked what its API does not allow: %v", violations)
		}
	})
	client := pipenet.Serve(t, system).Client(t)
	t.Cleanup(system.Close)
	return startWith(t, system, netsapiens.Config{URL: "http://phone.example.net", Token: nstest.Token, HTTP: client}, change...)
}

func startWith(t *testing.T, system *nstest.System, c netsapiens.Config, change ...func(*textback.Config)) *service {
	t.Helper()
	client, err := netsapiens.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	s := &service{t: t, system: system, client: client, path: filepath.Join(t.TempDir(), "domains.json")}
	if err := os.WriteFile(s.path, []byte(domainsFile), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.entries, err = entry.Open(s.path, nil); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&s.log, nil))
	s.store = storetest.Open(t, storetest.SQLite(t))
	config := textback.Config{
		Entries: s.entries, Ledger: s.store, Sender: client, Log: log.LogAttrs, Count: s.count,
		URL: &url.URL{Scheme: "https", Host: "hooks.example.net", Path: "/webresponder"},
	}
	for _, c := range change {
		c(&config)
	}
	if s.webhook, err = textback.NewWebhook(config); err != nil {
		t.Fatal(err)
	}
	public, err := url.Parse("https://hooks.example.net")
	if err != nil {
		t.Fatal(err)
	}
	s.form = &textback.Form{
		Secret: secret, Store: s.entries, Log: log.LogAttrs,
		Provision: &provision.Provisioner{API: client, PublicURL: public, Email: "operations@example.net"},
	}
	return s
}

func (s *service) count(reason textback.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reasons = append(s.reasons, reason)
}

// call has the phone system ask the webhook, and returns what the caller hears.
func (s *service) call(caller, callID string) string {
	s.t.Helper()
	return s.get(query(id, caller, callID))
}

func query(id, caller, callID string) url.Values {
	q := url.Values{"id": {id}, "NmsAni": {caller}, "NmsDnis": {"2125551212"}}
	if callID != "" {
		q.Set("OrigCallID", callID)
	}
	return q
}

func (s *service) get(q url.Values) string {
	s.t.Helper()
	return s.ask(httptest.NewRequest(http.MethodGet, "/webresponder?"+q.Encode(), nil))
}

func (s *service) ask(r *http.Request) string {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.webhook.ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/xml; charset=utf-8" || w.Header().Get("Cache-Control") != "no-store" {
		s.t.Errorf("the answer has status %d and headers %v", w.Code, w.Header())
	}
	return w.Body.String()
}

// set puts an entry into the file: the usual one with other fields. A nil field
// is left out.
func (s *service) set(id string, fields map[string]any) {
	s.t.Helper()
	e := map[string]any{"api_domain": domain, "user": "2000", "ns_system_user": "8001", "from_number": from, "message": message}
	maps.Copy(e, fields)
	maps.DeleteFunc(e, func(_ string, value any) bool { return value == nil })
	text, err := json.Marshal(map[string]any{id: e})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, _, err := s.entries.Import(s.t.Context(), text); err != nil {
		s.t.Fatal(err)
	}
	if odd := s.entries.Oddities(); odd != nil {
		s.t.Fatal(odd)
	}
}

// only returns the one text that the ledger has.
func (s *service) only() ledger.Text {
	s.t.Helper()
	texts, err := s.store.Texts(s.t.Context(), ledger.Query{})
	if err != nil || len(texts) != 1 {
		s.t.Fatalf("the ledger has %+v, %v", texts, err)
	}
	return texts[0]
}

// dossier returns what is known of a number.
func (s *service) dossier(number string) store.Dossier {
	s.t.Helper()
	d, err := s.store.Dossier(s.t.Context(), number)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// suppress puts a number on the list.
func (s *service) suppress(sup ledger.Suppression) {
	s.t.Helper()
	if err := s.store.Suppress(s.t.Context(), sup); err != nil {
		s.t.Fatal(err)
	}
}

// wantTexts says how many texts have gone out.
func (s *service) wantTexts(n int) {
	s.t.Helper()
	if got := s.system.Messages(); len(got) != n {
		s.t.Errorf("%d texts went out, want %d: %+v", len(got), n, got)
	}
}

func (s *service) wantReasons(want ...textback.Reason) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if diff := cmp.Diff(want, s.reasons); diff != "" {
		s.t.Errorf("reasons (- want, + got):\n%s", diff)
	}
}

func wantXML(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("the caller hears\n%s, want\n%s", got, want)
	}
}

// post sends a form, as a form service does, and returns status and answer.
func (s *service) post(fields url.Values) (int, string) {
	s.t.Helper()
	return s.send("application/x-www-form-urlencoded", fields.Encode(), nil)
}

func (s *service) send(contentType, body string, header http.Header) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/update-sms", strings.NewReader(body))
	maps.Copy(r.Header, header)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	s.form.ServeHTTP(w, r)
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		s.t.Errorf("the answer is of type %q", got)
	}
	return w.Code, strings.TrimSuffix(w.Body.String(), "\n")
}

// whole is a form with every field.
func whole(change url.Values) url.Values {
	fields := url.Values{
		"id": {"example.org-sms"}, "secret": {secret}, "api_domain": {domain}, "user": {"2000"},
		"ns_system_user": {"8002"}, "from_number": {from}, "message": {"We are open from 9 to 5."},
	}
	maps.Copy(fields, change)
	return fields
}

func (s *service) text(id string) entry.Text {
	s.t.Helper()
	e, ok := s.entries.Get(id)
	if !ok {
		s.t.Fatalf("there is no entry %s", id)
	}
	return e.Text
}

// zeros is a body without an end.
type zeros struct{ read int64 }

func (z *zeros) Read(p []byte) (int, error) {
	clear(p)
	z.read += int64(len(p))
	return len(p), nil
}

var _ io.Reader = (*zeros)(nil)

// outbox returns an Outbox of the service.
func (s *service) outbox(p textback.Policy) *textback.Outbox {
	return &textback.Outbox{Queue: s.store, Sender: s.client, Finder: s.client, Policy: p}
}

// work runs the background work once: it takes on interrupted attempts, and
// makes the attempts that are due. It returns when each text is due again.
func (s *service) work(o *textback.Outbox) (again map[string]time.Time) {
	s.t.Helper()
	if _, err := s.store.Sweep(s.t.Context(), time.Now()); err != nil {
		s.t.Fatal(err)
	}
	texts, err := s.store.Texts(s.t.Context(), ledger.Query{State: ledger.Queued})
	if err != nil {
		s.t.Fatal(err)
	}
	again = map[string]time.Time{}
	for _, text := range texts {
		if again[text.ID], err = o.Work(s.t.Context(), text.ID); err != nil {
			s.t.Error(err)
		}
	}
	return again
}

// smsOf is a text as the phone system's client takes it.
func smsOf(t ledger.Text) netsapiens.SMS {
	return netsapiens.SMS{Domain: t.Domain, User: t.User, Session: t.Session, From: t.From, To: t.To, Message: t.Message}
}
