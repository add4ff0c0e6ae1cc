package audio_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
)

// codecs are the two laws of G.711, to be held to the same properties.
var codecs = []struct {
	name    string
	encode  func([]byte, []int16) []byte
	decode  func([]int16, []byte) []int16
	silence byte
	loudest int16 // the largest level that a code can mean

	// chords are the ends of the eight chords and steps the size of a step in
	// each (G.711, tables 1a and 2a), on the scale of 16-bit samples. The last
	// end is the overload point, which a sine of overload dBm0 just reaches.
	chords   [8]int
	steps    [8]int
	overload float64

	// milliwatt is G.711 tables 5 and 6: the eight codes that, repeated, are
	// 1000 Hz at nought dBm0.
	milliwatt []byte
}{
	{
		name: "mulaw", encode: audio.AppendMulaw, decode: audio.AppendPCMFromMulaw,
		silence: audio.MulawSilence, loudest: 32124,
		chords:    [8]int{31 * 4, 95 * 4, 223 * 4, 479 * 4, 991 * 4, 2015 * 4, 4063 * 4, 8159 * 4},
		steps:     [8]int{2 * 4, 4 * 4, 8 * 4, 16 * 4, 32 * 4, 64 * 4, 128 * 4, 256 * 4},
		overload:  3.17,
		milliwatt: []byte{0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E},
	},
	{
		name: "alaw", encode: audio.AppendAlaw, decode: audio.AppendPCMFromAlaw,
		silence: audio.AlawSilence, loudest: 32256,
		chords:    [8]int{32 * 8, 64 * 8, 128 * 8, 256 * 8, 512 * 8, 1024 * 8, 2048 * 8, 4096 * 8},
		steps:     [8]int{2 * 8, 2 * 8, 4 * 8, 8 * 8, 16 * 8, 32 * 8, 64 * 8, 128 * 8},
		overload:  3.14,
		milliwatt: []byte{0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4},
	},
}

func everySample() []int16 {
	var all []int16
	for s := math.MinInt16; s <= math.MaxInt16; s++ {
		all = append(all, int16(s))
	}
	return all
}

func everyCode() []byte {
	var all []byte
	for c := range 256 {
		all = append(all, byte(c))
	}
	return all
}

// Every sample is heard within half a step of its chord; past the overload
// point it is heard as the loudest level.
func TestCodecKeepsToItsSteps(t *testing.T) {
	for _, codec := range codecs {
		t.Run(codec.name, func(t *testing.T) {
			samples := everySample()
			heard := codec.decode(nil, codec.encode(nil, samples))
			for i, s := range samples {
				size, got := abs(int(s)), abs(int(heard[i]))
				if size > codec.chords[7] {
					if got != int(codec.loudest) {
						t.Fatalf("sample %d is heard as %d", s, heard[i])
					}
					continue
				}
				chord := 0
				for size >= codec.chords[chord] && chord < 7 {
					chord++
				}
				if off := abs(int(heard[i]) - int(s)); off > codec.steps[chord]/2 {
					t.Fatalf("sample %d is heard as %d, off by %d; its step is %d", s, heard[i], off, codec.steps[chord])
				}
			}
		})
	}
}

func TestCodecIsMonotonic(t *testing.T) {
	for _, codec := range codecs {
		t.Run(codec.name, func(t *testing.T) {
			heard := codec.decode(nil, codec.encode(nil, everySample()))
			for i := 1; i < len(heard); i++ {
				if heard[i] < heard[i-1] {
					t.Fatalf("a louder sample is heard as %d after %d", heard[i], heard[i-1])
				}
			}
		})
	}
}

// A call may pass through several gateways: what was coded once must come
// through a second time unchanged.
func TestCodecIsStableOverTandem(t *testing.T) {
	for _, codec := range codecs {
		t.Run(codec.name, func(t *testing.T) {
			want := everyCode()
			if codec.name == "mulaw" {
				want[0x7F] = 0xFF // µ-law has two codes for nought, and sends this one
			}
			if diff := cmp.Diff(want, codec.encode(nil, codec.decode(nil, everyCode()))); diff != "" {
				t.Errorf("codes after a second coding (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCodecIsSymmetric(t *testing.T) {
	for _, codec := range codecs {
		t.Run(codec.name, func(t *testing.T) {
			levels := codec.decode(nil, everyCode())
			loudest := int16(0)
			for c := range 128 {
				if levels[c] != -levels[c|0x80] {
					t.Errorf("codes %#02x and %#02x are %d and %d", c, c|0x80, levels[c], levels[c|0x80])
				}
				loudest = max(loudest, levels[c|0x80])
			}
			if loudest != codec.loudest {
				t.Errorf("the loudest level is %d, want %d", loudest, codec.loudest)
			}
		})
	}
}

func TestCodecOfSilence(t *testing.T) {
	for _, codec := range codecs {
		t.Run(codec.name, func(t *testing.T) {
			if got := codec.encode(nil, []int16{0})[0]; got != codec.silence {
				t.Errorf("nought is coded as %#02x, want %#02x", got, codec.silence)
			}
			if got := codec.decode(nil, []byte{codec.silence})[0]; int(got) > codec.steps[0]/2 {
				t.Errorf("silence is heard as %d", got)
			}
		})
	}
}

func TestCodecMilliwatt(t *testing.T) {
	for _, codec := range codecs {
		t.Run(codec.name, func(t *testing.T) {
			var codes []byte
			for range audio.Rate / 8 {
				codes = append(codes, codec.milliwatt...)
			}
			tone := audio.Clip(codec.decode(nil, codes))
			want := audiotest.Decibels(float64(codec.chords[7])) - codec.overload
			near(t, "level of the digital milliwatt", level(tone, 1000), want, 0.02)
			near(t, "its loudness over all frequencies", loudness(tone), want, 0.02)
		})
	}
}

// G.712 asks for 33 dB between a tone and its distortion at usual levels.
func TestCodecDistortion(t *testing.T) {
	for _, codec := range codecs {
		t.Run(codec.name, func(t *testing.T) {
			pcm := audiotest.Sine(audio.Rate, 1020, 0.3, settle*20)
			heard := codec.decode(nil, codec.encode(nil, pcm))
			noise := make(audio.Clip, len(pcm))
			for i := range pcm {
				noise[i] = heard[i] - pcm[i]
			}
			if got := loudness(pcm) - loudness(noise); got < 33 {
				t.Errorf("the tone is %.1f dB over its distortion, want at least 33", got)
			}
		})
	}
}

func TestCodecAppends(t *testing.T) {
	for _, codec := range codecs {
		t.Run(codec.name, func(t *testing.T) {
			codes := codec.encode([]byte("before"), []int16{0})
			if diff := cmp.Diff(append([]byte("before"), codec.silence), codes); diff != "" {
				t.Errorf("encoded (-want +got):\n%s", diff)
			}
			pcm := codec.decode([]int16{1, 2}, codec.encode(nil, []int16{1000, -1000}))
			if len(pcm) != 4 || pcm[0] != 1 || pcm[1] != 2 || pcm[2] != -pcm[3] {
				t.Errorf("decoded after 1, 2: %v", pcm)
			}
		})
	}
}

func TestCodecDoesNotAllocate(t *testing.T) {
	pcm := audiotest.Sine(audio.Rate, 440, 0.5, settle)
	codes := make([]byte, 0, len(pcm))
	heard := make([]int16, 0, len(pcm))
	for _, codec := range codecs {
		t.Run(codec.name, func(t *testing.T) {
			if n := testing.AllocsPerRun(100, func() { codec.decode(heard, codec.encode(codes, pcm)) }); n != 0 {
				t.Errorf("a frame there and back allocates %v times", n)
			}
		})
	}
}

func BenchmarkCodec(b *testing.B) {
	pcm := audiotest.Sine(audio.Rate, 440, 0.5, settle)
	for _, codec := range codecs {
		codes := codec.encode(nil, pcm)
		b.Run(codec.name+"/encode", func(b *testing.B) {
			b.ReportAllocs()
			dst := make([]byte, 0, len(pcm))
			for b.Loop() {
				codec.encode(dst, pcm)
			}
		})
		b.Run(codec.name+"/decode", func(b *testing.B) {
			b.ReportAllocs()
			dst := make([]int16, 0, len(codes))
			for b.Loop() {
				codec.decode(dst, codes)
			}
		})
	}
}

func abs(x int) int { return max(x, -x) }
