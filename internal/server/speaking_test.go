package server_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/soundcache"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/internal/setting"
	"github.com/switchhook/switchhook/test/await"
)

// greetings serves a document that plays a greeting, and counts who asked for that.
func greetings(t *testing.T) (address string, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/greeting.wav" {
			_, _ = io.WriteString(w, `<Play>greeting.wav</Play>`)
			return
		}
		asked.Add(1)
		w.Header().Set("Cache-Control", "max-age=3600")
		_ = audio.WriteWAV(w, audio.Silence(time.Second))
	}))
	t.Cleanup(host.Close)
	return host.URL + "/", asked
}

// metrics returns the lines of /metrics that begin so.
func (s *phoneSystem) metrics(t *testing.T, begin string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Address()+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.dialer(t).Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var found strings.Builder
	for line := range strings.Lines(string(all)) {
		if strings.HasPrefix(line, begin) {
			found.WriteString(line)
		}
	}
	return found.String()
}

// TestPromptsOutliveTheServer: a server that is started again has its greetings.
func TestPromptsOutliveTheServer(t *testing.T) {
	host, asked := greetings(t)
	folder := t.TempDir()
	for start := range 2 {
		s := startCoreIn(t, coreSettings(t, folder, "example.net"), server.Options{})
		if start == 0 {
			s.lead(t, host)
		}
		result, err := simulator.Call(t.Context(), simulator.Options{To: "2125551212", Place: s.dialer(t).Place})
		if err != nil || result.Outcome.Failed {
			t.Fatalf("start %d: %+v, %v", start, result, err)
		}
		from := [...]string{"made", "disk"}[start]
		if lines := s.metrics(t, "switchhook_prompts"); !strings.Contains(lines, `switchhook_prompts_total{from="`+from+`"} 1`) {
			t.Errorf("start %d: the metrics are\n%s", start, lines)
		}
		s.stop()
		if err := <-s.stopped; err != nil {
			t.Error(err)
		}
		s.stopped <- nil // for the cleanup
	}
	if n := asked.Load(); n != 1 {
		t.Errorf("the host was asked %d times", n)
	}
	// Where nothing is to be kept, what was kept goes.
	settings := coreSettings(t, folder, "example.net")
	settings.Prompts.DiskMiB = 0
	startCoreIn(t, settings, server.Options{})
	if n, err := soundcache.Count(server.PromptsFolder(settings)); n != 0 || err != nil {
		t.Errorf("%d sounds are kept: %v", n, err)
	}
}

// TestWithoutADiskForPromptsTheServerGoesOn in memory, and says so.
func TestWithoutADiskForPromptsTheServerGoesOn(t *testing.T) {
	host, _ := greetings(t)
	settings := coreSettings(t, t.TempDir(), "example.net")
	if err := os.WriteFile(server.PromptsFolder(settings), nil, 0o600); err != nil { // no folder
		t.Fatal(err)
	}
	log := &safeLog{}
	s := startCoreIn(t, settings, server.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	s.lead(t, host)
	result, err := simulator.Call(t.Context(), simulator.Options{To: "2125551212", Place: s.dialer(t).Place})
	if err != nil || result.Outcome.Failed {
		t.Errorf("the call: %+v, %v", result, err)
	}
	if !strings.Contains(log.String(), `msg="prompts not kept on disk"`) {
		t.Errorf("the log is\n%s", log)
	}
}

// TestAReloadChangesHowTextsAreSpoken, while the Core goes on.
func TestAReloadChangesHowTextsAreSpoken(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no program speaks
	log := &safeLog{}
	s := startCoreIn(t, coreSettings(t, t.TempDir(), "example.net"), server.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	heard := func() (time.Duration, error) {
		into := audio.NewSound(audio.Rate)
		err := server.VoiceOf(s.Server).Speak(t.Context(), speech.Utterance{Text: "hello", Domain: "example.net"}, into)
		return into.Duration(), err
	}
	if d, err := heard(); d != 0 || fault.CodeOf(err) != fault.Unsupported {
		t.Errorf("heard are %v: %v", d, err)
	}
	await.That(t, "the log says what is missing", func() bool { return strings.Contains(log.String(), `msg="speech program missing"`) })
	sorry := filepath.Join(t.TempDir(), "sorry.wav")
	settings := coreSettings(t, s.data, "example.net")
	settings.Speech.Fallback = setting.Path(sorry)
	if err := s.Reload(t.Context(), settings); err == nil {
		t.Error("a recording that is not there is taken")
	}
	f, err := os.Create(sorry)
	if err == nil {
		err = audio.WriteWAV(f, audio.Silence(time.Second))
	}
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	if err := s.Reload(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	if d, err := heard(); d != time.Second || err == nil {
		t.Errorf("heard are %v: %v", d, err)
	}
	// Without [core] in the settings it goes on as it was.
	if err := s.Reload(t.Context(), coreSettings(t, s.data, "")); err != nil {
		t.Fatal(err)
	}
	if d, err := heard(); d != time.Second || err == nil {
		t.Errorf("heard are %v: %v", d, err)
	}
}
