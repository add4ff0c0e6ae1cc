package audio_test

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// digitsIn returns the digits that are heard in a sound, 20 ms at a time.
func digitsIn(pcm []int16, rate int) string {
	d := audio.NewDTMFDetector(rate)
	var heard []byte
	for frame := range slices.Chunk(pcm, rate/50) {
		if digit := d.Listen(frame); digit != 0 {
			heard = append(heard, digit)
		}
	}
	return string(heard)
}

// press is how a telephone sends a digit.
type press struct {
	on, gap   time.Duration
	off       float64 // of what its frequencies should be, each way in turn
	low, high float64 // dBm0
	rate      int
}

// usual is how most do.
var usual = press{on: 40 * time.Millisecond, gap: 40 * time.Millisecond, low: -8, high: -6, rate: audio.Rate}

// keys are the digits in the order of their rows.
const keys = "123A456B789C*0#D"

// sound returns digits as they are sent, after a pause of some samples.
func (p press) sound(digits string, pause int) []int16 {
	pcm := slices.Repeat([]int16{0}, pause)
	for i, digit := range digits {
		tones := dtmf[string(digit)]
		off := 1 + p.off
		if i%2 == 1 {
			off = 1 - p.off
		}
		low := audiotest.Sine(p.rate, tones[0]*off, math.Pow(10, (p.low+milliwatt)/20), p.on)
		high := audiotest.Sine(p.rate, tones[1]*off, math.Pow(10, (p.high+milliwatt)/20), p.on)
		for j := range low {
			pcm = append(pcm, low[j]+high[j])
		}
		pcm = append(pcm, make([]int16, int(p.gap.Seconds()*float64(p.rate)))...)
	}
	return append(pcm, make([]int16, p.rate/10)...)
}

// TestDigitsAreHeardAsQ24Says has tones begin at every place of a frame.
func TestDigitsAreHeardAsQ24Says(t *testing.T) {
	const ms = time.Millisecond
	heard, missed := keys, ""
	for name, row := range map[string]struct {
		change func(p *press)
		want   string
	}{
		"40 ms, and as long a gap": {func(*press) {}, heard},
		"in wideband":              {func(p *press) { p.rate = audio.Wideband }, heard},
		"a second":                 {func(p *press) { p.on = time.Second }, heard},
		"at the highest level":     {func(p *press) { p.low, p.high = -3, -3 }, heard},
		"at the lowest":            {func(p *press) { p.low, p.high = -25, -25 }, heard},
		"the high tone 8 dB under": {func(p *press) { p.low, p.high = -6, -14 }, heard},
		"the high tone 4 dB over":  {func(p *press) { p.low, p.high = -10, -6 }, heard},
		"1.5 % off":                {func(p *press) { p.off = 0.015 }, heard},
		"1.5 % off, 8 dB under":    {func(p *press) { p.off, p.low, p.high = 0.015, -6, -14 }, heard},
		"1.5 % off, 4 dB over":     {func(p *press) { p.off, p.low, p.high = 0.015, -10, -6 }, heard},

		"22 ms":                     {func(p *press) { p.on = 22 * ms }, missed},
		"the high tone 15 dB under": {func(p *press) { p.low, p.high = -3, -18 }, missed},
		"the high tone 12 dB over":  {func(p *press) { p.low, p.high = -15, -3 }, missed},
		"3.5 % off":                 {func(p *press) { p.off = 0.035 }, missed},
		"too quiet":                 {func(p *press) { p.low, p.high = -40, -40 }, missed},
	} {
		t.Run(name, func(t *testing.T) {
			p := usual
			row.change(&p)
			for pause := 400; pause < 560; pause += 11 {
				if got := digitsIn(p.sound(keys, pause), p.rate); got != row.want {
					t.Fatalf("after %d samples %q is heard, want %q", pause, got, row.want)
				}
			}
		})
	}
}

func TestADigitIsHeardOnce(t *testing.T) {
	tone := usual
	tone.on, tone.gap = 100*time.Millisecond, 0
	for name, row := range map[string]struct {
		gap  time.Duration
		want string
	}{
		"a tone that fails for a moment": {10 * time.Millisecond, "5"},
		"a digit that is pressed twice":  {40 * time.Millisecond, "55"},
	} {
		t.Run(name, func(t *testing.T) {
			tone.gap = row.gap
			for pause := range 160 {
				if got := digitsIn(tone.sound("55", pause), audio.Rate); got != row.want {
					t.Fatalf("after %d samples %q is heard, want %q", pause, got, row.want)
				}
			}
		})
	}
	tone.gap = 0
	if got := digitsIn(tone.sound("1234", 0), audio.Rate); got != "1234" {
		t.Errorf("of digits without gaps %q is heard", got)
	}
}

func TestDigitsAreHeardInNoiseAndThroughCodecs(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	long := usual
	long.on = 80 * time.Millisecond
	noisy := long.sound(keys, 400)
	for i := range noisy {
		noisy[i] += int16(r.NormFloat64() * 1000) // 18 dB under the tones
	}
	wide := long
	wide.rate = audio.Wideband
	for name, pcm := range map[string][]int16{
		"noise":   noisy,
		"µ-law":   audio.AppendPCMFromMulaw(nil, audio.AppendMulaw(nil, long.sound(keys, 400))),
		"A-law":   audio.AppendPCMFromAlaw(nil, audio.AppendAlaw(nil, long.sound(keys, 400))),
		"G.722":   g722(wide.sound(keys, 400)),
		"our own": mustDTMF(t, keys),
	} {
		rate := audio.Rate
		if name == "G.722" {
			rate = audio.Wideband
		}
		if got := digitsIn(pcm, rate); got != keys {
			t.Errorf("%s: %q is heard", name, got)
		}
	}
}

func mustDTMF(t *testing.T, digits string) audio.Clip {
	t.Helper()
	c, err := audio.DTMF(digits, 40*time.Millisecond, 40*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// chords returns what sounds like an orchestra that plays whatever it likes.
func chords(length time.Duration) []int16 {
	r := rand.New(rand.NewPCG(3, 4))
	var pcm []int16
	for len(pcm) < audio.Samples(length) {
		sum := make([]float64, 1600+r.IntN(4000))
		for range 2 + r.IntN(4) {
			pitch := 110 * math.Pow(2, float64(r.IntN(48))/12)
			for overtone := 1.0; overtone < 8; overtone++ {
				loud, phase := r.Float64()*6000/overtone/overtone, r.Float64()*6
				for i := range sum {
					sum[i] += loud * math.Sin(2*math.Pi*pitch*overtone*float64(i)/audio.Rate+phase)
				}
			}
		}
		for _, s := range sum {
			pcm = append(pcm, int16(max(math.MinInt16, min(math.MaxInt16, s))))
		}
	}
	return pcm
}

// hiss returns noise with more of the low frequencies.
func hiss(length time.Duration) []int16 {
	r := rand.New(rand.NewPCG(5, 6))
	pcm, y := make([]int16, audio.Samples(length)), 0.0
	for i := range pcm {
		y = y*0.9 + r.NormFloat64()*2000
		pcm[i] = int16(max(math.MinInt16, min(math.MaxInt16, y)))
	}
	return pcm
}

// TestMusicAndNoiseAreHardlyEverDigits: a chord of F5 and E6 is nearly a 2.
func TestMusicAndNoiseAreHardlyEverDigits(t *testing.T) {
	if got := digitsIn(chords(4*time.Minute), audio.Rate); len(got) > 8 {
		t.Errorf("in four minutes of chords %q is heard", got)
	}
	if got := digitsIn(hiss(4*time.Minute), audio.Rate); got != "" {
		t.Errorf("in noise %q is heard", got)
	}
}

// reads returns a long text as a voice reads it, a few words at a time: each run
// of the program has its time limit.
func reads(t *testing.T, u speech.Utterance, page string) audio.Clip {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without espeak-ng")
	}
	e, err := speech.Find(speech.EspeakNG, speech.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	s := audio.NewSound(audio.Rate)
	for words := range slices.Chunk(strings.Fields(string(text))[:600], 50) {
		u.Text = strings.Join(words, " ")
		if err := e.Speak(t.Context(), u, s); err != nil {
			t.Fatal(err)
		}
	}
	return s.Clip()
}

func TestSpeechIsHardlyEverDigits(t *testing.T) {
	var long time.Duration
	var heard string
	for _, u := range []speech.Utterance{
		{Language: "en-US", Voice: "female"}, {Language: "en-US", Voice: "male"}, {Language: "de", Voice: "female"}, {Language: "es", Voice: "male"},
	} {
		c := reads(t, u, "protocol.md")
		long += c.Duration()
		heard += digitsIn(c, audio.Rate)
	}
	if t.Logf("in %v of speech %q is heard", long, heard); len(heard) > 1 {
		t.Error("that is too much")
	}
}

func TestDigitsOfPiecesAreThoseOfTheWhole(t *testing.T) {
	pcm := usual.sound(keys, 123)
	rapid.Check(t, func(t *rapid.T) {
		d := audio.NewDTMFDetector(audio.Rate)
		var heard []byte
		for rest := pcm; len(rest) > 0; {
			n := min(len(rest), rapid.IntRange(1, 160).Draw(t, "n"))
			if digit := d.Listen(rest[:n]); digit != 0 {
				heard = append(heard, digit)
			}
			rest = rest[n:]
		}
		if string(heard) != keys {
			t.Fatalf("%q is heard", heard)
		}
	})
}

func BenchmarkDTMFDetector(b *testing.B) {
	d, frame := audio.NewDTMFDetector(audio.Rate), rough(160)
	b.ReportAllocs()
	for b.Loop() {
		d.Listen(frame)
	}
}
