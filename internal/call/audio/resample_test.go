package audio_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
)

func resample(t *testing.T, rate int, pcm []int16) audio.Clip {
	t.Helper()
	r, err := audio.NewResampler(rate, audio.Rate)
	if err != nil {
		t.Fatal(err)
	}
	return r.Flush(r.Append(nil, pcm))
}

// sounds are the rates people ship, and some that they should not.
var sounds = []int{4000, 6000, 8000, 8001, 11025, 11127, 12000, 16000, 22050, 22254, 24000, 32000, 44100, 48000, 88200, 96000, 191_999, 192_000}

func TestResampleKeepsTheTelephoneBand(t *testing.T) {
	for _, rate := range sounds {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			for _, tone := range []float64{300, 1000, 3400} {
				if tone > 0.85*float64(rate)/2 {
					continue // the sound itself has no room for it
				}
				got := resample(t, rate, audiotest.Sine(rate, tone, 0.5, time.Second))
				near(t, fmt.Sprintf("level of %v Hz", tone), loudness(got), -6.02, 0.1)
			}
		})
	}
}

func TestResampleDoesNotAlias(t *testing.T) {
	for _, rate := range sounds {
		for _, tone := range []float64{4600, 5000, 5500, 7000, 7900, 10_000, 15_000, 20_000} {
			if tone > float64(rate)/2-50 {
				continue
			}
			got := loudness(resample(t, rate, audiotest.Sine(rate, tone, 1, time.Second/2)))
			if got > -80 {
				t.Errorf("%v Hz at %d Hz is heard at %.1f dB, want at most -80", tone, rate, got)
			}
		}
	}
}

// A slower sound has nothing above half its rate; raising the rate must not
// mirror what is below into what is above.
func TestResampleUpDoesNotMirror(t *testing.T) {
	for _, rate := range []int{4000, 5000, 6000} {
		got := resample(t, rate, audiotest.Sine(rate, 1000, 1, time.Second))
		if mirrored := level(got, float64(rate)-1000); mirrored > -80 {
			t.Errorf("1000 Hz at %d Hz is mirrored to %d Hz at %.1f dB, want at most -80", rate, rate-1000, mirrored)
		}
	}
}

func TestResampleKeepsTime(t *testing.T) {
	for _, rate := range sounds {
		pcm := make([]int16, rate)
		click := rate / 4
		pcm[click] = 30000
		got := resample(t, rate, pcm)
		// One part in 500 is what an odd rate may be off by.
		near(t, fmt.Sprintf("length of a second at %d Hz", rate), float64(len(got)), audio.Rate, audio.Rate/500)
		loudest := 0
		for i, s := range got {
			if s > got[loudest] {
				loudest = i
			}
		}
		near(t, fmt.Sprintf("sample of a click at %d Hz", rate), float64(loudest), audio.Rate/4, 5)
	}
}

// Sound arrives in pieces of any size; where it is cut must not be heard.
func TestResampleInPieces(t *testing.T) {
	for _, rate := range []int{8000, 11025, 48000, 192_000} {
		pcm := audiotest.Sine(rate, 700, 0.9, 100*time.Millisecond)
		want := resample(t, rate, pcm)
		for _, piece := range []int{1, 7, 160, 4096} {
			r, err := audio.NewResampler(rate, audio.Rate)
			if err != nil {
				t.Fatal(err)
			}
			var got []int16
			for part := range slices.Chunk(pcm, piece) {
				got = r.Append(got, part)
			}
			if got = r.Flush(got); !slices.Equal(got, want) {
				t.Errorf("at %d Hz in pieces of %d: not the same sound", rate, piece)
			}
		}
	}
}

func TestResampleAtTheSameRateChangesNothing(t *testing.T) {
	pcm := everySample()
	if got := resample(t, audio.Rate, pcm); !slices.Equal(got, pcm) {
		t.Error("8000 Hz came out changed")
	}
}

func TestResampleClipsInsteadOfWrapping(t *testing.T) {
	pcm := make([]int16, 16000)
	for i := range pcm {
		pcm[i] = 32767
		if i/40%2 == 1 {
			pcm[i] = -32768
		}
	}
	got := resample(t, 16000, pcm)
	for i, s := range got[40:] {
		// 40 samples at 16 kHz are 20 at 8 kHz; away from the edges of the
		// square, its sign must be that of the input.
		if at := (i + 40) % 20; at > 4 && at < 16 && (s > 0) != ((i+40)/20%2 == 0) {
			t.Fatalf("sample %d is %d: the loudest sound wrapped around", i+40, s)
		}
	}
}

func TestResampleRefusesOtherRates(t *testing.T) {
	for _, rate := range []int{-1, 0, 3999, 192_001} {
		if _, err := audio.NewResampler(rate, audio.Rate); err == nil {
			t.Errorf("%d Hz is accepted", rate)
		}
	}
}

func BenchmarkResample(b *testing.B) {
	for _, rate := range []int{16000, 22050, 48000} {
		b.Run(fmt.Sprintf("second_at_%d", rate), func(b *testing.B) {
			b.ReportAllocs()
			pcm := audiotest.Sine(rate, 440, 0.5, time.Second)
			r, err := audio.NewResampler(rate, audio.Rate)
			if err != nil {
				b.Fatal(err)
			}
			dst := make([]int16, 0, 2*audio.Rate)
			for b.Loop() {
				r.Append(dst, pcm)
			}
		})
	}
}

// BenchmarkNewResampler is the price of a sound's first sample.
func BenchmarkNewResampler(b *testing.B) {
	for _, rate := range []int{22050, 48000, 191_999} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := audio.NewResampler(rate, audio.Rate); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
