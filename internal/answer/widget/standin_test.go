package widget_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/bits"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/widget"
)

// hook stands in for our server: it speaks the wire format, and refuses with
// 400 what is not of it, which fails the test.
type hook struct {
	t       *testing.T
	server  *httptest.Server
	scripts widget.Scripts

	mu      sync.Mutex
	entries map[string]*entry.Entry
	origin  string // of the pages that may ask
	tokens  map[string]string
	made    int            // tokens
	calls   map[string]int // how often each call was asked for, by its key
	posts   []post
	states  []string // of the one call, in order
	changed chan struct{}
	as      behaviour
}

// behaviour is how a hook differs from the usual.
type behaviour struct {
	work   int                           // bits of proof
	answer func(n int, p post) *answer   // to the n-th press, from 0; nil: as usual
	token  func(n int) *answer           // the same for a token
	follow func(r *http.Request) *answer // the same for progress
	hold   func(n int) <-chan struct{}   // the n-th press is answered after this
}

// will changes how the hook behaves.
func (h *hook) will(b behaviour) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.as = b
}

func (h *hook) behaves() behaviour {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.as
}

// serves lets pages of an origin ask.
func (h *hook) serves(origin string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.origin = origin
}

func (h *hook) page() (origin string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.origin
}

// post is a press of the button.
type post struct {
	ID    string `json:"id"`
	Phone string `json:"phone"`
	Token string `json:"token"`
	Nonce string `json:"nonce"`
	Key   string `json:"idempotency_key"`
	At    string `json:"at"`
}

// answer is one that differs from the usual.
type answer struct {
	status int
	body   string
	header map[string]string
}

const requestID = "req_4fJ2kQ"

func newHook(t *testing.T, entries ...*entry.Entry) *hook {
	h := &hook{t: t, entries: map[string]*entry.Entry{}, tokens: map[string]string{}, calls: map[string]int{}, states: []string{"queued"}, changed: make(chan struct{})}
	for _, e := range entries {
		h.entries[e.ID] = e
	}
	h.server = httptest.NewServer(h)
	t.Cleanup(h.server.Close)
	t.Cleanup(h.server.CloseClientConnections) // of streams, which have no end
	return h
}

// url is the server as visitors reach it: at another host than their page, and
// by plain http, where browsers offer the least.
func (h *hook) url() string { return strings.Replace(h.server.URL, "127.0.0.1", "hooks.test", 1) }

// wrong fails the test: the script does not keep to the wire format.
func (h *hook) wrong(w http.ResponseWriter, format string, args ...any) {
	h.t.Errorf("wire format: "+format, args...)
	say(w, http.StatusBadRequest, `{"code":"bad_request","message":"the test says why"}`)
}

func say(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if path == "/widget.js" {
		h.serveScript(w, r)
		return
	}
	page := h.page()
	if origin := r.Header.Get("Origin"); origin != page {
		h.wrong(w, "%s %s comes from %q", r.Method, path, origin)
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", page)
	w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
	switch progress, ok := strings.CutPrefix(path, "/click-to-call/calls/"); {
	case r.Header.Get("Cookie") != "" || r.Header.Get("Authorization") != "":
		h.wrong(w, "%s %s with credentials", r.Method, path)
	case ok && r.Method == http.MethodGet && progress == requestID:
		h.serveProgress(w, r)
	case path != "/click-to-call" && path != "/click-to-call/token":
		h.wrong(w, "there is no %s %s", r.Method, path)
	case r.Method == http.MethodOptions:
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "content-type" || r.Header.Get("Access-Control-Request-Method") != http.MethodPost {
			h.wrong(w, "preflight of %s with %q", path, asked)
		}
		w.Header().Set("Access-Control-Allow-Headers", "content-type")
		w.Header().Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json":
		h.wrong(w, "%s %s of %q", r.Method, path, r.Header.Get("Content-Type"))
	case path == "/click-to-call":
		h.servePress(w, r)
	default:
		h.serveToken(w, r)
	}
}

func (h *hook) serveScript(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	e := h.entries[id]
	if e == nil {
		widget.Unknown(id).ServeHTTP(w, r)
		return
	}
	made, err := h.scripts.Script(e, widget.Options{URL: h.url(), Lang: r.URL.Query().Get("lang"), AcceptLanguage: r.Header.Get("Accept-Language")})
	if err != nil {
		h.t.Error(err)
		return
	}
	made.ServeHTTP(w, r)
}

// decode reads a body that is an object with the fields named, and none else.
func decode(r *http.Request, into any, fields ...string) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(body, &given); err != nil {
		return err
	}
	delete(given, "at")
	if got := slices.Sorted(maps.Keys(given)); !slices.Equal(got, fields) {
		return fmt.Errorf("the fields are %q, not %q", got, fields)
	}
	return json.Unmarshal(body, into)
}

func (h *hook) serveToken(w http.ResponseWriter, r *http.Request) {
	var asked struct{ ID string }
	if err := decode(r, &asked, "id"); err != nil || h.entries[asked.ID] == nil {
		h.wrong(w, "token: %v", err)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.made
	h.made++
	if h.as.token != nil {
		if other := h.as.token(n); other != nil {
			other.serve(w)
			return
		}
	}
	// As long as a real one: its proof takes more than one block of SHA-256.
	token, challenge := rand.Text(), rand.Text()+rand.Text()+strings.Repeat("x", n*13%70)
	h.tokens[token] = challenge
	say(w, http.StatusOK, fmt.Sprintf(`{"token":%q,"challenge":%q,"bits":%d,"expires":%q}`, token, challenge, h.as.work, time.Now().Add(time.Hour).Format(time.RFC3339)))
}

func (a *answer) serve(w http.ResponseWriter) {
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	say(w, a.status, a.body)
}

var keyForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

func (h *hook) servePress(w http.ResponseWriter, r *http.Request) {
	var p post
	if err := decode(r, &p, "id", "idempotency_key", "nonce", "phone", "token"); err != nil {
		h.wrong(w, "press: %v", err)
		return
	}
	h.mu.Lock()
	n := len(h.posts)
	h.posts = append(h.posts, p)
	challenge, known := h.tokens[p.Token]
	delete(h.tokens, p.Token)
	h.mu.Unlock()

	as := h.behaves()
	_, atErr := time.Parse(time.RFC3339, p.At)
	switch {
	case h.entries[p.ID] == nil || p.Phone == "" || !keyForm.MatchString(p.Key):
		h.wrong(w, "press: %+v", p)
		return
	case p.At != "" && (atErr != nil || strings.HasSuffix(p.At, "Z")):
		h.wrong(w, "at %q: %v", p.At, atErr)
		return
	case !known:
		h.wrong(w, "a token is unknown, or used twice: %+v", p)
		return
	case !proven(challenge, p.Nonce, as.work):
		h.wrong(w, "the nonce %q is no proof for %q", p.Nonce, challenge)
		return
	}
	if as.hold != nil {
		if wait := as.hold(n); wait != nil {
			<-wait
		}
	}
	if as.answer != nil {
		if other := as.answer(n, p); other != nil {
			other.serve(w)
			return
		}
	}
	h.mu.Lock()
	h.calls[p.Key]++
	state := h.states[len(h.states)-1]
	h.mu.Unlock()
	if p.At != "" {
		say(w, http.StatusAccepted, fmt.Sprintf(`{"request_id":%q,"state":"scheduled","at":%q,"cancel":"%s/click-to-call/cancel/secret"}`, requestID, p.At, h.url()))
		return
	}
	say(w, http.StatusAccepted, fmt.Sprintf(`{"request_id":%q,"state":%q}`, requestID, state))
}

// proven is the server's side of the proof of work.
func proven(challenge, nonce string, work int) bool {
	sum := sha256.Sum256([]byte(challenge + ":" + nonce))
	zeros := 0
	for _, b := range sum {
		zeros += bits.LeadingZeros8(b)
		if b != 0 {
			break
		}
	}
	return zeros >= work
}

func (h *hook) serveProgress(w http.ResponseWriter, r *http.Request) {
	if as := h.behaves(); as.follow != nil {
		if other := as.follow(r); other != nil {
			other.serve(w)
			return
		}
	}
	h.mu.Lock()
	told, changed := len(h.states)-1, h.changed
	h.mu.Unlock()
	if r.Header.Get("Accept") != "text/event-stream" {
		say(w, http.StatusOK, h.progress(told))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		_, _ = fmt.Fprintf(w, "data: %s\n\n", h.progress(told))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
		h.mu.Lock()
		told, changed = len(h.states)-1, h.changed
		h.mu.Unlock()
	}
}

func (h *hook) progress(n int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprintf(`{"request_id":%q,"state":%q}`, requestID, h.states[n])
}

// becomes lets the phone system say something of the call.
func (h *hook) becomes(state string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.states = append(h.states, state)
	close(h.changed)
	h.changed = make(chan struct{})
}

// pressed returns the presses so far, and how many calls they are.
func (h *hook) pressed() (presses []post, calls int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.posts), len(h.calls)
}

// strict is a page's policy as docs/widget.md says that it may be; HOOK stands
// for the hook's address.
const strict = "default-src 'none'; script-src HOOK; connect-src HOOK; base-uri 'none'; form-action 'none'"

// site is somebody's web site, at another host than the hook.
type site struct {
	server       *httptest.Server
	url          string
	hook         *hook
	page, policy string // with HOOK in them
}

func newSite(t *testing.T, h *hook, page, policy string) *site {
	s := &site{hook: h, page: page, policy: policy}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	s.url = strings.Replace(s.server.URL, "127.0.0.1", "shop.test", 1)
	h.serves(s.url)
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	fill := strings.NewReplacer("HOOK", s.hook.url())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", fill.Replace(s.policy))
	_, _ = fill.WriteString(w, s.page)
}

// shop is a page with the tag that operators give their customers.
const shop = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>A shop</title></head><body><main><h1>A shop</h1><p>We sell pumps. <a href="#pumps">See them all</a>.</p></main>
<script src="HOOK/widget.js?id=pressone.net-sales"></script></body></html>`

// visit opens a page of a shop with the contract's entry.
func visit(t *testing.T) (*tab, *hook, *site) {
	t.Helper()
	h := newHook(t, sales())
	s := newSite(t, h, shop, strict+"; require-trusted-types-for 'script'")
	w := newTab(t)
	w.open(s.url)
	w.state("idle")
	return w, h, s
}

// visit is the same in a tab that is there; the shop is another one.
func (w *tab) visit(t *testing.T) *hook {
	t.Helper()
	w.t = t
	h := newHook(t, sales())
	w.open(newSite(t, h, shop, strict).url)
	w.state("idle")
	return h
}
