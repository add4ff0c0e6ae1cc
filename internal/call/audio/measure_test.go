package audio_test

import (
	"math"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// settle is how much of a sound is left out of a measurement at each end: a
// tone that begins or ends at once holds every frequency for a moment.
const settle = 20 * time.Millisecond

// level returns how loud frequency is in the middle of c, in dB under a
// full-scale sine, through a Blackman window that leaks nothing measurable.
func level(c audio.Clip, frequency float64) float64 { return levelAt(c, frequency, audio.Rate) }

// levelAt is level for sound of any rate.
func levelAt(c []int16, frequency float64, rate int) float64 {
	c = middle(c)
	var re, im, weight float64
	for i, s := range c {
		x := 2 * math.Pi * float64(i) / float64(len(c)-1)
		w := 0.42 - 0.5*math.Cos(x) + 0.08*math.Cos(2*x)
		turn := 2 * math.Pi * frequency * float64(i) / float64(rate)
		re += w * float64(s) * math.Cos(turn)
		im += w * float64(s) * math.Sin(turn)
		weight += w
	}
	return decibel(2 * math.Hypot(re, im) / weight)
}

// loudness returns how loud the middle of c is over all frequencies, in dB
// under a full-scale sine.
func loudness(c audio.Clip) float64 {
	c = middle(c)
	sum := 0.0
	for _, s := range c {
		sum += float64(s) * float64(s)
	}
	return decibel(math.Sqrt(2 * sum / float64(len(c))))
}

func middle(c audio.Clip) audio.Clip {
	edge := min(audio.Samples(settle), len(c)/4)
	return c[edge : len(c)-edge]
}

func decibel(amplitude float64) float64 {
	return 20 * math.Log10(max(amplitude, 1e-6)/32768)
}

// sine returns a sine of the given amplitude (full scale is 1) at any rate.
func sine(rate int, frequency, amplitude float64, d time.Duration) []int16 {
	pcm := make([]int16, int(d.Seconds()*float64(rate)))
	for i := range pcm {
		pcm[i] = int16(math.Round(32767 * amplitude * math.Sin(2*math.Pi*frequency*float64(i)/float64(rate))))
	}
	return pcm
}

// near fails the test when got is not within tolerance of want.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance || math.IsNaN(got) {
		t.Errorf("%s is %.2f, want %.2f ± %.2f", what, got, want, tolerance)
	}
}
