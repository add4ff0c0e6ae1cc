package voice

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// TestEveryUtteranceEnds, once, whatever is heard and whatever the recogniser tells
// or does not: at the latest once both are silent for as long as they may be.
func TestEveryUtteranceEnds(t *testing.T) {
	const silence = time.Second
	voiced := speech.Murmur("a word")[:audio.Samples(engine.FrameTime)]
	rapid.Check(t, func(t *rapid.T) {
		u := utterance{silence: silence}
		var now time.Duration
		frame := func(pcm []int16) (asked, over bool) {
			now += engine.FrameTime
			u.hear(pcm, now)
			return u.step(now)
		}
		end := func() {
			words := u.final + u.interim
			if u.end(); u.begun || u.asked != 0 || u.final+u.interim != "" {
				t.Fatalf("after an end with %q there is left %+v", words, u)
			}
		}
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			before := u.begun
			var over bool
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				_, over = frame(voiced)
			case 1:
				_, over = frame(make([]int16, len(voiced)))
			default:
				kind := rapid.SampledFrom([]speech.HeardKind{speech.Began, speech.Interim, speech.Final, speech.Ended}).Draw(t, "kind")
				over = u.take(speech.Heard{Kind: kind, Text: rapid.SampledFrom([]string{"", "yes", "no"}).Draw(t, "text")}, now)
			}
			if before && !u.begun {
				t.Fatal("what had begun is forgotten")
			}
			if over && !u.begun {
				t.Fatal("an utterance is over that has not begun")
			}
			if over {
				end()
			}
		}
		latest := now + silence + audio.VoiceLasts + wordsWithin + 2*engine.FrameTime
		for u.begun && now <= latest {
			if _, over := frame(make([]int16, len(voiced))); over {
				end()
			}
		}
		if u.begun {
			t.Fatalf("it is not over by %v: %+v", latest, u)
		}
	})
}
