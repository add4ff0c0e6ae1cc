package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/alert"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/setting/guess"
)

// The secrets to guess.
const (
	formsSecret  = "the-secret-of-the-forms"
	onCallSecret = "the-secret-of-the-dial-plan"
	entryKey     = "the-key-of-the-dial-rule"
)

// guessed is a server that gets requests without a network.
type guessed struct {
	t *testing.T
	*server.Server
	token string        // the operator's
	log   *bytes.Buffer // of requests, which come one by one
}

// startGuessed wires a server with every place that compares secrets.
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
	g := &guessed{t: t, log: &bytes.Buffer{}}
	if g.Server, err = server.New(t.Context(), settings, server.Options{Log: slog.New(slog.NewTextHandler(g.log, nil))}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	if g.token, err = server.OperatorToken(filepath.Join(folder, "data")); err != nil {
		t.Fatal(err)
	}
	return g
}

// answer is the response to a secret.
type answer struct {
	status int
	body   string
	header http.Header
}

// ask sends a secret from an address.
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

// place is an endpoint that compares secrets.
type place struct {
	name, method, path string
	inQuery            string // the parameter that holds the secret
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
	g := startGuessed(t)
	for n, p := range guessables {
		t.Run(p.name, func(t *testing.T) {
			address := fmt.Sprintf("203.0.%d.66", n)
			for i := range 10 {
				if got := g.ask(p, address, fmt.Sprint("guess-", i)); got.status != p.wrong {
					t.Fatalf("guess %d is answered %d %s, want %d", i, got.status, got.body, p.wrong)
				}
			}
			got := g.ask(p, address, "guess-10")
			if got.status != p.waits {
				t.Errorf("guess 11 is answered %d %s, want %d", got.status, got.body, p.waits)
			}
			if got.status == http.StatusTooManyRequests && got.header.Get("Retry-After") != "60" {
				t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
			}
			if got := g.ask(p, fmt.Sprintf("198.51.%d.7", n), "guess-10"); got.status != p.wrong {
				t.Errorf("another address is answered %d %s, want %d", got.status, got.body, p.wrong)
			}
		})
	}
}

func TestTheRightSecretOpensNothingWhileItsAddressWaits(t *testing.T) {
	g := startGuessed(t)
	for i := range 20 {
		g.ask(updateSMS, guesser, fmt.Sprint("guess-", i))
		g.ask(webhook, guesser, fmt.Sprint("guess-", i))
	}
	for _, c := range []struct {
		place
		secret string
		want   string // in the answer
	}{
		{updateSMS, formsSecret, "too many wrong secrets"},
		{metricsAt, g.token, "too many wrong tokens"},
		{voys, onCallSecret, "status=NAK"},
		{oncallXML, onCallSecret, "too many wrong secrets"},
	} {
		if got := g.ask(c.place, guesser, c.secret); got.status != c.waits || !strings.Contains(got.body, c.want) {
			t.Errorf("%s is answered %d %s, want %d and %q", c.name, got.status, got.body, c.waits, c.want)
		}
	}
	if right, wrong := g.ask(webhook, guesser, entryKey), g.ask(webhook, "198.51.100.7", "wrong"); right.body != wrong.body {
		t.Errorf("the entry's right key is answered\n%s\nwant what a wrong one is:\n%s", right.body, wrong.body)
	}
	if got := g.ask(voys, "198.51.100.7", onCallSecret); got.status != http.StatusOK {
		t.Errorf("another address is answered %d %s", got.status, got.body)
	}
}

// A phone system calls for all its customers from one address, and someone who
// guesses may share it.
func TestNobodyIsKeptOutByTheWrongSecretsOfOthers(t *testing.T) {
	const phoneSystem = "192.0.2.10"
	second := webhook
	second.path = strings.Replace(second.path, "first", "second", 1)
	g := startGuessed(t)
	allowed := g.ask(second, "198.51.100.7", entryKey).body
	g.ask(voys, phoneSystem, onCallSecret) // it has worked before
	for i := range 30 {
		g.ask(voys, phoneSystem, fmt.Sprint("guess-", i))
	}
	if got := g.ask(voys, phoneSystem, onCallSecret); got.status != http.StatusOK {
		t.Errorf("on-call: the right secret is answered %d %s", got.status, got.body)
	}
	for i := range 30 { // it has never worked
		g.ask(webhook, phoneSystem, fmt.Sprint("guess-", i))
	}
	if got := g.ask(second, phoneSystem, entryKey); got.body != allowed {
		t.Errorf("the key of another entry is answered\n%s\nwant\n%s", got.body, allowed)
	}
}

func TestARequestWithoutASecretIsNoGuess(t *testing.T) {
	g := startGuessed(t)
	for range 20 {
		for _, p := range guessables {
			if got := g.ask(p, guesser, ""); got.status != p.wrong {
				t.Fatalf("%s is answered %d %s, want %d", p.name, got.status, got.body, p.wrong)
			}
		}
	}
	if got := g.ask(metricsAt, guesser, g.token); got.status != http.StatusOK || !strings.Contains(got.body, `switchhook_wrong_secrets_total{place="forms"} 0`) {
		t.Errorf("the right token is answered %d %.200s", got.status, got.body)
	}
}

func TestGuessesAreCountedAndLogged(t *testing.T) {
	g := startGuessed(t)
	for i := range 12 {
		g.ask(updateSMS, guesser, fmt.Sprint("guess-", i))
		g.ask(eventsAt, guesser, fmt.Sprint("guess-", i))
	}
	metrics := g.ask(metricsAt, "192.0.2.10", g.token).body
	for _, line := range []string{
		`switchhook_wrong_secrets_total{place="forms"} 10`, `switchhook_wrong_secrets_total{place="events"} 10`,
		`switchhook_wrong_secrets_total{place="oncall"} 0`, "switchhook_wrong_secrets_waiting 2",
	} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	log := g.log.String()
	for _, line := range []string{
		"msg=request route=update-sms method=POST status=403 bytes=45", "network=203.0.113.66/32 waits=1m0s",
		`status=429`, `why="too many wrong secrets came from its network"`,
	} {
		if !strings.Contains(log, line) {
			t.Errorf("the log lacks %s:\n%s", line, log)
		}
	}
	for _, secret := range []string{"guess-", g.token, formsSecret} {
		if strings.Contains(log, secret) {
			t.Errorf("the log shows %s:\n%s", secret, log)
		}
	}
}

func TestTheOperatorIsToldOfGuessesAndOfTheirEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		alerts, err := alert.New(alert.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { alerts.Run(ctx) })
		guesses := guess.New(guess.Config{Began: func(ctx context.Context, w guess.Wait) { server.TellOfGuesses(ctx, alerts, w) }})
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.RemoteAddr = guesser + ":4711"
		for i := range 10 {
			guesses.Judge(r, guess.Secret{Place: guess.Webhooks, Of: "first"}, false, fmt.Sprint("guess-", i))
		}
		synctest.Wait()
		server.TellOfLastGuess(t.Context(), guesses, alerts)
		if got := log.String(); !strings.Contains(got, "203.0.113.66/32 (webhooks of first)") || strings.Contains(got, "resolved") {
			t.Errorf("while it waits the log has\n%s", got)
		}
		time.Sleep(time.Minute)
		server.TellOfLastGuess(t.Context(), guesses, alerts)
		stop()
		running.Wait()
		if got := log.String(); !strings.Contains(got, `msg="alert resolved" kind=secrets_guessed`) {
			t.Errorf("after the wait the log has\n%s", got)
		}
	})
}
