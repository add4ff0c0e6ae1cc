package simulator_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// The recording is served over a socket, at which virtual time stands still, so
// this call takes place in real time: until the person presses #, very soon.
func TestResponderGetsTheRecordingOfALiveCall(t *testing.T) {
	var recording audio.Clip
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/done" {
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
			if recording, err = audio.ReadWAV(response.Body); err != nil {
				t.Error(err)
			}
		}
		documents{"/": `<Record maxLength="60" playBeep="true" action="done"/>`, "/done": `<Hangup/>`}.ServeHTTP(w, r)
	})
	var phone simulator.Handset
	phone.Watch = func(s simulator.Scene) {
		if s.Kind == simulator.Recording {
			time.AfterFunc(50*time.Millisecond, func() { phone.Press('#') })
		}
	}
	result, err := simulator.Live(t.Context(), simulator.Options{Target: target, Handler: handler}, &phone)
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range result.Events {
		if record, ok := event.Event.(trace.Record); ok {
			if got, want := trace.Seconds(recording.Duration()), record.Seconds; got > want || got < want-0.001 {
				t.Errorf("the file has %v s, the event says %v s", got, want)
			}
			return
		}
	}
	t.Error("nothing was recorded")
}
