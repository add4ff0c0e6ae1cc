package speech

import (
	"math"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// How a Murmur sounds: syllables of a voice's pitch, with the gaps by which speech
// is told from a hum.
const (
	syllable     = 160 * time.Millisecond
	syllableGap  = 40 * time.Millisecond
	murmurPitch  = 200.0 // Hz
	murmurVolume = 8000  // of 32767: -12 dBm0
)

// Murmur returns what sounds like speech to those who understand none, for as long
// as it takes to say a text.
func Murmur(text string) audio.Clip {
	clip := audio.Silence(Estimate(text))
	for i := range clip {
		if at := clip[:i].Duration(); at%(syllable+syllableGap) < syllable {
			clip[i] = int16(murmurVolume * math.Sin(2*math.Pi*murmurPitch*at.Seconds()))
		}
	}
	return clip
}
