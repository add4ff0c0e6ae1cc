package voice_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// TestNothingIsHeardOfOpus: who listens from the beginning hears silence until the
// telephone speaks something else, and nothing is said to it before.
func TestNothingIsHeardOfOpus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := streamCall(t, sdp.Opus, engine.Streaming{Listens: []engine.Track{engine.Inbound}})
		defer s.line.Fork(s.media)()
		loud := make([]byte, 160) // as PCMU
		for i := range 5 {
			s.at(time.Duration(i)*packetTime, func() { s.send(loud) })
		}
		s.at(500*time.Millisecond, func() { s.send(loud) })
		said, err := audio.DTMF("1", time.Second, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.line.Play(s.ctx, engine.Recording{Sound: audio.SoundOf(said)}, nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		near(t, "the end", s.line.Now(), 1100*time.Millisecond)
		near(t, "what the caller heard", loudIn(s.heard()), time.Second)
		if heard := loudIn(s.sounds[engine.Inbound]); heard > packetTime {
			t.Errorf("%v of what the caller said was heard", heard)
		}
	})
}
