//go:build unix

package cli_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/switchhook/switchhook/netsapiens/nstest"
)

// callBack requests a call back as the button does, and returns its id.
func (p *process) callBack() string {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, "http://"+p.address+"/click-to-call", strings.NewReader(`{"id":"example.net-sales","phone":"2125550123"}`))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "X-Forwarded-For": {"203.0.113.7"}}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	var accepted struct {
		ID string `json:"request_id"`
	}
	if err := json.NewDecoder(response.Body).Decode(&accepted); err != nil || response.StatusCode != http.StatusAccepted {
		p.t.Fatalf("the call is answered with %d (%v)\n%s", response.StatusCode, err, p.log.String())
	}
	return accepted.ID
}

// follow opens the stream of a call back's events, and reads the first of them.
func (p *process) follow(id string) io.Reader {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, "http://"+p.address+"/click-to-call/calls/"+id, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header = http.Header{"Accept": {"text/event-stream"}, "X-Forwarded-For": {"203.0.113.7"}}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = response.Body.Close() })
	events := bufio.NewReader(response.Body)
	for {
		line, err := events.ReadString('\n')
		if err != nil {
			p.t.Fatalf("the browser hears no state: %v\n%s", err, p.log.String())
		}
		if strings.HasPrefix(line, "data: ") {
			return events
		}
	}
}

// lastRequest returns how many milliseconds the last request with a method
// took, from the log.
func (p *process) lastRequest(method string) int {
	p.t.Helper()
	ms, err := strconv.Atoi(p.await(`(?s).*msg=request route=\S+ method=` + method + `[^\n]* ms=(\d+)`))
	if err != nil {
		p.t.Fatal(err)
	}
	return ms
}

// serveClickToCall serves an entry with a button that needs no token.
func serveClickToCall(t *testing.T) (*process, *nstest.System) {
	t.Helper()
	system := phoneSystem(t)
	system.AddQueue("example.net", "9002")
	path := folder(t, map[string]string{"domains.json": oldDomains, "switchhook.toml": "listen = \"127.0.0.1:0\"\n" +
		"public_url = \"https://hooks.example.net\"\ndomains_file = \"domains.json\"\ndata = \"data\"\n[netsapiens]\nurl = \"" + system.URL +
		"\"\ntoken = \"" + nstest.Token + "\"\n[forms]\nsecret = \"correct horse battery\"\n[clicktocall]\naccept_bare = true\n"})
	return serve(t, path, "-c", "switchhook.toml"), system
}

// TestWhoFollowsACallDoesNotHoldUpAStop has a visitor's event stream open while
// the server is stopped: it ends before its usual 25 seconds.
func TestWhoFollowsACallDoesNotHoldUpAStop(t *testing.T) {
	p, _ := serveClickToCall(t)
	events := p.follow(p.callBack())
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	if rest, err := io.ReadAll(events); err != nil {
		t.Errorf("the stream was cut off: %v after %q", err, rest)
	}
	if ms := p.lastRequest(http.MethodGet); ms >= 25_000 {
		t.Errorf("the stream lasted %d ms: the stop has waited for it", ms)
	}
}

// TestASlowBodyDoesNotHoldUpAStop has a client that never sends the last byte
// of a form. It is cut off before the body timeout of 20 seconds.
func TestASlowBodyDoesNotHoldUpAStop(t *testing.T) {
	p, _ := serveClickToCall(t)
	conn, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// The answer to the first one shows that the second is being read.
	if _, err := io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nPOST /update-sms HTTP/1.1\r\nHost: x\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\nsecret=x"); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	if ms := p.lastRequest(http.MethodPost); ms >= 20_000 {
		t.Errorf("the form was waited for for %d ms", ms)
	}
}

// TestAStopWaitsForACode has the phone system answer after the stop has begun.
func TestAStopWaitsForACode(t *testing.T) {
	p, system := serveClickToCall(t)
	p.callBack()
	release := make(chan struct{})
	system.Break(nstest.SendMessage, 1, nstest.Held(release))
	if status, body := p.do(http.MethodPost, "/click-to-call/never", "number=2125550123&by=text"); status != http.StatusOK {
		t.Errorf("the page answers %d: %s", status, body)
	}
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.await("msg=stopping")
	close(release)
	if code := p.end(); code != 0 {
		t.Errorf("the exit code is %d", code)
	}
	p.await(`msg="code sent" number=1212•••0123`)
}
