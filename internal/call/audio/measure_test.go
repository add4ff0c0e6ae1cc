package audio_test

import (
	"math"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
)

// settle is how much of a sound is left out of a measurement at each end: a
// tone that begins or ends at once holds every frequency for a moment.
const settle = 20 * time.Millisecond

// level returns how loud frequency is in the middle of c, in dB under a
// full-scale sine.
func level(c audio.Clip, frequency float64) float64 { return levelAt(c, frequency, audio.Rate) }

// levelAt is level for sound of any rate.
func levelAt(c []int16, frequency float64, rate int) float64 {
	return audiotest.Level(middle(c), rate, frequency)
}

// loudness returns how loud the middle of c is over all frequencies, in dB
// under a full-scale sine.
func loudness(c audio.Clip) float64 {
	c = middle(c)
	sum := 0.0
	for _, s := range c {
		sum += float64(s) * float64(s)
	}
	return audiotest.Decibels(math.Sqrt(2 * sum / float64(len(c))))
}

func middle(c audio.Clip) audio.Clip {
	edge := min(audio.Samples(settle), len(c)/4)
	return c[edge : len(c)-edge]
}

// near fails the test when got is not within tolerance of want.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance || math.IsNaN(got) {
		t.Errorf("%s is %.2f, want %.2f ± %.2f", what, got, want, tolerance)
	}
}
