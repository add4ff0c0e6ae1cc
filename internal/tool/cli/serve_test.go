package cli_test

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/netsapiens/nstest"
	"github.com/switchhook/switchhook/test/await"
)

const (
	success = "<Response><Say>We've texted you our hours and directions…</Say><Hangup/></Response>"
	apology = "<Response><Say>Sorry, we could not send directions at this time.</Say><Hangup/></Response>"
)

// oldDomains is a domains.json of the Flask service that Switchhook replaces.
const oldDomains = `{
  "example.net-sms": {
    "api_domain": "example.net",
    "user": "2000",
    "ns_system_user": "8001",
    "from_number": "19294873999",
    "message": "Our hours are Mon-Fri 9am-5pm. We are at 123 Main St, Tampa FL."
  },
  "example.net-sales": {
    "api_domain": "example.net",
    "queue": "9002@example.net",
    "branding": { "button_text": "Call Us Now", "button_color": "#1a73e8", "company_name": "Example", "logo_url": "" }
  }
}
`

// process is a `switchhook serve`.
type process struct {
	t       *testing.T
	command *exec.Cmd
	address string
	log     await.Log
	changed chan struct{} // has a token when the log has grown
	ended   chan error
}

// phoneSystem returns one with a user 2000 who owns the number of oldDomains.
func phoneSystem(t *testing.T) *nstest.System {
	t.Helper()
	system := nstest.Start(t, nstest.Quirks{})
	system.AddDomain("example.net")
	system.AddUser("example.net", "2000")
	system.AddSMSNumber("example.net", "19294873999", "2000")
	return system
}

// folder writes files and returns their folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	path := t.TempDir()
	for name, text := range files {
		put(t, filepath.Join(path, name), text)
	}
	return path
}

// put writes a file, whole or not at all: a server may be reading it.
func put(t testing.TB, path, text string) {
	t.Helper()
	err := os.WriteFile(path+".new", []byte(text), 0o600)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// oldFolder is the folder of the Flask service, with the two values that were
// part of its code.
func oldFolder(t *testing.T, system *nstest.System) string {
	t.Helper()
	return folder(t, map[string]string{"domains.json": oldDomains, ".env": "# production\nNS_TOKEN=" + nstest.Token + "\nexport UPDATE_SECRET='correct horse battery'\n" +
		"SWITCHHOOK_NETSAPIENS_URL=" + system.URL + "\nSWITCHHOOK_PUBLIC_URL=https://hooks.example.net\n"})
}

// serve starts `switchhook serve` in a folder, and waits until it listens.
func serve(t *testing.T, folder string, args ...string) *process {
	t.Helper()
	return begin(t, folder, exec.Command("switchhook", append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...))
}

// begin runs a command that serves, and waits until it listens.
func begin(t *testing.T, folder string, command *exec.Cmd) *process {
	t.Helper()
	p := &process{t: t, command: command, changed: make(chan struct{}, 1), ended: make(chan error, 1)}
	p.command.Dir = folder
	p.command.Env = append(os.Environ(), "PWD="+folder)
	stderr, err := p.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go p.read(stderr)
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.ended
	})
	p.address = p.await(`msg=listening address=(\S+)`)
	return p
}

// read reads the log until the process ends.
func (p *process) read(stderr io.Reader) {
	lines := bufio.NewReader(stderr)
	for {
		line, err := lines.ReadString('\n')
		_, _ = io.WriteString(&p.log, line)
		select {
		case p.changed <- struct{}{}:
		default:
		}
		if err != nil {
			p.ended <- p.command.Wait()
			close(p.ended)
			return
		}
	}
}

// await waits until the log matches, and returns the first group, or the whole
// match.
func (p *process) await(pattern string) string {
	p.t.Helper()
	late := time.NewTimer(await.Limit)
	defer late.Stop()
	for {
		if found := regexp.MustCompile(pattern).FindStringSubmatch(p.log.String()); found != nil {
			return found[len(found)-1]
		}
		select {
		case <-p.changed:
		case <-late.C:
			p.t.Fatalf("the log never had %s:\n%s", pattern, p.log.String())
		}
	}
}

// stop signals the process to end and returns its exit code.
func (p *process) stop(with os.Signal) int {
	p.t.Helper()
	if err := p.command.Process.Signal(with); err != nil {
		p.t.Fatal(err)
	}
	return p.end()
}

func (p *process) end() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(await.Limit):
		p.t.Fatalf("it does not end:\n%s", p.log.String())
	}
	return p.command.ProcessState.ExitCode()
}

// get sends a GET request, as passed on by a proxy on the same machine.
func (p *process) get(path string) (status int, body string) {
	p.t.Helper()
	return p.do(http.MethodGet, path, "")
}

func (p *process) do(method, path, form string) (status int, body string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, "http://"+p.address+path, strings.NewReader(form))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", "203.0.113.7")
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Error(err)
	}
	return response.StatusCode, string(text)
}

// called calls the webhook as NetSapiens does.
func (p *process) called(id, caller, callID string) string {
	p.t.Helper()
	status, body := p.get("/webresponder?" + url.Values{"id": {id}, "NmsAni": {caller}, "NmsDnis": {"2125551212"}, "OrigCallID": {callID},
		"AccountUser": {"8001"}, "AccountDomain": {"example.net"}, "Digits": {""}}.Encode())
	if status != http.StatusOK {
		p.t.Errorf("the status is %d", status)
	}
	return body
}

func (p *process) hears(id, caller, callID, want string) {
	p.t.Helper()
	if got := p.called(id, caller, callID); got != want {
		p.t.Errorf("the caller hears\n%s, want\n%s", got, want)
	}
}

func TestAnOldFolderRunsAsItIs(t *testing.T) {
	system := phoneSystem(t)
	old := oldFolder(t, system)
	p := serve(t, old)
	p.hears("example.net-sms", "+19734321440", "call-1@10.1.1.1", success)
	p.hears("example.net-sms", "+19734321440", "call-1@10.1.1.1", success) // a repeat
	p.hears("example.net-sms", "anonymous", "call-2@10.1.1.1", apology)
	p.hears("example.net-sales", "+19734321440", "call-3@10.1.1.1", apology)
	texts := system.Messages()
	if len(texts) != 1 {
		t.Fatalf("the texts are %+v", texts)
	}
	texts[0].Session = ""
	want := nstest.Message{Domain: "example.net", User: "2000", From: "19294873999", To: "19734321440",
		Text: "Our hours are Mon-Fri 9am-5pm. We are at 123 Main St, Tampa FL."}
	if diff := cmp.Diff(want, texts[0]); diff != "" {
		t.Errorf("the text (- want, + got):\n%s", diff)
	}

	// A Zoho form for a new customer.
	form := url.Values{"id": {"example.net-new"}, "secret": {"correct horse battery"}, "api_domain": {"example.net"}, "user": {""}, "ns_system_user": {"8002"},
		"from_number": {"19294873999"}, "message": {"We’re open."}, "zf_submit": {"1"}}
	if status, body := p.do(http.MethodPost, "/update-sms", form.Encode()); status != 200 ||
		body != `{"user":"created","dial_rule":"created","answer_rule":"updated","ignored":"zf_submit"}`+"\n" {
		t.Errorf("the form is answered with %d %s", status, body)
	}
	rules := system.DialRules("example.net")
	asks, _ := rules[len(rules)-1]["dial-rule-parameter"].(string)
	key, keyed := strings.CutPrefix(asks, "https://hooks.example.net/webresponder?id=example.net-new&key=")
	if !keyed || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(key) {
		t.Errorf("the dial rule asks %v", asks)
	}
	p.hears("example.net-new", "+19734321441", "call-3@10.1.1.2", apology) // a client that knows only the id
	if _, got := p.get("/webresponder?id=example.net-new&key=" + key + "&NmsAni=%2B19734321441&OrigCallID=call-4"); got != success {
		t.Errorf("with the rule's key the caller hears %s", got)
	}
	form.Set("secret", "wrong")
	if status, _ := p.do(http.MethodPost, "/update-sms", form.Encode()); status != 403 {
		t.Errorf("the status is %d", status)
	}
	text, err := os.ReadFile(filepath.Join(old, "domains.json"))
	if err != nil || !strings.Contains(string(text), `"button_color": "#1a73e8"`) || !strings.Contains(string(text), `"We’re open."`) {
		t.Errorf("the file is %s, %v", text, err)
	}

	// A change by hand.
	put(t, filepath.Join(old, "domains.json"), strings.ReplaceAll(oldDomains, "Tampa FL", "Miami FL"))
	p.hears("example.net-sms", "+19734321442", "call-5@10.1.1.1", success)
	if texts = system.Messages(); !strings.Contains(texts[len(texts)-1].Text, "Miami FL") {
		t.Errorf("the last text is %+v", texts[len(texts)-1])
	}
	for _, hidden := range []string{key, "9734321440", "9734321441", "9294873999", nstest.Token, "correct horse battery", "wrong"} {
		if strings.Contains(p.log.String(), hidden) {
			t.Errorf("the log has %s in it:\n%s", hidden, p.log.String())
		}
	}
	if !strings.Contains(p.log.String(), "client=203.0.113.7") {
		t.Errorf("the log lacks the client:\n%s", p.log.String())
	}
}

func TestABrokenFileIsTold(t *testing.T) {
	system := phoneSystem(t)
	old := oldFolder(t, system)
	p := serve(t, old)
	if status, body := p.get("/readyz"); status != 200 || body != `{"database":"ok","entries":"ok"}`+"\n" {
		t.Errorf("ready: %d %s", status, body)
	}
	put(t, filepath.Join(old, "domains.json"), oldDomains[:100])
	p.hears("example.net-sms", "+19734321440", "call-1", success) // the last good one is in force
	if status, body := p.get("/readyz"); status != 200 || !strings.Contains(body, "domains.json is broken: line 5: it ends too early") {
		t.Errorf("ready: %d %s", status, body)
	}
	if n := strings.Count(p.log.String(), "entries not readable"); n != 1 {
		t.Errorf("the log tells it %d times:\n%s", n, p.log.String())
	}
	token := operatorToken(t, filepath.Join(old, "switchhook-data"))
	if status, _, metrics := asOperator(t, p.address, "/metrics", bearer(token)); status != 200 || !strings.Contains(metrics, "switchhook_entries_problems_total 1\n") {
		t.Errorf("the metrics do not tell: %d", status)
	}
	put(t, filepath.Join(old, "domains.json"), oldDomains)
	if status, body := p.get("/readyz"); status != 200 || body != `{"database":"ok","entries":"ok"}`+"\n" {
		t.Errorf("ready: %d %s", status, body)
	}
	p.await("entries readable again")
}

func TestAPortThatIsTakenIsSaid(t *testing.T) {
	system := phoneSystem(t)
	p := serve(t, oldFolder(t, system))
	second := exec.Command("switchhook", "serve", "--listen", p.address)
	second.Dir = oldFolder(t, system)
	out, err := second.CombinedOutput()
	if err == nil || second.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "switchhook: error: "+p.address+" cannot be listened on: ") ||
		!strings.Contains(string(out), "switchhook: hint: another program listens there") {
		t.Errorf("%v\n%s", err, out)
	}
}
