package app_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/app"
	"github.com/switchhook/switchhook/internal/config"
)

// Secrets of the server that is guessed at.
const (
	formsSecret  = "the-secret-of-the-forms"
	onCallSecret = "the-secret-of-the-dial-plan"
	entryKey     = "the-key-of-the-dial-rule"
)

// guessed is a server, asked without a network.
type guessed struct {
	t *testing.T
	*app.App
	token string // the operator's
}

// startGuessed wires a server that has every place where secrets are compared.
func startGuessed(t *testing.T) *guessed {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"switchhook.toml": `listen = "127.0.0.1:0"
public_url = "https://hooks.example.net"
data = "data"
domains_file = "domains.json"
[netsapiens]
url = "https://phones.example.net"
token = "nsd_of-the-phone-system"
[forms]
secret = "` + formsSecret + `"
[oncall]
secret = "` + onCallSecret + `"
[[oncall.source]]
kind = "file"
path = "rota.toml"
[core]
domain = "example.net"
`,
		"domains.json": `{"first":{"api_domain":"example.net","user":"8001","from_number":"19294873999","message":"Open.","key":"` + entryKey + `"},
"second":{"api_domain":"example.org","user":"8001","from_number":"19294873998","message":"Open.","key":"` + entryKey + `"}}`,
		"rota.toml": "[[person]]\nid = \"ann\"\nnumbers = [\"+31611111111\"]\n[[shift]]\npeople = [\"ann\"]\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	settings, err := config.Load(config.Sources{Path: "switchhook.toml", Dir: folder})
	if err != nil {
		t.Fatal(err)
	}
	g := &guessed{t: t}
	if g.App, err = app.New(t.Context(), settings, app.Options{Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	if g.token, err = app.OperatorToken(filepath.Join(folder, "data")); err != nil {
		t.Fatal(err)
	}
	return g
}

// answer is what somebody is answered who shows a secret.
type answer struct {
	status int
	body   string
	header http.Header
}

// ask shows a secret from an address.
func (g *guessed) ask(p place, address, secret string) answer {
	g.t.Helper()
	target, body := p.path, ""
	if p.inQuery != "" {
		target += "&" + p.inQuery + "=" + url.QueryEscape(secret)
	}
	if p.form {
		body = url.Values{"id": {"first"}, "secret": {secret}}.Encode()
	}
	r := httptest.NewRequestWithContext(g.t.Context(), p.method, target, strings.NewReader(body))
	r.RemoteAddr = address + ":4711"
	if p.form {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if p.bearer {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	w := httptest.NewRecorder()
	g.Handler().ServeHTTP(w, r)
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return answer{w.Code, string(text), w.Header()}
}

// place is where secrets are compared.
type place struct {
	name, method, path string
	inQuery            string // the parameter that holds it
	form, bearer       bool
	wrong, waits       int // the statuses
}

var (
	updateSMS  = place{name: "the form for texts", method: http.MethodPost, path: "/update-sms", form: true, wrong: http.StatusForbidden, waits: http.StatusTooManyRequests}
	webhook    = place{name: "an entry's webhook", method: http.MethodGet, path: "/webresponder?id=first&NmsAni=2125550123&OrigCallID=1", inQuery: "key", wrong: http.StatusOK, waits: http.StatusOK}
	voys       = place{name: "the webhook of on-call", method: http.MethodGet, path: "/voys-webhook?callerid=1", inQuery: "secret_key", wrong: http.StatusUnauthorized, waits: http.StatusTooManyRequests}
	oncallXML  = place{name: "the responder of on-call", method: http.MethodGet, path: "/oncall?callerid=1", inQuery: "secret_key", wrong: http.StatusUnauthorized, waits: http.StatusTooManyRequests}
	metricsAt  = place{name: "metrics", method: http.MethodGet, path: "/metrics", bearer: true, wrong: http.StatusUnauthorized, waits: http.StatusTooManyRequests}
	eventsAt   = place{name: "events", method: http.MethodPost, path: "/webresponder/events?domain=example.net", inQuery: "key", wrong: http.StatusForbidden, waits: http.StatusTooManyRequests}
	guessables = []place{
		updateSMS, webhook, voys, oncallXML, metricsAt, eventsAt,
		{name: "the form for buttons", method: http.MethodPost, path: "/update-domain", form: true, wrong: http.StatusForbidden, waits: http.StatusTooManyRequests},
		{name: "notifications of calls", method: http.MethodPost, path: "/oncall/voys-notifications?x=1", inQuery: "secret_key", wrong: http.StatusUnauthorized, waits: http.StatusTooManyRequests},
		{name: "the widget's preview", method: http.MethodGet, path: "/console/widget?id=first", bearer: true, wrong: http.StatusUnauthorized, waits: http.StatusTooManyRequests},
		{name: "lines of the Core", method: http.MethodGet, path: "/console/line", bearer: true, wrong: http.StatusUnauthorized, waits: http.StatusTooManyRequests},
		{name: "routes of the Core", method: http.MethodGet, path: "/console/route?to=1", bearer: true, wrong: http.StatusUnauthorized, waits: http.StatusTooManyRequests},
		{name: "texts of the Core", method: http.MethodPost, path: "/console/text", bearer: true, wrong: http.StatusUnauthorized, waits: http.StatusTooManyRequests},
		{name: "the API of the Core", method: http.MethodGet, path: "/ns-api/v2/domains", bearer: true, wrong: http.StatusUnauthorized, waits: http.StatusTooManyRequests},
	}
)

const guesser = "203.0.113.66"

func TestAnAddressWaitsAfterTenWrongSecrets(t *testing.T) {
	for _, p := range guessables {
		t.Run(p.name, func(t *testing.T) {
			g := startGuessed(t)
			for i := range 10 {
				if got := g.ask(p, guesser, fmt.Sprint("guess-", i)); got.status != p.wrong {
					t.Fatalf("guess %d is answered %d %s, want %d", i, got.status, got.body, p.wrong)
				}
			}
			got := g.ask(p, guesser, "guess-10")
			if got.status != p.waits {
				t.Errorf("guess 11 is answered %d %s, want %d", got.status, got.body, p.waits)
			}
			if got.status == http.StatusTooManyRequests && got.header.Get("Retry-After") != "60" {
				t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
			}
			if got := g.ask(p, "198.51.100.7", "guess-10"); got.status != p.wrong {
				t.Errorf("another address is answered %d %s, want %d", got.status, got.body, p.wrong)
			}
		})
	}
}
