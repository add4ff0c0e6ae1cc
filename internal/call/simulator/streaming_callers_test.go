package simulator_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/simulator"
)

const streaming = `<Response><Connect><Stream url="/stream"/></Connect><Say>Bye.</Say></Response>`

func TestScriptedCallerTalksToAMediaStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		remote := &program{documents: documents{"/": streaming}, stopAfter: 200, say: make([]byte, 8000)}
		result := place(t, simulator.Options{
			Handler: remote, Voice: toneVoice{}, Hear: true, Script: script(t, "wait 1\npress 4\nsay good morning"),
		})
		same(t, []string{
			"0.00 warning SH332: line 1: the media stream is not encrypted; write wss://",
			"0.00 media stream (connect) ws://responder.example/stream",
			`4.00 "Bye."`, "4.40 hangs up: the document ended (end)",
		}, result)
		// Four seconds of sound: 100 ms of the key's tone, 0.71 s of words.
		if diff := cmp.Diff([]any{200, 41, "4"}, []any{remote.frames, remote.loud, remote.digits}); diff != "" {
			t.Errorf("frames, loud ones, keys (-want +got):\n%s", diff)
		}
		if result.Heard.Duration() != 4400*time.Millisecond || result.Heard[4000] == 0 {
			t.Errorf("heard %v", result.Heard.Duration())
		}
	})
}

func TestScriptedCallerLeavesAMediaStream(t *testing.T) {
	for _, c := range []struct {
		name   string
		script string
		after  time.Duration
		at     time.Duration
	}{
		{"with nothing left to do", "", 0, 30*time.Second + 20*time.Millisecond},
		{"with nothing left to do since the last word", "wait 10\nsay hello", 0, 40*time.Second + 420*time.Millisecond},
		{"after a wait", "wait 90\nhangup", 0, 90 * time.Second},
		{"when the time is up", "", 50 * time.Second, 50 * time.Second},
		{"between two frames", "wait 1.015\nhangup", 0, 1015 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				remote := &program{documents: documents{"/": streaming}}
				steps := script(t, c.script)
				if steps == nil {
					steps = []simulator.Step{}
				}
				result := place(t, simulator.Options{Handler: remote, Script: steps, HangupAfter: c.after})
				last := result.Events[len(result.Events)-1]
				if late := last.At - c.at; late < 0 || late > 40*time.Millisecond {
					t.Errorf("left at %v, want %v: %q", last.At, c.at, told(result.Events))
				}
			})
		})
	}
}

func TestForkHearsAScriptedCallerWhileOtherVerbsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		remote := &program{documents: documents{
			"/":     `<Response><Start><Stream url="/stream"/></Start><Gather numDigits="2" action="said"><Play>3s.wav</Play></Gather></Response>`,
			"/said": `<Gather input="speech" action="end"/>`, "/end": `<Play>1s.wav</Play>`,
		}}
		result := place(t, simulator.Options{Handler: remote, Voice: toneVoice{}, Hear: true, Answers: answers(t, "12", "say:good morning")})
		same(t, []string{
			"0.00 warning SH332: line 1: the media stream is not encrypted; write wss://",
			"0.00 media stream (start) ws://responder.example/stream",
			"0.00 plays http://responder.example/3s.wav (3 s)", `3.20 gather "12" "" numDigits`,
			`4.91 gather "" "good morning" speech`, "4.91 plays http://responder.example/1s.wav (1 s)", "5.91 hangs up: the document ended (end)",
		}, result)
		synctest.Wait()
		// 5.91 s of sound: two keys of 100 ms each, 0.71 s of words.
		if diff := cmp.Diff([]any{295, 46, "12"}, []any{remote.frames, remote.loud, remote.digits}); diff != "" {
			t.Errorf("frames, loud ones, keys (-want +got):\n%s", diff)
		}
	})
}

func TestForkHearsWhatAScriptedCallerHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		remote := &program{documents: documents{
			"/": `<Response><Start><Stream url="/stream" track="both"/></Start>` +
				`<Gather numDigits="1" action="end"><Say>Press one.</Say></Gather></Response>`,
			"/end": `<Response><Play>1500ms.wav</Play><Say>Bye.</Say></Response>`,
		}}
		result := place(t, simulator.Options{Handler: remote, Voice: toneOf(2 * time.Second), Script: script(t, "press 1"), Barge: true})
		synctest.Wait()
		// The first prompt is heard for half a second, the second is silence, the
		// last is heard whole; the key sounds for 100 ms.
		if diff := cmp.Diff([]any{400, 125, 130}, []any{remote.frames, remote.heard, remote.loud}); diff != "" {
			t.Errorf("frames, heard ones, loud ones (-want +got):\n%s\n%q", diff, told(result.Events))
		}
	})
}
