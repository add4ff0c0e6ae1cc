package server_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/test/await"
)

// drainSIP starts a Core for calls over SIP, and on-call.
func drainSIP(t *testing.T, drain string, o server.Options) *phoneSystem {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "rota.toml"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return startCoreIn(t, sipSettings(t, folder, map[string]string{
		"core.drain": drain, "oncall.secret": onCallSecretOfDrain, "oncall.fallback": "+31612345678",
		"oncall.source.0.kind": "file", "oncall.source.0.path": "rota.toml",
	}), o)
}

func TestCallsOverSIPGoOnDuringAStop(t *testing.T) {
	var log safeLog
	m := newManager(t)
	s := drainSIP(t, "2h", server.Options{Manager: m.Manager, Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.lead(t, responderSaying(t, `<Gather numDigits="1" timeout="600" action="http://`+s.Address()+`/oncall?secret_key=`+onCallSecretOfDrain+`"/>`))
	phone := s.telephone(t)
	call := phone.call("2125551212")
	next[dialog.Answered](t, call)
	s.stop()
	m.isTold("EXTEND_TIMEOUT_USEC=")
	if ended := next[softphone.Ended](t, phone.call("2125551212")); ended.Status != http.StatusServiceUnavailable || ended.Retry == 0 {
		t.Errorf("a new call ended as %+v, want 503 and when to try again", ended.Ended)
	}
	if _, err := call.Press("1", softphone.ByEvents); err != nil {
		t.Fatal(err)
	}
	await.That(t, "the next document, of this very server", func() bool {
		return strings.Contains(log.String(), "msg=request route=oncall method=GET status=200")
	})
	call.Hangup()
	next[softphone.Ended](t, call)
	s.hasStopped(t)
}

func TestCallsOverSIPThatOutlastTheDrainAreHungUp(t *testing.T) {
	var log safeLog
	s := drainSIP(t, "500ms", server.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	asked, left := make(chan struct{}, 2), make(chan struct{})
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		if len(asked) == 2 { // the second caller hears nothing
			select {
			case <-r.Context().Done():
			case <-left:
			}
			return
		}
		_, _ = io.WriteString(w, `<Echo/>`)
	}))
	t.Cleanup(program.Close)
	t.Cleanup(func() { close(left) })
	s.lead(t, program.URL+"/")
	phone := s.telephone(t)
	answered := phone.call("2125551212")
	next[dialog.Answered](t, answered)
	ringing := phone.call("2125551212")
	await.That(t, "the question of the second call", func() bool { return len(asked) == 2 })
	s.stop()
	if ended := next[softphone.Ended](t, answered); ended.Cause != engine.Overloaded || !ended.Theirs || ended.Status != 0 {
		t.Errorf("the call that was answered ended as %+v, want a BYE that says why", ended.Ended)
	}
	if ended := next[softphone.Ended](t, ringing); ended.Status != http.StatusServiceUnavailable || ended.Retry == 0 {
		t.Errorf("the call that was not ended as %+v, want 503 and when to try again", ended.Ended)
	}
	s.hasStopped(t)
	if strings.Contains(log.String(), "ends of calls not answered") {
		t.Errorf("the stop did not wait for the last responses:\n%s", log.String())
	}
}
