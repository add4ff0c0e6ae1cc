package speech_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// told takes what a session has told by now.
func told(s speech.Session) (all []speech.Heard) {
	for {
		select {
		case h := <-s.Heard():
			all = append(all, h)
		default:
			return all
		}
	}
}

func TestAScriptIsUnderstoodOnceTheCallerIsSilent(t *testing.T) {
	var script speech.Script
	script.Say("nobody listens yet")
	s := script.Listen(t.Context(), speech.Recognition{})
	script.Say("yes please")
	s.Write(speech.Murmur("yes please")[:audio.Samples(20*time.Millisecond)])
	if early := told(s); early != nil {
		t.Errorf("told %v while the caller speaks", early)
	}
	s.Finish()
	want := []speech.Heard{{Kind: speech.Final, Text: "yes please"}, {Kind: speech.Ended}}
	if diff := cmp.Diff(want, told(s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s.Finish() // a cough
	if diff := cmp.Diff([]speech.Heard{{Kind: speech.Final}, {Kind: speech.Ended}}, told(s)); diff != "" {
		t.Errorf("a cough (-want +got):\n%s", diff)
	}
	next := script.Listen(t.Context(), speech.Recognition{})
	s.Close()
	script.Say("of the next")
	next.Finish()
	if got := told(next); len(got) != 2 || got[0].Text != "of the next" {
		t.Errorf("the next session was told %v", got)
	}
	next.Close()
	script.Say("nobody listens any more")
	next.Finish()
	if got := told(next); len(got) != 2 || got[0].Text != "" {
		t.Errorf("a closed session was told %v", got)
	}
}

// TestAMurmurIsTakenForSpeech, however long it is, and not for keys.
func TestAMurmurIsTakenForSpeech(t *testing.T) {
	for _, text := range []string{"no", "I would like to speak to somebody about the bill that has come for the month before the last one"} {
		clip := speech.Murmur(text)
		if clip.Duration() != speech.Estimate(text) {
			t.Errorf("it takes %v, want %v", clip.Duration(), speech.Estimate(text))
		}
		var activity audio.Activity
		keys := audio.NewDTMFDetector(audio.Rate)
		frame := audio.Samples(20 * time.Millisecond)
		activity.Listen(make([]int16, frame)) // before somebody speaks
		for at := 0; at+frame <= len(clip); at += frame {
			if speaks := activity.Listen(clip[at : at+frame]); !speaks && at >= 6*frame {
				t.Fatalf("%q: nobody speaks after %v", text, clip[:at].Duration())
			}
			if key := keys.Listen(clip[at : at+frame]); key != 0 {
				t.Fatalf("%q: the key %c", text, key)
			}
		}
	}
}
