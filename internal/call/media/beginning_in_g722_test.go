package media_test

import (
	"math"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// TestAPromptInG722IsCleanFromItsBeginning: whatever the telephone has heard before.
func TestAPromptInG722IsCleanFromItsBeginning(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.G722, 20*ms, media.Rules{})
	p.talk(true)
	tone := make([]int16, audio.Wideband)
	for i := range tone {
		tone[i] = int16(16_000 * math.Sin(2*math.Pi*1000*float64(i)/audio.Wideband))
	}
	e := audio.NewEncoder(audio.G722)
	codes := e.Append(nil, tone)
	decoder := audio.NewDecoder(audio.G722)
	for _, pause := range []time.Duration{0, 20 * ms, time.Second} {
		s.pass(pause)
		decoder.Append(nil, sound(p.listen()))
		p.leg.Play(media.Play{Source: whole(codes)})
		s.pass(100 * ms)
		heard := decoder.Append(nil, sound(p.listen()))
		// Half a period of the tone, or a packet, may be of what was before.
		for at := 320; at+320 <= len(heard); at += 320 {
			if got := overNoise(heard[at : at+320]); got < 14 {
				t.Errorf("%v after the prompt before, at %d ms, it is %.1f dB over its noise", pause, at/16, got)
			}
		}
	}
}

// overNoise returns by how many dB a tone of 1 kHz is over everything else.
func overNoise(pcm []int16) float64 {
	var re, im, all float64
	for i, s := range pcm {
		turn := 2 * math.Pi * 1000 * float64(i) / audio.Wideband
		re, im, all = re+float64(s)*math.Cos(turn), im+float64(s)*math.Sin(turn), all+float64(s)*float64(s)
	}
	of := 2 * (re*re + im*im) / float64(len(pcm))
	return 10 * math.Log10(of/(all-of))
}

// whole is a Source that has come.
type whole []byte

func (w whole) Copy(dst []byte, at int) int { return copy(dst, w[min(at, len(w)):]) }
func (w whole) Done(at int) bool            { return at >= len(w) }
