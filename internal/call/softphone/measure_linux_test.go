package softphone_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/await"
)

// tone returns a second of a tone of half of full scale at a rate.
func tone(rate int, frequency float64) *audio.Sound {
	s := audio.NewSound(rate)
	pcm := make([]int16, rate)
	for i := range pcm {
		pcm[i] = int16(math.Round(math.MaxInt16 / 2 * math.Sin(2*math.Pi*frequency*float64(i)/float64(rate))))
	}
	s.Append(pcm)
	s.End(nil)
	return s
}

// level returns how loud a frequency is in a piece of sound, in dB under a sine
// of full scale, through a Blackman window that leaks nothing measurable.
func level(pcm []int16, frequency float64, rate int) float64 {
	var re, im, weight float64
	for i, s := range pcm {
		x := 2 * math.Pi * float64(i) / float64(len(pcm)-1)
		w := 0.42 - 0.5*math.Cos(x) + 0.08*math.Cos(2*x)
		turn := 2 * math.Pi * frequency * float64(i) / float64(rate)
		re += w * float64(s) * math.Cos(turn)
		im += w * float64(s) * math.Sin(turn)
		weight += w
	}
	return 20 * math.Log10(max(2*math.Hypot(re, im)/weight, 1e-6)/math.MaxInt16)
}

// piece is how much of a tone is measured at a time.
const piece = 200 * time.Millisecond

// heardTone returns a piece of what was heard in which a tone is whole: without a
// gap, of which a busy machine makes some, and away from the tone's ends.
func heardTone(t testing.TB, r *softphone.Recorder, frequency float64) (pcm []int16, rate int) {
	t.Helper()
	sound, err := r.Sound(await.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := sound.WaitEnd(await.Context(t)); err != nil {
		t.Fatal(err)
	}
	rate = sound.Rate()
	all := make([]int16, sound.Len())
	reader := sound.Reader()
	reader.Read(all)
	gaps := r.Gaps()
	size := int(piece) * rate / int(time.Second)
	best := math.Inf(-1)
	for at := 0; at+size <= len(all); at += size / 10 {
		from := time.Duration(at) * time.Second / time.Duration(rate)
		if slices.ContainsFunc(gaps, func(g softphone.Gap) bool { return g.At+g.Length > from && g.At < from+piece }) {
			continue
		}
		if l := level(all[at:at+size], frequency, rate); l > best+0.1 { // the first of those that are whole
			best, pcm = l, all[at:at+size]
		}
	}
	if pcm == nil {
		t.Fatalf("of %v nothing of %v is without a gap: %v", sound.Duration(), piece, gaps)
	}
	return pcm, rate
}

// digits returns the keys whose tones are in what was heard.
func digits(t testing.TB, r *softphone.Recorder) string {
	t.Helper()
	sound, err := r.Sound(await.Context(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := sound.WaitEnd(await.Context(t)); err != nil {
		t.Fatal(err)
	}
	var keys []byte
	detector, reader := audio.NewDTMFDetector(sound.Rate()), sound.Reader()
	pcm := make([]int16, 64)
	for n := reader.Read(pcm); n > 0; n = reader.Read(pcm) {
		if key := detector.Listen(pcm[:n]); key != 0 {
			keys = append(keys, key)
		}
	}
	return string(keys)
}

// waitFor waits until so much was heard.
func waitFor(t testing.TB, r *softphone.Recorder, d time.Duration) {
	t.Helper()
	ctx := await.Context(t)
	sound, err := r.Sound(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := sound.Wait(ctx, int(d.Seconds()*float64(sound.Rate()))); err != nil {
		t.Fatal(err)
	}
}
