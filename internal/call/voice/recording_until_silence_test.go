package voice_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// TestSilenceEndsARecordingInTime: it counts from the caller's last word on, not from
// when that word is known to have been the last.
func TestSilenceEndsARecordingInTime(t *testing.T) {
	for silence, want := range map[time.Duration]time.Duration{
		2 * time.Second: 3500 * time.Millisecond, time.Second: 2500 * time.Millisecond,
		800 * time.Millisecond: 2300 * time.Millisecond,
	} {
		t.Run(silence.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newTelephone(t, func(error) {})
				said, err := audio.DTMF("1", time.Second, 0)
				if err != nil {
					t.Fatal(err)
				}
				p.say(slices.Concat(audio.Silence(500*time.Millisecond), said, audio.Silence(3*time.Second)))
				recorded, err := p.line.Record(t.Context(), engine.RecordRules{MaxLength: time.Minute, Silence: silence})
				if err != nil {
					t.Fatal(err)
				}
				near(t, "the recording", recorded.Length, want)
			})
		})
	}
}

// TestAPauseBetweenWordsEndsNoRecording where the responder wants the shortest silence:
// words have gaps.
func TestAPauseBetweenWordsEndsNoRecording(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTelephone(t, func(error) {})
		word, err := audio.DTMF("1", 300*time.Millisecond, 0)
		if err != nil {
			t.Fatal(err)
		}
		gap := audio.Silence(160 * time.Millisecond)
		p.say(slices.Concat(audio.Silence(20*time.Millisecond), word, gap, word, gap, word, audio.Silence(time.Second)))
		recorded, err := p.line.Record(t.Context(), engine.RecordRules{MaxLength: time.Minute, Silence: 200 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "the recording", recorded.Length, 1240*time.Millisecond+audio.VoiceLasts)
	})
}
