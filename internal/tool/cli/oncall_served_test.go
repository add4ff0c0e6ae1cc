//go:build unix

package cli_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/sourcetest"
	"github.com/switchhook/switchhook/test/await"
)

// Settings of pagerduty-voys-webhook.
const (
	onCallPolicy = "PT54U20"
	onCallSecret = "r6cZPVkZdqujY6dME5uqDytK"
	annIsRung    = "status=ACK&destination=%2B31611111111"
	benIsRung    = "status=ACK&destination=%2B31622222222"
	nobodyIs     = "status=NAK"
)

// vendor is a PagerDuty at an address, with Ann on call.
type vendor struct {
	*sourcetest.PagerDuty
	t      *testing.T
	server *httptest.Server
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	v := &vendor{PagerDuty: sourcetest.NewPagerDuty(onCallPolicy), t: t}
	v.OnCall(sourcetest.Person{
		ID: "PANN", Name: "Ann Example", Level: 1, Since: time.Now().Add(-time.Hour), Until: time.Now().Add(12 * time.Hour),
		Phones: []sourcetest.Phone{{Country: 31, Number: "0611111111", Rule: 1}},
	})
	v.server = httptest.NewServer(v)
	t.Cleanup(func() {
		v.down()
		if odd := v.Violations(); odd != nil {
			t.Errorf("PagerDuty was asked what it does not allow: %v", odd)
		}
	})
	return v
}

// down takes the vendor off the network.
func (v *vendor) down() {
	v.server.CloseClientConnections()
	v.server.Close()
}

// up brings it back at its address.
func (v *vendor) up() {
	v.t.Helper()
	listener, err := net.Listen("tcp", v.server.Listener.Addr().String())
	if err != nil {
		v.t.Fatal(err)
	}
	v.server = httptest.NewUnstartedServer(v)
	v.server.Listener.Close()
	v.server.Listener = listener
	v.server.Start()
}

// asBefore runs the test's processes as on a machine of pagerduty-voys-webhook,
// except for PagerDuty, folder and port, which are the test's.
func (v *vendor) asBefore(legacy string) {
	v.t.Helper()
	for name, value := range map[string]string{
		"SWITCHHOOK_ONCALL_SOURCE_0_URL": v.server.URL, "SWITCHHOOK_ONCALL_SOURCE_0_ALLOW_PRIVATE": "true",
		"SWITCHHOOK_ONCALL_LISTEN": "localhost:0", "SWITCHHOOK_ONCALL_LEGACY_FOLDER": legacy, "SWITCHHOOK_DATA": filepath.Join(v.t.TempDir(), "data"),
	} {
		v.t.Setenv(name, value)
	}
}

// legacyFolder is a copy of /etc/pagerduty-voys-webhook.
func legacyFolder(t *testing.T) string {
	return folder(t, map[string]string{"api_key": sourcetest.PagerDutyKey + "\n", "secret_key": onCallSecret + "\n", "escalation_policy_id": onCallPolicy + "\n"})
}

// onCallAddress waits until the process listens for on-call requests.
func (p *process) onCallAddress() string {
	p.t.Helper()
	return p.await(`msg="on-call is on" sources=\d+ routes=\d+ address=(\S+)`)
}

// whom calls the webhook as the dial plan does.
func (p *process) whom(query string) string {
	p.t.Helper()
	status, body := p.get("/voys-webhook?secret_key=" + onCallSecret + query)
	if status != http.StatusOK {
		p.t.Errorf("the status is %d", status)
	}
	return body
}

func (p *process) rings(query, want string) {
	p.t.Helper()
	if got := p.whom(query); got != want {
		p.t.Errorf("%q is answered with %s, want %s\n%s", query, got, want, p.log.String())
	}
}

func TestTheOnCallServiceBeforeIsReplacedAsItStands(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T) (legacy string, files map[string]string){
		"its folder": func(t *testing.T) (string, map[string]string) { return legacyFolder(t), nil },
		"its variables": func(t *testing.T) (string, map[string]string) {
			t.Setenv("API_KEY", sourcetest.PagerDutyKey)
			t.Setenv("SECRET_KEY", onCallSecret)
			t.Setenv("ESCALATION_POLICY_ID", onCallPolicy)
			return t.TempDir(), nil
		},
		"its .env": func(t *testing.T) (string, map[string]string) {
			return t.TempDir(), map[string]string{".env": "API_KEY=" + sourcetest.PagerDutyKey + "\nSECRET_KEY=" + onCallSecret + "\nESCALATION_POLICY_ID=" + onCallPolicy + "\n"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			legacy, files := prepare(t)
			v.asBefore(legacy)
			p := serve(t, folder(t, files))
			p.address = p.onCallAddress()
			const secret = "?secret_key=" + onCallSecret
			for _, c := range []struct {
				what, method, path string
				status             int
				body               string
			}{
				{"success", http.MethodGet, "/voys-webhook" + secret, 200, annIsRung},
				{"with a slash", http.MethodGet, "/voys-webhook/" + secret, 200, annIsRung},
				{"wrong secret", http.MethodGet, "/voys-webhook?secret_key=wrong", 401, nobodyIs},
				{"empty secret", http.MethodGet, "/voys-webhook?secret_key=", 401, nobodyIs},
				{"missing secret", http.MethodGet, "/voys-webhook", 401, nobodyIs},
				{"POST", http.MethodPost, "/voys-webhook" + secret, 405, nobodyIs},
				{"HEAD", http.MethodHead, "/voys-webhook" + secret, 405, ""},
				{"elsewhere", http.MethodGet, "/voys-webhook/more" + secret, 404, "there is nothing at this address\n"},
			} {
				if status, body := p.do(c.method, c.path, ""); status != c.status || body != c.body {
					t.Errorf("%s: %d %q, want %d %q", c.what, status, body, c.status, c.body)
				}
			}
			if log := p.log.String(); strings.Contains(log, onCallSecret) || strings.Contains(log, "611111111") || strings.Contains(log, sourcetest.PagerDutyKey) {
				t.Errorf("the log has a secret or a number:\n%s", log)
			}
		})
	}
}

// pagerduty-voys-webhook answered 500 to all of these.
func TestWhereTheServiceBeforeFailedTheDialPlanIsToldThatThereIsNobody(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without servers of their own")
	}
	for name, fails := range map[string]func(v *vendor){
		"nobody on call": func(v *vendor) { v.OnCall() },
		"nobody at level 1": func(v *vendor) {
			v.OnCall(sourcetest.Person{ID: "PANN", Name: "Ann", Level: 2, Phones: []sourcetest.Phone{{Country: 31, Number: "0611111111"}}})
		},
		"no telephone": func(v *vendor) { v.OnCall(sourcetest.Person{ID: "PANN", Name: "Ann", Level: 1}) },
		"401":          func(v *vendor) { v.Break(sourcetest.Always, sourcetest.Says(401, "")) },
		"429":          func(v *vendor) { v.Break(sourcetest.Always, sourcetest.TooMany(nil)) },
		"503":          func(v *vendor) { v.Break(sourcetest.Always, sourcetest.Page(503)) },
		"frozen":       func(v *vendor) { v.Break(sourcetest.Always, sourcetest.Freezes()) },
		"down":         func(v *vendor) { v.down() },
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			fails(v)
			v.asBefore(legacyFolder(t))
			p := serve(t, t.TempDir())
			p.address = p.onCallAddress()
			p.rings("", nobodyIs)
			p.await(`level=ERROR msg=request route=voys-webhook .* outcome=\w+ why=`)
		})
	}
}

func TestAnAnswerOutlivesTheServerAndItsSource(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: without servers of their own")
	}
	v := newVendor(t)
	v.asBefore(legacyFolder(t))
	path := t.TempDir()
	p := serve(t, path)
	whoSays(t, path, "Ann Example would be rung at +31611111111.", "--kept")
	whoSays(t, path, "It is asked of another time", "--at", "2040-01-01T00:00:00Z")
	if err := p.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.end()
	v.down()

	p = serve(t, path)
	p.address = p.onCallAddress()
	p.rings("", annIsRung)
	p.await("on-call source not answering")
	p.rings("", annIsRung)

	v.OnCall(sourcetest.Person{ID: "PBEN", Name: "Ben Example", Level: 1, Phones: []sourcetest.Phone{{Country: 31, Number: "0622222222"}}})
	v.up()
	p.await("on-call source answering again")
	p.rings("", benIsRung)
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
}

// whoSays asks who would be called, until the answer is as wanted.
func whoSays(t *testing.T, folder, want string, args ...string) {
	t.Helper()
	for late := time.Now().Add(await.Limit); ; {
		who := exec.Command("switchhook", append([]string{"oncall", "who"}, args...)...)
		who.Dir = folder
		out, err := who.CombinedOutput()
		if err == nil && strings.Contains(string(out), want) {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("oncall who %v does not say %q: %v\n%s", args, want, err, out)
		}
	}
}

func TestWhoIsExplainedByThoseWhomTheServerHasRung(t *testing.T) {
	path := folder(t, map[string]string{
		"switchhook.toml": onCallSettings("[[oncall.source]]\nkind = \"file\"\npath = \"both.toml\"\n[[oncall.route]]\nname = \"support\"\npolicy = \"round_robin\"\n"),
		"both.toml":       rotaOfAnn + rotaOfBen,
	})
	p := serve(t, path, "-c", "switchhook.toml")
	whoSays(t, path, "ann would be rung", "-c", "switchhook.toml")
	p.rings("", annIsRung)
	whoSays(t, path, "ben would be rung", "-c", "switchhook.toml")
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	p = serve(t, path, "-c", "switchhook.toml")
	whoSays(t, path, "ben would be rung", "-c", "switchhook.toml")
	p.rings("", benIsRung)
}

const rotaOfAnn = "[[person]]\nid = \"ann\"\nnumbers = [\"+31611111111\"]\n"

const rotaOfBen = "[[person]]\nid = \"ben\"\nnumbers = [\"+31622222222\"]\n"

// onCallSettings are settings with only on-call.
func onCallSettings(more string) string {
	return "data = \"data\"\n[oncall]\nsecret = \"" + onCallSecret + "\"\n" + more
}

func TestSourcesAndRoutesAreReadAnew(t *testing.T) {
	const (
		ann     = "[[oncall.source]]\nkind = \"file\"\nname = \"ann\"\npath = \"ann.toml\"\n"
		ben     = "[[oncall.source]]\nkind = \"file\"\nname = \"ben\"\npath = \"ben.toml\"\n"
		anybody = "[[oncall.route]]\nname = \"support\"\nsources = \"ann\"\n"
		french  = "[[oncall.route]]\nname = \"french\"\ncode = \"2\"\nsources = \"ben\"\n"
	)
	path := folder(t, map[string]string{"switchhook.toml": onCallSettings(ann + anybody), "ann.toml": rotaOfAnn, "ben.toml": rotaOfBen})
	settings := filepath.Join(path, "switchhook.toml")
	p := serve(t, path, "-c", "switchhook.toml")
	p.rings("", annIsRung)
	p.rings("&code=2", annIsRung)

	reload := func(text, hears string) {
		put(t, settings, text)
		p.hangUp()
		p.await(hears)
	}
	reload(onCallSettings(ann+ben+anybody+french), "settings reloaded")
	p.rings("", annIsRung)
	p.rings("&code=2", benIsRung)
	p.rings("&route=german", nobodyIs)

	// Invalid settings change nothing.
	reload(onCallSettings(ann+anybody+french), `reload failed; old settings stay in force.*no source is called that`)
	p.rings("&code=2", benIsRung)

	// A source's failure stays known across a reload.
	if err := os.Remove(filepath.Join(path, "ann.toml")); err != nil {
		t.Fatal(err)
	}
	// Whichever settings are in force at the next query: one report.
	reload(onCallSettings("calling_code = \"31\"\n"+ann+ben+anybody+french), `(?s)(settings reloaded.*){2}`)
	p.await(`not answering" source=ann`)
	p.rings("", annIsRung)

	// A separate address needs a restart, and removed parts are gone.
	reload(onCallSettings("listen = \"localhost:0\"\n"+ben), `oncall.listen changed; restart to apply`)
	p.await(`(?s)(settings reloaded.*){3}`)
	reload("data = \"data\"\n[core]\ndomain = \"example.net\"\n", `(?s)(settings reloaded.*){4}`)
	if status, _ := p.get("/voys-webhook?secret_key=" + onCallSecret); status != http.StatusNotFound {
		t.Errorf("on-call is off, and answers with %d", status)
	}
	reload(onCallSettings(ben), `(?s)(settings reloaded.*){5}`)
	p.rings("", benIsRung)
}

func TestAnAddressOfItsOwnHasOnCallAlone(t *testing.T) {
	path := folder(t, map[string]string{"switchhook.toml": onCallSettings("listen = \"localhost:0\"\nallow_from = [\"203.0.113.0/24\"]\n[[oncall.source]]\nkind = \"file\"\npath = \"ann.toml\"\n"), "ann.toml": rotaOfAnn})
	p := serve(t, path, "-c", "switchhook.toml")
	if status, _ := p.get("/voys-webhook?secret_key=" + onCallSecret); status != http.StatusNotFound {
		t.Errorf("where all web requests are taken it is answered with %d", status)
	}
	p.address = p.onCallAddress()
	p.rings("", annIsRung) // the proxy on this machine says that the client is 203.0.113.7
	for _, elsewhere := range []string{"/healthz", "/metrics", "/webresponder", "/"} {
		if status, _ := p.get(elsewhere); status != http.StatusNotFound {
			t.Errorf("%s is answered with %d", elsewhere, status)
		}
	}
	response, err := http.Get("http://" + p.address + "/voys-webhook?secret_key=" + onCallSecret)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("an address that is not allowed is answered with %d", response.StatusCode)
	}
}
