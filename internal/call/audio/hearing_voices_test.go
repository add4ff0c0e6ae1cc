package audio_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
	"github.com/switchhook/switchhook/internal/call/speech"
)

const frame = 20 * time.Millisecond

// voices returns for each 20 ms of a sound whether somebody is heard to speak.
func voices(pcm []int16) []bool {
	var a audio.Activity
	var heard []bool
	for piece := range slices.Chunk(pcm, audio.Samples(frame)) {
		heard = append(heard, a.Listen(piece))
	}
	return heard
}

// white returns noise of a level in dB under full scale.
func white(length time.Duration, level float64) audio.Clip {
	r := rand.New(rand.NewPCG(7, 8))
	c := audio.Silence(length)
	for i := range c {
		c[i] = int16(r.NormFloat64() * 32768 / math.Sqrt2 * math.Pow(10, level/20))
	}
	return c
}

// over returns both sounds together, the second from a moment on.
func over(under, c audio.Clip, at time.Duration) audio.Clip {
	both := slices.Clone(under)
	for i, s := range c {
		both[audio.Samples(at)+i] += s
	}
	return both
}

// louder returns a sound by so many dB louder.
func louder(c audio.Clip, by float64) audio.Clip {
	c = slices.Clone(c)
	for i, s := range c {
		c[i] = int16(float64(s) * math.Pow(10, by/20))
	}
	return c
}

func TestSpeechIsHeardAsSpeech(t *testing.T) {
	words := reads(t, speech.Utterance{Language: "en-US"}, "protocol.md")[:audio.Samples(4*time.Second)]
	words = louder(words, -22-loudness(words)) // as a telephone has them
	for name, row := range map[string]struct{ by, noise float64 }{
		"on a quiet line":      {0, -100},
		"loud":                 {10, -70},
		"soft":                 {-12, -70},
		"in a noisy place":     {0, -40},
		"soft, with some hiss": {-12, -55},
	} {
		t.Run(name, func(t *testing.T) {
			const at = 3 * time.Second
			heard := voices(over(white(10*time.Second, row.noise), louder(words, row.by), at))
			first := slices.Index(heard, true)
			if began := time.Duration(first) * frame; began < at || began > at+400*time.Millisecond {
				t.Errorf("somebody who begins to speak after %v is heard after %v", at, began)
			}
			end := at + words.Duration()
			if i := slices.Index(heard[int((end+300*time.Millisecond)/frame):], true); i >= 0 {
				t.Errorf("they are heard %v after the end", 300*time.Millisecond+time.Duration(i)*frame)
			}
			spoken := 0
			for _, is := range heard[first:int(end/frame)] {
				if is {
					spoken++
				}
			}
			if part := float64(spoken) / (float64(end/frame) - float64(first)); part < 0.85 {
				t.Errorf("%.0f %% of their time they are heard", 100*part)
			}
		})
	}
}

func TestWhatGoesOnIsNoSpeech(t *testing.T) {
	still := audio.Silence(10 * time.Second)
	for i := range still {
		still[i] = 3000
	}
	for name, c := range map[string]audio.Clip{
		"silence":                   audio.Silence(10 * time.Second),
		"noise":                     white(10*time.Second, -30),
		"a dial tone":               audiotest.Sine(audio.Rate, 425, 0.3, 10*time.Second),
		"hum":                       audiotest.Sine(audio.Rate, 50, 0.2, 10*time.Second),
		"an offset":                 still,
		"clicks":                    over(audio.Silence(10*time.Second), white(80*time.Millisecond, -10), 5*time.Second),
		"quiet noise after silence": over(audio.Silence(10*time.Second), white(5*time.Second, -56), 5*time.Second),
	} {
		if i := slices.Index(voices(c), true); i >= 0 {
			t.Errorf("%s is speech after %v", name, time.Duration(i)*frame)
		}
	}
}

// TestTheFloorFollowsTheNoise: a car window is opened, and closed again.
func TestTheFloorFollowsTheNoise(t *testing.T) {
	heard := voices(slices.Concat(white(5*time.Second, -70), white(10*time.Second, -35), white(5*time.Second, -70)))
	for _, is := range heard[int((5*time.Second+2400*time.Millisecond)/frame):] {
		if is {
			t.Fatal("noise is speech for more than 2.4 s")
		}
	}
	words := white(300*time.Millisecond, -30)
	heard = voices(slices.Concat(white(5*time.Second, -35), white(3*time.Second, -70), words, white(time.Second, -70)))
	if !slices.Contains(heard[int(8*time.Second/frame):], true) {
		t.Error("after the noise a word is not heard")
	}
}

func BenchmarkActivity(b *testing.B) {
	var a audio.Activity
	pcm := rough(160)
	b.ReportAllocs()
	for b.Loop() {
		a.Listen(pcm)
	}
}
