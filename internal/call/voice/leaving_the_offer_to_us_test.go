package voice_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// TestAPromptWaitsForTheSoundToBeAgreedOn: a caller who sends an INVITE without an offer
// answers ours in the ACK. Others have played into nothing until then
// (https://github.com/livekit/sip/pull/820).
func TestAPromptWaitsForTheSoundToBeAgreedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTelephone(t, func(error) {})
		p.codec, p.late = sdp.PCMA, time.Second
		digits, err := audio.DTMF("123", 100*time.Millisecond, 100*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.line.Play(t.Context(), engine.Recording{Sound: audio.SoundOf(digits)}, nil); err != nil {
			t.Fatal(err)
		}
		if got := digitsIn(p.heard()); got != "123" {
			t.Errorf("of the prompt %q was heard", got)
		}
	})
}
