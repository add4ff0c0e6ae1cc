package softphone_test

import (
	"slices"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/audiotest"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/await"
)

// tone returns a second of a tone of half of full scale at a rate.
func tone(rate int, frequency float64) *audio.Sound {
	s := audio.NewSound(rate)
	s.Append(audiotest.Sine(rate, frequency, 0.5, time.Second))
	s.End(nil)
	return s
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
	pcm = audiotest.Loudest(all, rate, frequency, piece, func(from, to time.Duration) bool {
		return slices.ContainsFunc(gaps, func(g softphone.Gap) bool { return g.At+g.Length > from && g.At < to })
	})
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
