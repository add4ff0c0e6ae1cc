package server_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/server"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// recording is a responder that records a caller, and returns what it gets; closed:
// nothing.
func recording(t *testing.T) (address string, got <-chan audio.Clip) {
	t.Helper()
	clips := make(chan audio.Clip, 1)
	responder := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/done" {
			_, _ = w.Write([]byte(`<Record timeout="1" action="/done"/>`))
			return
		}
		_, _ = w.Write([]byte(`<Echo timeout="1"/>`))
		recorded := r.FormValue("RecordingUrl")
		if recorded == "" {
			close(clips)
			return
		}
		response, err := http.Get(recorded)
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		clip, err := audio.ReadWAV(response.Body)
		if err != nil {
			t.Error(err)
		}
		clips <- clip
	}))
	t.Cleanup(responder.Close)
	return responder.URL + "/", clips
}

func TestACallerIsRecordedOverSIP(t *testing.T) {
	said, err := audio.DTMF("42", 100*time.Millisecond, 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	s := startSIP(t, &safeLog{}, nil)
	responder, got := recording(t)
	s.lead(t, responder)
	call := s.telephone(t).call("+12125551212")
	handset.Expect[dialog.Answered](call)
	if _, err := call.Say(audio.SoundOf(said)); err != nil {
		t.Fatal(err)
	}
	handset.Expect[softphone.Ended](call)
	if keys := keysOf(await.From(t, "the recording", got), audio.Rate); keys != "42" {
		t.Errorf("the responder got the tones of %q", keys)
	}
	all, err := s.Recordings().Of(phone.Read("+12125550100", phone.Home{}))
	if err != nil || len(all) != 1 || all[0].Making {
		t.Errorf("the caller's recordings are %+v, %v", all, err)
	}
}

// TestACallGoesOnWhereItCannotBeRecorded, and the operator is told.
func TestACallGoesOnWhereItCannotBeRecorded(t *testing.T) {
	settings := sipSettings(t, t.TempDir(), nil)
	settings.Recordings.DiskMiB = 0
	log := &safeLog{}
	s := startCoreIn(t, settings, server.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
	responder, got := recording(t)
	s.lead(t, responder)
	if ended := handset.Expect[softphone.Ended](s.telephone(t).call("+12125551212")); ended.Cause != engine.Normal || !ended.Theirs {
		t.Errorf("the call ended as %+v", ended.Ended)
	}
	if clip := await.From(t, "the request after the recording", got); clip != nil {
		t.Errorf("the responder got %v", clip.Duration())
	}
	if !strings.Contains(log.String(), "kind=recording_lost") {
		t.Errorf("the log is\n%s", log)
	}
	await.That(t, "the trace", func() bool {
		calls, err := s.StoredCalls(t.Context())
		return err == nil && len(calls) == 1 && strings.Contains(string(calls[0].Trace), `"SH322"`)
	})
}
