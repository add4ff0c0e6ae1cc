package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/server/config"
)

// phoneSystem is a Server with a Core, which a test may stop.
type phoneSystem struct {
	*server.Server
	data    string
	stop    context.CancelFunc
	stopped chan error
}

func coreSettings(t *testing.T, folder, domain string) *config.Settings {
	t.Helper()
	flags := map[string]string{"listen": "127.0.0.1:0", "data": folder}
	if domain != "" {
		flags["core.domain"] = domain
	} else { // something must be on
		flags["public_url"], flags["netsapiens.url"], flags["netsapiens.token"] = "https://hooks.example.net", "https://phones.example.net", "x"
		flags["forms.secret"] = "a-secret-of-forms"
	}
	settings, err := config.Load(config.Sources{Dir: folder, Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

func startCore(t *testing.T) *phoneSystem {
	t.Helper()
	return startCoreIn(t, coreSettings(t, t.TempDir(), "example.net"), server.Options{})
}

// startCoreIn starts a Core with its settings, in a folder that may have the state
// of an earlier one.
func startCoreIn(t *testing.T, settings *config.Settings, o server.Options) *phoneSystem {
	t.Helper()
	s := &phoneSystem{data: string(settings.Data), stopped: make(chan error, 1)}
	o.LoopbackResponders = true
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.Server, err = server.New(t.Context(), settings, o); err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s.stop = stop
	ended := make(chan struct{})
	go func() { // ends with stop, which the cleanup waits for
		defer close(ended)
		s.stopped <- s.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return s
}

// safeLog is a log to read while it is written: the line of a call that was cut
// off may come after the stop.
type safeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *safeLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (s *phoneSystem) dialer(t *testing.T) *wire.Dialer {
	t.Helper()
	token, err := server.OperatorToken(s.data)
	if err != nil {
		t.Fatal(err)
	}
	return &wire.Dialer{Core: "http://" + s.Address(), Token: token}
}

// ask asks the API and returns the status and the answer.
func (s *phoneSystem) ask(t *testing.T, method, path, body string) (status int, answer []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, "http://"+s.Address()+"/ns-api"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Authorization": {"Bearer " + s.dialer(t).Token}}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if answer, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

// lead routes +1 212 555 1212 to a user and on to a responder, by the API.
func (s *phoneSystem) lead(t *testing.T, responder string) {
	t.Helper()
	s.leadTo(t, "8001", responder)
	s.provision(t, http.MethodPost, "/phonenumbers", `{"phonenumber":"12125551212","dial-rule-application":"to-user","dial-rule-translation-destination-user":"8001"}`)
}

// leadTo makes a user, whose calls go to a responder.
func (s *phoneSystem) leadTo(t *testing.T, user, responder string) {
	t.Helper()
	s.provision(t, http.MethodPost, "/users", `{"user":"`+user+`","name-first-name":"Text","name-last-name":"Back","email-address":"a@example.net","user-scope":"Basic User"}`)
	s.provision(t, http.MethodPut, "/users/"+user+"/answerrules/*", `{"enabled":"yes","is-active":true,"forward-always":{"enabled":"yes","parameters":["webresponder`+user+`"]}}`)
	s.provision(t, http.MethodPost, "/dialplans/example.net/dialrules", `{"dial-rule-matching-to-uri":"webresponder`+user+`","dial-rule-matching-from-uri":"*","enabled":"yes",`+
		`"dial-rule-application":"To Web","dial-rule-parameter":"`+responder+`","dial-rule-translation-destination-user":"[*]"}`)
}

// provision changes something of the Core's domain.
func (s *phoneSystem) provision(t *testing.T, method, path, body string) {
	t.Helper()
	if status, answer := s.ask(t, method, "/v2/domains/example.net"+path, body); status > 299 {
		t.Fatalf("%s %s: %d %s", method, path, status, answer)
	}
}

func responderSaying(t *testing.T, document string) string {
	t.Helper()
	return answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(document)) })
}

// answering returns the address of a responder.
func answering(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return server.URL + "/"
}

func TestANumberThatLeadsNowhere(t *testing.T) {
	s := startCore(t)
	result, err := simulator.Call(t.Context(), simulator.Options{To: "2125559999", Place: s.dialer(t).Place})
	if err != nil {
		t.Fatal(err)
	}
	if heard := simulator.Heard(result.Events); len(heard) != 1 || heard[0] != "The number you have called cannot be reached." {
		t.Errorf("the caller heard %q", heard)
	}
	if !result.Outcome.Failed || result.Outcome.By != trace.ByEngine || !strings.HasPrefix(result.Outcome.Reason, "not reachable: ") {
		t.Errorf("the call ended so: %+v", result.Outcome)
	}
	if first, last := result.Events[0].Event.Kind(), result.Events[len(result.Events)-1].Event.Kind(); first != "answer" || last != "hangup" {
		t.Errorf("the events go from %s to %s", first, last)
	}
	result, err = simulator.Call(t.Context(), simulator.Options{To: "2125559999", Place: s.dialer(t).Place, HangupAfter: time.Second})
	if err != nil || result.Outcome.By != trace.ByCaller {
		t.Errorf("a caller who does not hear it out: %+v, %v", result, err)
	}
}

// TestNewSettingsLeaveTheCore turns [core] off and on: the Core's state and
// calls stay until the server is restarted.
// TestATerminalsCallOverACoreIsRecorded has a responder that gets the recording.
func TestATerminalsCallOverACoreIsRecorded(t *testing.T) {
	var status int
	var recording audio.Clip
	responder := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/done" {
			_, _ = io.WriteString(w, `<Record maxLength="60" action="done"/>`)
			return
		}
		_, _ = io.WriteString(w, `<Hangup/>`)
		request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, r.FormValue("RecordingUrl"), http.NoBody)
		if err != nil {
			t.Error(err)
			return
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = response.Body.Close() }()
		status = response.StatusCode
		recording, _ = audio.ReadWAV(response.Body) // what is missing shows below
	}))
	t.Cleanup(responder.Close)
	s := startCore(t)
	s.lead(t, responder.URL+"/")
	result, err := simulator.Call(t.Context(), simulator.Options{To: "2125551212", Place: s.dialer(t).Place, Script: []simulator.Step{
		{Do: simulator.Wait, For: 2 * time.Second}, {Do: simulator.Say, Text: "Good morning."}, {Do: simulator.Press, Text: "#"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if status != http.StatusOK || recording.Duration() < 2*time.Second || recording.Duration() > 4*time.Second {
		t.Errorf("the responder got %d and %v of sound: %v", status, recording.Duration(), result.Events)
	}
}

func TestNewSettingsLeaveTheCore(t *testing.T) {
	s := startCore(t)
	s.lead(t, responderSaying(t, `<Say>Good day.</Say>`))
	for _, domain := range []string{"example.org", "", "example.net"} {
		if err := s.Reload(t.Context(), coreSettings(t, s.data, domain)); err != nil {
			t.Fatal(err)
		}
		result, err := simulator.Call(t.Context(), simulator.Options{To: "2125551212", Place: s.dialer(t).Place})
		if err != nil || result.Outcome.Failed {
			t.Errorf("with the domain %q: %+v, %v", domain, result, err)
		}
	}
}

// TestNewSettingsLeaveTheFilesOfCalls plays a file that was not asked for before
// the settings were read again.
func TestNewSettingsLeaveTheFilesOfCalls(t *testing.T) {
	s := startCore(t)
	silence := append([]byte("RIFF\x44\x1f\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x20\x1f\x00\x00"), make([]byte, 7968)...)
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(silence) }))
	t.Cleanup(files.Close)
	s.lead(t, responderSaying(t, `<Play>`+files.URL+`/silence.wav</Play>`))
	if err := s.Reload(t.Context(), coreSettings(t, s.data, "example.net")); err != nil {
		t.Fatal(err)
	}
	result, err := simulator.Call(t.Context(), simulator.Options{To: "2125551212", Place: s.dialer(t).Place})
	if err != nil {
		t.Fatal(err)
	}
	played := slices.ContainsFunc(result.Events, func(e trace.Stamped) bool {
		play, ok := e.Event.(trace.Play)
		return ok && play.Seconds > 0.4
	})
	if !played {
		t.Errorf("the file was not played: %+v", result.Events)
	}
}

func TestARunningCoreIsFound(t *testing.T) {
	s := startCore(t)
	if _, err := s.dialer(t).Explain(t.Context(), "1", "2", time.Time{}); err != nil {
		t.Fatal(err) // and so it runs
	}
	want := []server.Running{{URL: "http://" + s.Address(), Token: s.dialer(t).Token}}
	if found := server.Announced(t.TempDir(), s.data); !slices.Equal(found, want) {
		t.Errorf("found %d, not the one that runs", len(found))
	}
	for _, name := range []string{"address", "operator.token"} {
		info, err := os.Stat(filepath.Join(s.data, name))
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	s.stop()
	if err := <-s.stopped; err != nil {
		t.Fatal(err)
	}
	if found := server.Announced(s.data); len(found) > 0 {
		t.Error("it is found after it has stopped")
	}
}
