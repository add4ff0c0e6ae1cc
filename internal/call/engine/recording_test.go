package engine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
)

const recordingURL = "http://core.example/recordings/1.wav"

func TestRecordingIsPostedBack(t *testing.T) {
	for _, c := range []struct {
		name, document string
		length, leaves time.Duration
		asked          []string
		want           []string
	}{
		{"the caller stays", `<Record action="done"/>`, 4149 * ms, never,
			[]string{"GET http://responder.example/done?NmsAni=1001&RecordingUrl=http%3A%2F%2Fcore.example%2Frecordings%2F1.wav&RecordingDuration=4.1"},
			[]string{"> records 4.149 s, " + recordingURL, `"Thanks."`, "hangs up: the document ended (end)"}},
		{"without action", `<Response><Record/><Say>Bye.</Say></Response>`, 2 * s, never, nil,
			[]string{
				"warning SH210: line 1: this Record has no action, so nobody learns where the recording is (the next verb runs and the input is lost)",
				"> records 2 s, " + recordingURL, `"Bye."`, "hangs up: the document ended (end)",
			}},
		{"the caller hangs up on the message", `<Record action="done"/>`, 60 * s, 10 * s,
			[]string{"GET http://responder.example/done?NmsAni=1001&RecordingUrl=http%3A%2F%2Fcore.example%2Frecordings%2F1.wav&RecordingDuration=10"},
			[]string{"> records 10 s, " + recordingURL, "hangs up: the caller hung up (caller)"}},
		{"the caller hangs up, and nobody wants to know", `<Record/>`, 60 * s, 10 * s, nil,
			[]string{
				"warning SH210: line 1: this Record has no action, so nobody learns where the recording is (the next verb runs and the input is lost)",
				"> records 10 s, " + recordingURL, "hangs up: the caller hung up (caller)",
			}},
		{"the caller hangs up, and the responder fails", `<Record action="gone"/>`, 60 * s, 10 * s,
			[]string{"GET http://responder.example/gone?NmsAni=1001&RecordingUrl=http%3A%2F%2Fcore.example%2Frecordings%2F1.wav&RecordingDuration=10"},
			[]string{"> records 10 s, " + recordingURL, "GET failed, SH303: it answered 404 Not Found", "hangs up: the caller hung up (caller)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := newDeskPhone()
			line.recorded, line.leaves = engine.Recorded{URL: recordingURL, Length: c.length}, c.leaves
			asked := &noting{Handler: responds{"/start": c.document, "/done": `<Say>Thanks.</Say>`}}
			outcome, events := against(t, asked).place(line)
			if diff := cmp.Diff(c.want, story(events)); diff != "" || outcome.Failed {
				t.Errorf("outcome %+v, the call (-want +got):\n%s", outcome, diff)
			}
			if diff := cmp.Diff(c.asked, append([]string(nil), asked.notes[1:]...)); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRecordingHasItsRules(t *testing.T) {
	line := newDeskPhone()
	line.recorded.URL = recordingURL
	against(t, responds{
		"/start": `<Response><Record/><Record maxLength="30" timeout="2.5" finishOnKey="*9" playBeep="true"/>` +
			`<Record maxLength="0" timeout="0" finishOnKey=""/></Response>`,
	}).place(line)
	want := []engine.RecordRules{
		{MaxLength: 10 * time.Minute, Silence: 5 * s, FinishOnKey: "#"},
		{MaxLength: 30 * s, Silence: 2500 * ms, FinishOnKey: "*9", Beep: true},
		{MaxLength: 10 * time.Minute},
	}
	if diff := cmp.Diff(want, line.rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}
