package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// rules are a Gather as the model knows it, in milliseconds.
type rules struct {
	keys, speech                 bool
	numDigits                    int
	finish                       string
	timeout, digitEnd, execution int
}

func (r rules) attributes() string {
	input := "dtmf speech"
	switch {
	case !r.speech:
		input = "dtmf"
	case !r.keys:
		input = "speech"
	}
	seconds := func(ms int) string { return fmt.Sprintf("%d.%03d", ms/1000, ms%1000) }
	return fmt.Sprintf(`action="next" input="%s" numDigits="%d" finishOnKey="%s" timeout="%s" digitEndTimeout="%s" executionTimeout="%s"`,
		input, r.numDigits, r.finish, seconds(r.timeout), seconds(r.digitEnd), seconds(r.execution))
}

// model computes, naively, what a Gather collects: it goes through the time
// millisecond by millisecond, first lets everything happen that the caller does
// in each, and then checks every clock.
func (r rules) model(does []engine.Input, last int) (digits, speech string, ended trace.Ended, at int) {
	lastInput, speaking := 0, false // when a clock that waits for input began to run; whether none does
	for now := 0; now <= last; now++ {
		for _, in := range does {
			if int(in.At/time.Millisecond) != now {
				continue
			}
			switch {
			case in.Kind == engine.Key && r.keys:
				if strings.Contains(r.finish, string(in.Key)) {
					return digits, "", trace.EndedFinishOnKey, now
				}
				digits, lastInput, speaking = digits+string(in.Key), now, false
				if len(digits) == r.numDigits {
					return digits, "", trace.EndedNumDigits, now
				}
			case in.Kind == engine.SpeechBegan && r.speech && digits == "":
				speaking = true
			case in.Kind == engine.SpeechFinal && r.speech && digits == "":
				if in.Text != "" {
					return "", in.Text, trace.EndedSpeech, now
				}
				speaking, lastInput = false, now
			}
		}
		switch {
		case digits != "" && now-lastInput >= r.digitEnd:
			return digits, "", trace.EndedDigitEndTimeout, now
		case digits == "" && !speaking && now-lastInput >= r.timeout:
			return "", "", trace.EndedTimeout, now
		case now >= r.execution:
			return digits, "", trace.EndedExecutionTimeout, now
		}
	}
	panic("the model never ends")
}

func TestGatherCollectsAsTheModelDoes(t *testing.T) {
	const longest = 4000 // ms of executionTimeout at most, so that the model is quick
	// Times often coincide, because that is where clocks go wrong.
	times := rapid.Custom(func(t *rapid.T) int {
		late := rapid.SampledFrom([]int{0, 0, 0, 0, -1, 1}).Draw(t, "late")
		return max(0, rapid.IntRange(0, longest/500-1).Draw(t, "half seconds")*500+late)
	})
	rapid.Check(t, func(rt *rapid.T) {
		r := rules{
			numDigits: rapid.IntRange(1, 5).Draw(rt, "numDigits"),
			finish:    rapid.SampledFrom([]string{"", "#", "*", "#*", "0"}).Draw(rt, "finishOnKey"),
			timeout:   times.Draw(rt, "timeout"), digitEnd: times.Draw(rt, "digitEndTimeout"), execution: times.Draw(rt, "executionTimeout"),
		}
		r.keys = rapid.Bool().Draw(rt, "dtmf")
		r.speech = !r.keys || rapid.Bool().Draw(rt, "speech")
		var does []engine.Input
		for range rapid.IntRange(0, 8).Draw(rt, "inputs") {
			in := engine.Input{At: time.Duration(times.Draw(rt, "at")) * time.Millisecond}
			switch in.Kind = rapid.SampledFrom([]engine.InputKind{engine.Key, engine.Key, engine.SpeechBegan, engine.SpeechFinal}).Draw(rt, "kind"); in.Kind {
			case engine.Key:
				in.Key = rapid.SampledFrom([]byte("0123456789*#ABCD")).Draw(rt, "key")
			case engine.SpeechFinal:
				in.Text = rapid.SampledFrom([]string{"", "yes", "no"}).Draw(rt, "text")
			}
			does = append(does, in)
		}
		slices.SortStableFunc(does, func(a, b engine.Input) int { return int(a.At - b.At) })
		digits, speech, ended, at := r.model(does, longest)

		asked := &noting{Handler: responds{"/start": "<Gather " + r.attributes() + "/>", "/next": `<Hangup/>`}}
		_, events := against(t, asked).place(newHandset(does...))
		for _, e := range events {
			if g, ok := e.Event.(trace.Gather); ok {
				g.Input, g.FinishKey = "", ""
				want := trace.Gather{Digits: digits, Speech: speech, Ended: ended}
				if diff := cmp.Diff(want, g); diff != "" || e.At != time.Duration(at)*time.Millisecond {
					rt.Fatalf("<Gather %s>, %+v: at %v (model %d ms) (-model +engine):\n%s", r.attributes(), does, e.At, at, diff)
				}
				return
			}
		}
		rt.Fatalf("nothing was gathered: %q", story(events))
	})
}
