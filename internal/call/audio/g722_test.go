package audio_test

import (
	"bytes"
	"hash/fnv"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
)

// g722 returns what is heard of a sound that went through G.722.
func g722(pcm []int16) []int16 {
	e := audio.NewEncoder(audio.G722)
	d := audio.NewDecoder(audio.G722)
	return d.Append(nil, e.Flush(e.Append(nil, pcm)))
}

// noiseUnder returns how far everything but a tone lies under it, in dB, once a
// sound has settled.
func noiseUnder(pcm []int16, frequency float64) float64 {
	pcm = pcm[len(pcm)/2:]
	pcm = pcm[:len(pcm)/320*320] // whole periods of every multiple of 50 Hz
	turn := 2 * math.Pi * frequency / audio.Wideband
	var re, im, rest float64
	for i, s := range pcm {
		re += 2 * float64(s) * math.Cos(turn*float64(i)) / float64(len(pcm))
		im += 2 * float64(s) * math.Sin(turn*float64(i)) / float64(len(pcm))
	}
	for i, s := range pcm {
		e := float64(s) - re*math.Cos(turn*float64(i)) - im*math.Sin(turn*float64(i))
		rest += e * e / float64(len(pcm))
	}
	return 10 * math.Log10((re*re+im*im)/2/rest)
}

func TestG722CarriesTones(t *testing.T) {
	for _, tt := range []struct {
		frequency, amplitude float64
		noise                float64 // under the tone, in dB
	}{
		{300, 0.5, 38},
		{1000, 0.5, 40},
		{1000, 0.01, 35},
		{3000, 0.5, 30},
		{5000, 0.5, 15}, // the upper half has two bits a sample
		{6500, 0.5, 10},
	} {
		pcm := audiotest.Sine(audio.Wideband, tt.frequency, tt.amplitude, time.Second)
		heard := g722(pcm)
		if len(heard) != len(pcm) {
			t.Fatalf("%d samples became %d", len(pcm), len(heard))
		}
		near(t, "a tone in dB", levelAt(heard, tt.frequency, audio.Wideband), levelAt(pcm, tt.frequency, audio.Wideband), 0.5)
		if got := noiseUnder(heard, tt.frequency); got < tt.noise {
			t.Errorf("%v Hz at %v: the noise is %.1f dB under it, want %v", tt.frequency, tt.amplitude, got, tt.noise)
		} else {
			t.Logf("%v Hz at %v: the noise is %.1f dB under it", tt.frequency, tt.amplitude, got)
		}
	}
}

func TestG722CarriesSilence(t *testing.T) {
	for i, s := range g722(make([]int16, audio.Wideband)) {
		if s > 4 || s < -4 {
			t.Fatalf("sample %d of silence is %d", i, s)
		}
	}
}

// TestAnIdleLineIsQuietInG722: the decoder was in the middle of something loud.
// Afterwards it hears the next sound as if it had heard nothing before.
func TestAnIdleLineIsQuietInG722(t *testing.T) {
	e, fresh := audio.NewEncoder(audio.G722), audio.NewEncoder(audio.G722)
	d, other := audio.NewDecoder(audio.G722), audio.NewDecoder(audio.G722)
	d.Append(nil, e.Append(nil, rough(15_999)))
	idle := d.Append(nil, bytes.Repeat([]byte{audio.G722Silence}, 8000))
	for i, s := range idle[audio.Wideband*60/1000:] {
		if s > 64 || s < -64 { // 54 dB under full scale
			t.Fatalf("%d samples after 60 ms of silence one is %d", i, s)
		}
	}
	codes := fresh.Append(nil, audiotest.Sine(audio.Wideband, 1000, 0.5, time.Second))
	got, want := d.Append(nil, codes), other.Append(nil, codes)
	for i := audio.Wideband * 300 / 1000; i < len(got); i++ {
		if diff := int(got[i]) - int(want[i]); diff > 8 || diff < -8 {
			t.Fatalf("sample %d of the next sound is %d, alone it is %d", i, got[i], want[i])
		}
	}
}

// TestASeamMakesASoundCleanFromItsBeginning: without it a tone after silence begins
// 14 dB under its noise. Where the codes are sent as they are again it is not as much
// over it as elsewhere.
func TestASeamMakesASoundCleanFromItsBeginning(t *testing.T) {
	sound := audiotest.Sine(audio.Wideband, 1000, 0.5, time.Second)
	e, loud := audio.NewEncoder(audio.G722), audio.NewEncoder(audio.G722)
	codes := e.Append(nil, sound)
	silence := bytes.Repeat([]byte{audio.G722Silence}, 8000)
	noise := loud.Append(nil, rough(15_998))
	for _, c := range []struct {
		name   string
		before []byte
	}{
		{"nothing", nil},
		{"a packet of silence", silence[:160]},
		{"silence", silence},
		{"something loud", noise},
		{"something loud and a packet of silence", append(noise, silence[:160]...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seam audio.Seam
			d := audio.NewDecoder(audio.G722)
			seam.Sent(c.before)
			d.Append(nil, c.before)
			seam.Begin()
			sent := slices.Clone(codes)
			for packet := range slices.Chunk(sent, 160) {
				seam.Pass(packet)
			}
			if c.before == nil && !bytes.Equal(sent, codes) {
				t.Error("the codes are others")
			}
			if !bytes.Equal(sent[2000:], codes[2000:]) {
				t.Error("the codes after a quarter of a second are others")
			}
			heard := d.Append(nil, sent)
			for at := 0; at+342 <= len(heard); at += 320 {
				if got := overNoise(heard[at:], sound[at:at+320]); got < 14 {
					t.Fatalf("at %d ms it is %.1f dB over its noise", at/16, got)
				}
			}
		})
	}
}

// overNoise returns by how many dB a sound is over its difference from what is
// heard, which is 22 samples late.
func overNoise(heard, sound []int16) float64 {
	var all, rest float64
	for i := range sound {
		s, d := float64(sound[i]), float64(sound[i])-float64(heard[i+22])
		all, rest = all+s*s, rest+d*d
	}
	return 10 * math.Log10(all/rest)
}

// What is too loud for the codec is clipped, and neither turns over nor rings on.
func TestG722CarriesTheLoudest(t *testing.T) {
	pcm := audiotest.Sine(audio.Wideband, 400, 1, time.Second)
	heard := g722(pcm)
	const delay = 22
	for i := range len(pcm) - delay {
		if d := int(heard[i+delay]) - int(pcm[i]); i > 320 && (d > 4000 || d < -4000) {
			t.Fatalf("sample %d is %d, heard is %d", i, pcm[i], heard[i+delay])
		}
	}
	square := make([]int16, audio.Wideband)
	for i := range square[:audio.Wideband/2] {
		square[i] = math.MaxInt16
		if i/40%2 == 0 {
			square[i] = math.MinInt16
		}
	}
	for i, s := range g722(square)[audio.Wideband/2+800:] {
		if s > 20 || s < -20 {
			t.Fatalf("%d samples after the loudest a sample of silence is %d", i+800, s)
		}
	}
}

// rough returns a sound made of whole numbers alone, the same on every machine:
// noise and a triangle that grow from nothing, again and again.
func rough(n int) []int16 {
	pcm := make([]int16, n)
	state := uint32(1)
	for i := range pcm {
		state = state*1664525 + 1013904223
		noise, triangle := int(int16(state>>16)), (i*700)%131072
		if triangle > 65536 {
			triangle = 131072 - triangle
		}
		loud := i % 8000
		pcm[i] = int16((noise + triangle - 32768) / 3 * loud / 8000)
	}
	return pcm
}

// TestG722IsThatOfOthers: the sums are those of the codes that libspandsp 0.0.6
// makes of the same samples, and of the samples that it makes of these codes.
func TestG722IsThatOfOthers(t *testing.T) {
	e := audio.NewEncoder(audio.G722)
	codes := e.Append(nil, rough(80_000))
	sum := fnv.New64a()
	sum.Write(codes)
	if got := sum.Sum64(); got != 0x5320c406cb1dfc68 {
		t.Errorf("the codes have sum %#x", got)
	}
	d := audio.NewDecoder(audio.G722)
	sum.Reset()
	for _, s := range d.Append(nil, codes) {
		sum.Write([]byte{byte(s), byte(uint16(s) >> 8)})
	}
	if got := sum.Sum64(); got != 0xd834a41786619e0b {
		t.Errorf("the samples have sum %#x", got)
	}
}

func TestG722OfPiecesIsThatOfTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pcm := rapid.SliceOfN(rapid.Int16(), 0, 700).Draw(t, "pcm")
		whole, pieces := audio.NewEncoder(audio.G722), audio.NewEncoder(audio.G722)
		want := whole.Flush(whole.Append(nil, pcm))
		if len(want) != (len(pcm)+1)/2 {
			t.Fatalf("%d samples have %d codes", len(pcm), len(want))
		}
		var got []byte
		for rest := pcm; len(rest) > 0; {
			n := rapid.IntRange(0, len(rest)).Draw(t, "n")
			got = pieces.Append(got, rest[:n])
			if rest = rest[n:]; n == 0 {
				got = pieces.Append(got, rest[:1])
				rest = rest[1:]
			}
		}
		if got = pieces.Flush(got); !bytes.Equal(got, want) {
			t.Fatalf("in pieces % x, whole % x", got, want)
		}
		one, several := audio.NewDecoder(audio.G722), audio.NewDecoder(audio.G722)
		n := rapid.IntRange(0, len(want)).Draw(t, "n")
		if heard := several.Append(several.Append(nil, want[:n]), want[n:]); !slices.Equal(heard, one.Append(nil, want)) {
			t.Fatal("decoded in pieces it is something else")
		}
	})
}

func FuzzG722Decoder(f *testing.F) {
	f.Add([]byte{0xFA, 0xFA, 0x00, 0xFF})
	f.Fuzz(func(t *testing.T, codes []byte) {
		d := audio.NewDecoder(audio.G722)
		if pcm := d.Append(nil, codes); len(pcm) != 2*len(codes) {
			t.Errorf("%d codes have %d samples", len(codes), len(pcm))
		}
	})
}

func TestG722AllocatesNothing(t *testing.T) {
	pcm := audiotest.Sine(audio.Wideband, 1000, 0.5, 20*time.Millisecond)
	codes, heard := make([]byte, 0, 512), make([]int16, 0, 1024)
	e := audio.NewEncoder(audio.G722)
	d := audio.NewDecoder(audio.G722)
	if n := testing.AllocsPerRun(100, func() { heard = d.Append(heard[:0], e.Append(codes[:0], pcm)) }); n > 0 {
		t.Errorf("20 ms there and back allocate %v times", n)
	}
}

func BenchmarkG722(b *testing.B) {
	pcm := rough(320)
	codes := make([]byte, 0, 512)
	b.Run("encode 20 ms", func(b *testing.B) {
		e := audio.NewEncoder(audio.G722)
		b.ReportAllocs()
		for b.Loop() {
			codes = e.Append(codes[:0], pcm)
		}
	})
	b.Run("decode 20 ms", func(b *testing.B) {
		d := audio.NewDecoder(audio.G722)
		b.ReportAllocs()
		for b.Loop() {
			pcm = d.Append(pcm[:0], codes)
		}
	})
}

func BenchmarkSeam(b *testing.B) {
	var seam audio.Seam
	packet := make([]byte, 160)
	b.Run("begin", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			seam.Sent(packet)
			seam.Begin()
		}
	})
	b.Run("begin after silence", func(b *testing.B) {
		silence := bytes.Repeat([]byte{audio.G722Silence}, 1200)
		for b.Loop() {
			seam.Sent(silence[:160])
			seam.Begin()
		}
	})
	b.Run("packet", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%12 == 0 {
				b.StopTimer()
				seam.Begin()
				b.StartTimer()
			}
			seam.Pass(packet)
			seam.Sent(packet)
		}
	})
}
