package docs_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/answer/sourcetest"
	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

const firstPage = "getting-started.md"

// TestTheFirstPageLeadsToAllThreeFeatures does what the page says, with its settings
// file and its proxy file: a server and Caddy, in the places of whose addresses are
// ports of this machine.
func TestTheFirstPageLeadsToAllThreeFeatures(t *testing.T) {
	o := newOperating(t)
	o.path = path(t)
	o.system.AddQueue("example.net", "9002")
	vendor := sourcetest.NewPagerDuty("PT54U20")
	vendor.OnCall(sourcetest.Person{ID: "PANN", Name: "Ann Example", Level: 1, Phones: []sourcetest.Phone{{Country: 1, Number: "9175550177", Rule: 1}}})
	standIn := httptest.NewServer(vendor)
	t.Cleanup(standIn.Close)
	public, listen := freeAddress(t), freeAddress(t)
	here := strings.NewReplacer(
		"https://hooks.example.net", "http://"+public, "hooks.example.net {", "{\n\tadmin off\n}\nhttp://"+public+" {", "127.0.0.1:5100", listen,
		"https://ucportal.example.net", o.system.URL, "nsd_your-api-key", nstest.Token,
		"your-pagerduty-key", sourcetest.PagerDutyKey, `kind = "pagerduty"`, "kind = \"pagerduty\"\nallow_private = true\nurl = \""+standIn.URL+`"`,
		"sudo -u switchhook ", "", "/var/lib/switchhook/", "data/",
	)
	settings := ofPage(t, firstPage, "toml")
	proxies := ofPage(t, firstPage, "caddyfile")
	if len(settings) != 1 || len(proxies) != 1 {
		t.Fatalf("the page has %d settings files and %d proxy files", len(settings), len(proxies))
	}
	write(t, o.folder, "switchhook.toml", "listen = \""+listen+"\"\ndata = \"data\"\n"+here.Replace(settings[0].text))
	write(t, o.folder, "Caddyfile", here.Replace(proxies[0].text))
	o.serve()
	caddy(t, filepath.Join(o.folder, "Caddyfile"), public)
	ages := regexp.MustCompile(`heard \d+s ago`)
	normal := func(text string) string { return ages.ReplaceAllString(o.normal(text), "heard AGO") }
	for _, s := range ofPage(t, firstPage, "shell") {
		for _, step := range steps(s.text) {
			command := exec.Command("sh", "-c", here.Replace(step.command))
			command.Dir = o.folder
			command.Env = append(os.Environ(), o.path)
			out, err := command.CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s: %v\n%s", s, step.command, err, out)
			}
			if step.output == "" {
				continue
			}
			if diff := cmp.Diff(normal(here.Replace(step.output)), normal(string(out))); diff != "" {
				t.Errorf("%v: %s prints something else (- page, + now):\n%s", s, step.command, diff)
			}
		}
	}
	query := url.Values{"id": {"example.net-sms"}, "key": {keyInRule(o.system)}, "NmsAni": {"+19175550124"}, "OrigCallID": {"1"}}
	if status, said := got(t, "http://"+public+"/webresponder?"+query.Encode()); status != http.StatusOK || !strings.Contains(said, "<Say>") {
		t.Errorf("a caller hears %d %s", status, said)
	}
	if n := len(o.system.Messages()); n != 2 {
		t.Errorf("%d texts went out, want that of the test and the caller's", n)
	}
	if status, said := got(t, "http://"+public+"/metrics"); status != http.StatusNotFound {
		t.Errorf("the proxy forwards the operator's paths: %d %s", status, said)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// caddy runs Caddy until the test ends.
func caddy(t *testing.T, config, address string) {
	t.Helper()
	log := &await.Log{}
	command := exec.Command("caddy", "run", "--adapter", "caddyfile", "--config", config)
	command.Env = append(os.Environ(), "HOME="+t.TempDir())
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	await.That(t, "Caddy at "+address, func() bool {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}

func got(t *testing.T, address string) (status int, text string) {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(all)
}
