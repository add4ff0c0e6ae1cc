package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// recogniser is a handset on a line that may understand its caller.
type recogniser struct {
	*handset
	understands bool
}

func (r recogniser) Recognises() bool { return r.understands }

// TestASpeechGatherWithoutARecogniserTakesKeys: a caller who speaks is not
// understood, and can press keys.
func TestASpeechGatherWithoutARecogniserTakesKeys(t *testing.T) {
	const warning = "this line does not understand what callers say: the Gather takes keys alone"
	for name, tt := range map[string]struct {
		input       string
		does        []engine.Input
		understands bool
		want        trace.Gather
		warned      []string
	}{
		"speech, and keys":  {"speech", keys("12#", time.Second, time.Second), false, trace.Gather{Input: "dtmf", Digits: "12", Ended: trace.EndedFinishOnKey}, []string{warning}},
		"speech, and words": {"speech", words("yes", time.Second, time.Second), false, trace.Gather{Input: "dtmf", Ended: trace.EndedTimeout}, []string{warning}},
		"both, and words":   {"dtmf speech", words("yes", time.Second, time.Second), false, trace.Gather{Input: "dtmf", Ended: trace.EndedTimeout}, []string{warning}},
		"keys":              {"dtmf", keys("1#", time.Second, time.Second), false, trace.Gather{Input: "dtmf", Digits: "1", Ended: trace.EndedFinishOnKey}, nil},
		"it understands":    {"speech", words("yes", time.Second, time.Second), true, trace.Gather{Input: "speech", Speech: "yes", Ended: trace.EndedSpeech}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := against(t, responds{
				"/start": `<Response><Gather input="` + tt.input + `" action="next" timeout="5"/></Response>`,
				"/next":  `<Response><Hangup/></Response>`,
			})
			_, events := c.place(recogniser{newHandset(tt.does...), tt.understands})
			if diff := cmp.Diff([]trace.Gather{tt.want}, of[trace.Gather](events)); diff != "" {
				t.Errorf("the Gather (-want +got):\n%s", diff)
			}
			var warned []string
			for _, w := range of[trace.Warning](events) {
				warned = append(warned, w.Text)
			}
			if !slices.Equal(warned, tt.warned) {
				t.Errorf("warned is %q", warned)
			}
		})
	}
}

// TestASpeechGatherWhoseRecogniserFailsTakesKeys from then on.
func TestASpeechGatherWhoseRecogniserFailsTakesKeys(t *testing.T) {
	lost := engine.Input{Kind: engine.SpeechLost, At: 2 * time.Second, Text: "the service is gone"}
	for name, tt := range map[string]struct {
		does []engine.Input
		want trace.Gather
		at   time.Duration
	}{
		"nothing more":        {nil, trace.Gather{Input: "dtmf", Ended: trace.EndedTimeout}, 5 * time.Second},
		"a key":               {keys("1#", 3*time.Second, time.Second), trace.Gather{Input: "dtmf", Digits: "1", Ended: trace.EndedFinishOnKey}, 4 * time.Second},
		"in the middle of it": {[]engine.Input{{Kind: engine.SpeechBegan, At: time.Second}}, trace.Gather{Input: "dtmf", Ended: trace.EndedTimeout}, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			c := against(t, responds{
				"/start": `<Response><Gather input="speech" action="next" timeout="5"/></Response>`,
				"/next":  `<Response><Hangup/></Response>`,
			})
			does := append(slices.Clone(tt.does), lost)
			slices.SortFunc(does, func(a, b engine.Input) int { return int(a.At - b.At) })
			_, events := c.place(recogniser{newHandset(does...), true})
			if diff := cmp.Diff([]trace.Gather{tt.want}, of[trace.Gather](events)); diff != "" {
				t.Errorf("the Gather (-want +got):\n%s", diff)
			}
			warned := of[trace.Warning](events)
			if len(warned) != 1 || warned[0].Code != "SH323" || !strings.Contains(warned[0].Text, "the service is gone") {
				t.Errorf("warned is %+v", warned)
			}
			for _, e := range events {
				if _, gathered := e.Event.(trace.Gather); gathered && e.At != tt.at {
					t.Errorf("it ended after %v, want %v", e.At, tt.at)
				}
			}
		})
	}
}
