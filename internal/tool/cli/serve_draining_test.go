//go:build unix

package cli_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/test/await"
)

// serveCore serves a Core whose calls in hand may go on for two hours, and returns
// it with its data folder.
func serveCore(t *testing.T) (p *process, data string) {
	t.Helper()
	path := folder(t, map[string]string{"switchhook.toml": "data = \"data\"\n[core]\ndomain = \"example.net\"\ndrain = \"2h\"\n"})
	return serve(t, path, "-c", "switchhook.toml"), filepath.Join(path, "data")
}

// hold places a terminal's call that lasts until the Core ends it: the terminal
// does nothing of what it is told. The channel is closed when the line is.
func (p *process) hold(data string) (ended <-chan struct{}) {
	p.t.Helper()
	token, err := server.OperatorToken(data)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx := await.Context(p.t)
	conn, _, err := websocket.Dial(ctx, "http://"+p.address+wire.LinePath, &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + token}}})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(wire.MaxOrder)
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"to":"2125559999"}`)); err != nil {
		p.t.Fatal(err)
	}
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			p.t.Fatal(err)
		}
		if strings.Contains(string(text), `"do":"play"`) {
			break
		}
	}
	over := make(chan struct{})
	go func() { // ends with the line, which the Core or the cleanup closes
		defer close(over)
		defer func() { _ = conn.CloseNow() }()
		for {
			if _, text, err := conn.Read(ctx); err != nil || strings.Contains(string(text), `"do":"end"`) {
				return
			}
		}
	}()
	return over
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// TestASecondSignalEndsTheWait, as people expect who press Ctrl-C twice.
func TestASecondSignalEndsTheWait(t *testing.T) {
	for name, second := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			m := manage(t, "")
			p, data := serveCore(t)
			m.expect("READY=1")
			ended := p.hold(data)
			p.signal(syscall.SIGTERM)
			m.expect("STOPPING=1")
			if told := m.expect("EXTEND_TIMEOUT_USEC=50000000"); !strings.Contains(told, "STATUS=Waiting for the calls in hand, 1, until ") {
				t.Errorf("the service manager is told %q", told)
			}
			if status, _ := p.get("/healthz"); status != http.StatusOK {
				t.Errorf("the web is answered with %d during the drain", status)
			}
			p.signal(second)
			await.From(t, "the end of the call", ended)
			if code := p.end(); code != 0 {
				t.Errorf("the exit code is %d", code)
			}
			for _, want := range []string{"msg=stopping calls=1 drain=2h0m0s", "told to stop at once", "calls in hand hung up"} {
				if !strings.Contains(p.log.String(), want) {
					t.Errorf("the log lacks %s:\n%s", want, p.log.String())
				}
			}
		})
	}
}

// TestAnUpgradeLetsCallsEnd: the new program takes over once they have.
func TestAnUpgradeLetsCallsEnd(t *testing.T) {
	m := manage(t, "")
	path := folder(t, map[string]string{"switchhook.toml": "data = \"data\"\n[core]\ndomain = \"example.net\"\ndrain = \"1s\"\n"})
	p := serve(t, path, "-c", "switchhook.toml")
	m.expect("READY=1")
	ended := p.hold(filepath.Join(path, "data"))
	p.signal(syscall.SIGUSR2)
	m.expect("RELOADING=1")
	m.expect("EXTEND_TIMEOUT_USEC=50000000")
	await.From(t, "the end of the call", ended)
	m.expect("READY=1")
	p.hold(filepath.Join(path, "data"))
	p.signal(syscall.SIGTERM)
	m.expect("STOPPING=1")
	if code := p.end(); code != 0 {
		t.Errorf("the exit code is %d:\n%s", code, p.log.String())
	}
}
