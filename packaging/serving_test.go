package packaging_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

// What must not be in a proxy's log.
const (
	oldSecret    = "secret-in-the-address"
	entryKey     = "key-of-an-entry"
	callerNumber = "19734321440"
	cancelToken  = "token-of-a-cancellation"
	bearer       = "bearer-of-an-integration"
	cookie       = "cookie-of-a-browser"
)

const entries = `{"example.net-sms": {
	"api_domain": "example.net", "user": "2000", "ns_system_user": "8001", "from_number": "19294873999", "message": "We are open.",
	"key": "` + entryKey + `"
}, "example.net-sales": {"api_domain": "example.net", "queue": "9002@example.net"}}
`

// rota has alice on call, always.
const rota = `[[person]]
id = "alice"
numbers = ["+31611111111"]
[[shift]]
people = ["alice"]
`

// server is a switchhook that serves.
type server struct {
	address string
	log     *await.Log
	system  *nstest.System
}

// serve starts a server with text-back and on-call, for use behind a proxy.
func serve(t *testing.T) *server {
	t.Helper()
	s := &server{address: freeAddress(t), log: &await.Log{}, system: nstest.Start(t, nstest.Quirks{})}
	s.system.AddDomain("example.net")
	s.system.AddUser("example.net", "2000")
	s.system.AddSMSNumber("example.net", "19294873999", "2000")
	s.system.AddQueue("example.net", "9002")
	folder := t.TempDir()
	write(t, filepath.Join(folder, "domains.json"), entries)
	write(t, filepath.Join(folder, "rota.toml"), rota)
	settings := write(t, filepath.Join(folder, "switchhook.toml"), `
listen = "`+s.address+`"
trusted_proxies = ["127.0.0.1/32"]
public_url = "https://hooks.example.net"
domains_file = "domains.json"
data = "data"
[netsapiens]
url = "`+s.system.URL+`"
token = "`+nstest.Token+`"
[forms]
secret = "the-secret-of-the-forms"
[clicktocall]
accept_bare = true
[oncall]
secret = "`+oldSecret+`"
allow_from = ["`+caller+`/32"]
[[oncall.source]]
kind = "file"
path = "rota.toml"
`)
	start(t, s.log, nil, binary(t), "serve", "-c", settings)
	awaitListener(t, s.address, s.log)
	return s
}

func TestARealServerAnswersThroughTheProxies(t *testing.T) {
	for name, start := range proxies {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			p := start(t, s.address)
			secret := url.Values{"secret_key": {oldSecret}, "callerid": {"+" + callerNumber}}.Encode()
			for _, request := range []struct {
				method, path string
				header       http.Header
				status       int
				body         string
			}{
				{http.MethodGet, "/voys-webhook?" + secret, nil, http.StatusOK, `^status=ACK&destination=%2B31611111111$`},
				{http.MethodGet, "/voys-webhook/?" + secret, nil, http.StatusOK, `^status=ACK&`},
				{http.MethodGet, "/voys-webhook", http.Header{"X-Secret-Key": {oldSecret}}, http.StatusOK, `^status=ACK&`},
				{http.MethodGet, "/oncall", http.Header{"Authorization": {"Bearer " + oldSecret}}, http.StatusOK, `31611111111`},
				{http.MethodGet, "/voys-webhook?secret_key=wrong", nil, http.StatusUnauthorized, `^status=NAK$`},
				{http.MethodPost, "/voys-webhook?" + secret, nil, http.StatusMethodNotAllowed, `^status=NAK$`},
				{http.MethodGet, "/webresponder?id=example.net-sms&key=" + entryKey + "&NmsAni=%2B" + callerNumber + "&OrigCallID=1", nil, http.StatusOK, `texted you`},
				{http.MethodGet, "/click-to-call/cancel/" + cancelToken, http.Header{"Cookie": {cookie}, "Authorization": {"Bearer " + bearer}}, http.StatusNotFound, ``},
			} {
				status, body := p.ask(request.method, request.path, request.header)
				if status != request.status || !regexp.MustCompile(request.body).MatchString(body) {
					t.Errorf("%s %s gets %d %q", request.method, request.path, status, body)
				}
			}
			if sent := s.system.Messages(); len(sent) != 1 {
				t.Errorf("%d texts went out", len(sent))
			}
			// allow_from has let the caller in; the log has their address too.
			if !strings.Contains(s.log.String(), "client="+caller) || strings.Contains(s.log.String(), "client=127.0.0.1") {
				t.Errorf("the server takes somebody else for the caller:\n%s", s.log)
			}

			logged := p.logged("/cancel/***")
			for _, path := range []string{"/voys-webhook", "/oncall", "/webresponder"} {
				if !strings.Contains(logged, path) {
					t.Errorf("the proxy does not write down %s:\n%s", path, logged)
				}
			}
			noSecrets(t, logged)
		})
	}
}

func TestABrowserFollowsItsCallThroughTheProxies(t *testing.T) {
	for name, start := range proxies {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			p := start(t, s.address)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+p.address+"/click-to-call",
				strings.NewReader(`{"id":"example.net-sales","phone":"2125550123"}`))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/json")
			response, err := client(caller).Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			var accepted struct {
				ID string `json:"request_id"`
			}
			if err := json.NewDecoder(response.Body).Decode(&accepted); err != nil || response.StatusCode != http.StatusAccepted {
				t.Fatalf("the call is answered with %d (%v)\n%s", response.StatusCode, err, s.log)
			}
			ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
			defer cancel()
			events := p.do(ctx, http.MethodGet, "/click-to-call/calls/"+accepted.ID, http.Header{"Accept": {"text/event-stream"}})
			defer events.Body.Close()
			// The stream goes on: what is read here has come before its end.
			for lines := bufio.NewReader(events.Body); ; {
				line, err := lines.ReadString('\n')
				if err != nil {
					t.Fatalf("the browser hears no state: %v\n%s", err, s.log)
				}
				if strings.HasPrefix(line, "data: ") && strings.Contains(line, `"state":`) {
					break
				}
			}
		})
	}
}

func TestProxiesKeepSecretsToThemselvesWhileTheServerIsDown(t *testing.T) {
	eachProxy(t, freeAddress, func(t *testing.T, p *proxy) {
		status, _ := p.ask(http.MethodGet, "/voys-webhook?"+url.Values{"secret_key": {oldSecret}, "callerid": {callerNumber}}.Encode(), http.Header{"X-Secret-Key": {oldSecret}})
		if status != http.StatusBadGateway && status != http.StatusServiceUnavailable {
			t.Errorf("the phone system gets %d", status)
		}
		noSecrets(t, p.logged("/voys-webhook"))
	})
}

// noSecrets complains of what must not be in a proxy's log.
func noSecrets(t *testing.T, logged string) {
	t.Helper()
	for _, secret := range []string{oldSecret, entryKey, callerNumber, cancelToken, bearer, cookie} {
		if strings.Contains(logged, secret) {
			t.Errorf("the proxy writes down %s:\n%s", secret, logged)
		}
	}
}

// The proxies wait longer than the program, which has answered by then.
func TestTheProxiesWaitLongerThanTheProgram(t *testing.T) {
	const most = 40 * time.Second // web.AnswerTimeout
	waits := regexp.MustCompile(`timeout server (\S+)`).FindStringSubmatch(read(t, "haproxy.cfg"))
	if waits == nil {
		t.Fatal("haproxy.cfg has no timeout server")
	}
	if wait, err := time.ParseDuration(waits[1]); err != nil || wait <= most {
		t.Errorf("HAProxy waits %v (%v)", wait, err)
	}
}
