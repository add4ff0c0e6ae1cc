package voice_test

import (
	"testing"

	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/baresip"
)

// TestTwoBaresipsHearEachOthersOpus: the one whose caller we are and the one who is
// called for them make it, and we pass it on.
func TestTwoBaresipsHearEachOthersOpus(t *testing.T) {
	leavesNothing(t)
	bob := baresip.Start(t, baresip.Config{Opus: true, Answers: true})
	alice := baresip.Start(t, baresip.Config{Opus: true})
	went := make(chan string, 1)
	s := switchboard(t, connects(bob.Address, went), nil)
	alice.Do("dial", s.address())
	for _, p := range []*baresip.Phone{alice, bob} {
		p.Await("CALL_ESTABLISHED")
		await.That(t, "a tone", func() bool {
			const piece = 2 * 4800 // of 100 ms, in stereo
			heard := p.Heard()
			return len(heard) >= 10*piece && hasTones(oneOfTwo(heard[len(heard)-piece:]), 48000, []float64{baresip.OpusTone})
		})
	}
	for _, keys := range []struct{ from, to *baresip.Phone }{{alice, bob}, {bob, alice}} {
		keys.from.Do("sndcode", "5")
		keys.to.Await("CALL_DTMF_START")
	}
	alice.Do("hangup", "")
	bob.Await("CALL_CLOSED")
	if got := await.From(t, "an end of the connection", went); got != "answered talked"+callerHungUp {
		t.Errorf("it went %q", got)
	}
}

// oneOfTwo returns a channel of sound in stereo.
func oneOfTwo(pcm []int16) (mono []int16) {
	for i := 0; i < len(pcm); i += 2 {
		mono = append(mono, pcm[i])
	}
	return mono
}
