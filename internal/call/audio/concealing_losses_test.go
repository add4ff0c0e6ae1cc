package audio_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// conceal returns what is heard of a sound of which the frames are lost for which
// lost says so.
func conceal(pcm []int16, rate int, lost func(frame int) bool) []int16 {
	c := audio.NewConcealer(rate)
	heard := slices.Clone(pcm)
	i := 0
	for frame := range slices.Chunk(heard, rate/50) {
		if lost(i) {
			clear(frame) // nobody has it
			c.Lost(frame)
		} else {
			c.Came(frame)
		}
		i++
	}
	return heard
}

// likeness returns how far a sound is under its difference from what is heard, in dB.
func likeness(want, got []int16) float64 {
	var signal, noise float64
	for i, s := range want {
		signal += float64(s) * float64(s)
		noise += (float64(s) - float64(got[i])) * (float64(s) - float64(got[i]))
	}
	return 10 * math.Log10(signal/max(noise, 1e-9))
}

func only(frames ...int) func(int) bool {
	return func(frame int) bool { return slices.Contains(frames, frame) }
}

// voiced returns a tone with overtones, as a voice that sings has.
func voiced(rate int, pitch float64, d time.Duration) []int16 {
	pcm := audiotest.Sine(rate, pitch, 0.3, d)
	for i, s := range audiotest.Sine(rate, 2*pitch, 0.2, d) {
		pcm[i] += s
	}
	for i, s := range audiotest.Sine(rate, 5*pitch, 0.1, d) {
		pcm[i] += s
	}
	return pcm
}

func TestALostFrameOfAVoiceIsMadeUp(t *testing.T) {
	for _, rate := range []int{audio.Rate, audio.Wideband} {
		for _, pitch := range []float64{70, 100, 145, 190} {
			pcm := voiced(rate, pitch, 400*time.Millisecond)
			frame := rate / 50
			heard := conceal(pcm, rate, only(10))
			if got := likeness(pcm[10*frame:10*frame+rate/100], heard[10*frame:10*frame+rate/100]); got < 12 {
				t.Errorf("%v Hz at %d: the first 10 ms made up are only %.0f dB like those lost", pitch, rate, got)
			}
			if !slices.Equal(heard[:10*frame], pcm[:10*frame]) || !slices.Equal(heard[12*frame:], pcm[12*frame:]) {
				t.Errorf("%v Hz at %d: frames are changed that are far from the loss", pitch, rate)
			}
			steepest := steepness(pcm)
			if got := steepness(heard); got > steepest*3/2 {
				t.Errorf("%v Hz at %d: it clicks: %d from one sample to the next, %d without a loss", pitch, rate, got, steepest)
			}
		}
	}
}

// steepness returns the most by which a sample differs from the one before.
func steepness(pcm []int16) int {
	most := 0
	for i := 1; i < len(pcm); i++ {
		d := int(pcm[i]) - int(pcm[i-1])
		most = max(most, d, -d)
	}
	return most
}

// TestALossDoesNotClick: where what was heard is no exact repetition either, as
// in a voice that grows or rises.
func TestALossDoesNotClick(t *testing.T) {
	for name, change := range map[string]func(i int) float64{
		"stays": func(int) float64 { return 1 },
		"grows": func(i int) float64 { return float64(i) / 3200 },
		"rises": func(i int) float64 { return math.Sin(2 * math.Pi * 30 * float64(i) / audio.Rate) },
	} {
		for lost := 5; lost < 15; lost++ {
			pcm := voiced(audio.Rate, 130, 400*time.Millisecond)
			for i := range pcm {
				pcm[i] = int16(float64(pcm[i]) * change(i))
			}
			heard := conceal(pcm, audio.Rate, only(lost))
			from, to := lost*160-1, (lost+2)*160
			if got, want := steepness(heard[from:to]), steepness(pcm[from-320:to+160]); got > want*11/10 {
				t.Errorf("a voice that %s, frame %d: %d from one sample to the next, %d without a loss", name, lost, got, want)
			}
		}
	}
}

func TestALongLossFadesToSilence(t *testing.T) {
	pcm := voiced(audio.Rate, 120, time.Second)
	heard := conceal(pcm, audio.Rate, func(frame int) bool { return frame >= 10 && frame < 20 })
	made := heard[10*160 : 20*160]
	for i, s := range made[audio.Samples(60*time.Millisecond):] {
		if s != 0 {
			t.Fatalf("sample %d after 60 ms is %d", i, s)
		}
	}
	var last float64
	for i := range 5 { // each 10 ms is quieter than those before
		piece := made[audio.Samples(time.Duration(10+10*i)*time.Millisecond):][:80]
		now := loudness(piece)
		if i > 0 && now > last+0.3 { // 10 ms are not whole periods
			t.Errorf("%d ms after the loss it grows from %.1f to %.1f dB", 10+10*i, last, now)
		}
		last = now
	}
	if steepness(heard) > steepness(pcm)*3/2 {
		t.Error("it clicks")
	}
}

// TestSpeechWithLossesStaysAsLoud: what is made up is about as loud as what was
// lost, but where a word begins or ends.
func TestSpeechWithLossesStaysAsLoud(t *testing.T) {
	words := reads(t, speech.Utterance{Language: "en-US", Voice: "male"}, "protocol.md")[:audio.Samples(60*time.Second)]
	heard := conceal(words, audio.Rate, func(frame int) bool { return frame%19 == 7 })
	var off []float64
	for i := 7; i < len(words)/160; i += 19 {
		want, got := loudness(words[i*160:][:160]), loudness(heard[i*160:][:160])
		if want > -40 {
			off = append(off, math.Abs(want-max(got, -60)))
		}
	}
	slices.Sort(off)
	if t.Logf("of %d lost frames of speech half are at most %.1f dB off, nine of ten %.1f", len(off), off[len(off)/2], off[len(off)*9/10]); off[len(off)/2] > 4 || off[len(off)*9/10] > 16 {
		t.Error("that is too much")
	}
}

func TestAnythingMayBeLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]int{audio.Rate, audio.Wideband}).Draw(t, "rate")
		c := audio.NewConcealer(rate)
		for range rapid.IntRange(0, 40).Draw(t, "frames") {
			frame := make([]int16, rapid.IntRange(0, 3*rate/50).Draw(t, "length"))
			if loud := rapid.Int16().Draw(t, "loud"); rapid.Bool().Draw(t, "came") {
				for i := range frame {
					frame[i] = loud * int16(i%7-3) // turns over, and is loud anywhere
				}
				c.Came(frame)
			} else {
				c.Lost(frame)
			}
		}
	})
}

func TestWhatIsLostAtTheBeginningIsSilence(t *testing.T) {
	c, frame := audio.NewConcealer(audio.Rate), rough(160)
	c.Lost(frame)
	if !slices.Equal(frame, make([]int16, 160)) {
		t.Error("something is heard before anything came")
	}
}

func BenchmarkConcealer(b *testing.B) {
	for name, rate := range map[string]int{"8 kHz": audio.Rate, "16 kHz": audio.Wideband} {
		pcm := voiced(rate, 110, 20*time.Millisecond)
		for _, loses := range []bool{false, true} {
			if loses {
				name += ", every second lost"
			}
			b.Run(name, func(b *testing.B) {
				c := audio.NewConcealer(rate)
				b.ReportAllocs()
				for b.Loop() {
					c.Came(pcm)
					if loses {
						c.Lost(pcm)
					}
				}
			})
		}
	}
}
