//go:build unix

package server_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
	"github.com/switchhook/switchhook/internal/server/systemd"
	"github.com/switchhook/switchhook/test/await"
)

const onCallSecretOfDrain = "correct-horse-battery-staple"

// drainSettings are those of a Core and of on-call, whose rota is empty.
func drainSettings(t *testing.T, drain string) *config.Settings {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "rota.toml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(config.Sources{Dir: folder, Flags: map[string]string{
		"listen": "127.0.0.1:0", "data": folder, "core.domain": "example.net", "core.drain": drain, "oncall.secret": onCallSecretOfDrain,
		"oncall.fallback": "+31612345678", "oncall.source.0.kind": "file", "oncall.source.0.path": "rota.toml",
	}})
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// manager stands in for systemd.
type manager struct {
	*systemd.Manager
	t    *testing.T
	conn *net.UnixConn
}

func newManager(t *testing.T) *manager {
	t.Helper()
	folder, err := os.MkdirTemp("", "drain") //nolint:usetesting // t.TempDir may be too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = conn.Close(), os.RemoveAll(folder) })
	found, err := systemd.Find(func(name string) string { return map[string]string{"NOTIFY_SOCKET": path}[name] }, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return &manager{found, t, conn}
}

// isTold waits until the manager is told something that contains a text, and
// returns it.
func (m *manager) isTold(text string) string {
	m.t.Helper()
	buffer := make([]byte, 4096)
	for {
		if err := m.conn.SetReadDeadline(time.Now().Add(await.Limit)); err != nil {
			m.t.Fatal(err)
		}
		n, err := m.conn.Read(buffer)
		if err != nil {
			m.t.Fatalf("the service manager was not told %s: %v", text, err)
		}
		if told := string(buffer[:n]); strings.Contains(told, text) {
			return told
		}
	}
}

// get asks the server as the web does.
func (s *phoneSystem) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(await.Context(t), http.MethodGet, "http://"+s.Address()+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// inHand is a terminal's call that is up.
type inHand struct {
	handset *simulator.Handset
	hears   chan string // each text
	ended   chan *simulator.Result
}

// call places a call, and returns once it does what the scene says.
func (s *phoneSystem) call(t *testing.T, during simulator.SceneKind) *inHand {
	t.Helper()
	up := make(chan struct{}, 100)
	c := &inHand{hears: make(chan string, 100), ended: make(chan *simulator.Result, 1)}
	c.handset = &simulator.Handset{Watch: func(scene simulator.Scene) {
		if scene.Kind == during {
			up <- struct{}{}
		}
		if said, ok := scene.Prompt.(engine.Speech); ok {
			c.hears <- said.Text
		}
	}}
	dialer := s.dialer(t)
	go func() { // ends with the call
		result, err := simulator.Live(t.Context(), simulator.Options{To: "2125551212", Place: dialer.Place}, c.handset)
		if err != nil {
			t.Error(err)
		}
		c.ended <- result
	}()
	await.From(t, "a call that is up", up)
	return c
}

// hasStopped waits until the server has, without an error.
func (s *phoneSystem) hasStopped(t *testing.T) {
	t.Helper()
	if err := await.From(t, "the end of the server", s.stopped); err != nil {
		t.Errorf("the stop: %v", err)
	}
}

// TestCallsInHandGoOnDuringAStop: their next document is one of this very server,
// which answers the web as before.
func TestCallsInHandGoOnDuringAStop(t *testing.T) {
	m := newManager(t)
	s := startCoreIn(t, drainSettings(t, "2h"), server.Options{Manager: m.Manager})
	onCall := "/oncall?secret_key=" + onCallSecretOfDrain
	s.lead(t, responderSaying(t, `<Gather numDigits="1" timeout="600" action="http://`+s.Address()+onCall+`"/>`))
	if status, body := s.get(t, "/readyz"); status != http.StatusOK || !strings.Contains(body, `"calls":"ok"`) {
		t.Errorf("before the stop it is ready so: %d %s", status, body)
	}
	call := s.call(t, simulator.Collecting)
	s.stop()
	m.isTold("STOPPING=1")
	if told := m.isTold("EXTEND_TIMEOUT_USEC="); !strings.HasPrefix(told, "EXTEND_TIMEOUT_USEC=50000000\nSTATUS=Waiting for the calls in hand, 1, until ") {
		t.Errorf("the service manager is told %q", told)
	}
	if status, body := s.get(t, "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "calls in hand go on, new ones are refused") {
		t.Errorf("during the stop it is ready so: %d %s", status, body)
	}
	_, err := simulator.Call(t.Context(), simulator.Options{To: "2125551212", Place: s.dialer(t).Place})
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "takes no calls now") {
		t.Errorf("a new call: %v", err)
	}
	if status, body := s.get(t, onCall+"&callerid=%2B12125550123"); status != http.StatusOK || !strings.Contains(body, "<Forward") {
		t.Errorf("on-call answers %d %s", status, body)
	}
	call.handset.Press('1')
	if heard := await.From(t, "a prompt", call.hears); heard != "Please hold. We are connecting you to the person on call." {
		t.Errorf("the caller hears %q", heard)
	}
	call.handset.Hangup()
	if o := await.From(t, "the end of the call", call.ended).Outcome; o.By != trace.ByCaller {
		t.Errorf("the call ended so: %+v", o)
	}
	s.hasStopped(t)
}

func TestCallsThatOutlastTheDrainAreHungUp(t *testing.T) {
	var log safeLog
	s := startCoreIn(t, drainSettings(t, "100ms"), server.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.lead(t, responderSaying(t, `<Echo/>`))
	call := s.call(t, simulator.Echoing)
	s.stop()
	result := await.From(t, "the end of the call", call.ended)
	if o := result.Outcome; o.By != trace.ByEngine || o.Reason != "the call was ended: the server is stopping" {
		t.Errorf("the call ended so: %+v", o)
	}
	s.hasStopped(t)
	for _, want := range []string{"msg=stopping calls=1 drain=100ms", `msg="calls in hand hung up" calls=1`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, log.String())
		}
	}
}

// TestAHurryEndsTheDrain: somebody has told the server twice to stop.
func TestAHurryEndsTheDrain(t *testing.T) {
	m := newManager(t)
	s := startCoreIn(t, drainSettings(t, "2h"), server.Options{Manager: m.Manager})
	s.lead(t, responderSaying(t, `<Echo/>`))
	call := s.call(t, simulator.Echoing)
	s.stop()
	m.isTold("EXTEND_TIMEOUT_USEC=")
	s.Hurry()
	if o := await.From(t, "the end of the call", call.ended).Outcome; o.Reason != "the call was ended: the server is stopping" {
		t.Errorf("the call ended so: %+v", o)
	}
	s.hasStopped(t)
}

// TestTheDrainIsThatOfTheLastReload, which does not ask for a restart.
func TestTheDrainIsThatOfTheLastReload(t *testing.T) {
	var log safeLog
	settings := drainSettings(t, "2h")
	s := startCoreIn(t, settings, server.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.lead(t, responderSaying(t, `<Echo/>`))
	call := s.call(t, simulator.Echoing)
	next, changed := *settings, *settings.Core
	changed.Drain = 0
	next.Core = &changed
	if err := s.Reload(t.Context(), &next); err != nil {
		t.Fatal(err)
	}
	s.stop()
	await.From(t, "the end of the call", call.ended)
	s.hasStopped(t)
	if strings.Contains(log.String(), "restart to apply") {
		t.Errorf("the reload asks for a restart:\n%s", log.String())
	}
}
