package audio_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// cadence returns for how many ms a sound is heard, and not, in turn.
func cadence(c audio.Clip) []int {
	var lengths []int
	const piece = 5 // ms
	sounds := false
	for i := range len(c) / (8 * piece) {
		loud := false
		for _, s := range c[i*8*piece : (i+1)*8*piece] {
			loud = loud || s != 0
		}
		if len(lengths) == 0 || loud != sounds {
			lengths, sounds = append(lengths, 0), loud
		}
		lengths[len(lengths)-1] += piece
	}
	return lengths
}

func TestSignalsOfCountries(t *testing.T) {
	for _, row := range []struct {
		country                    string
		ringback, busy, congestion []int // ms with and without sound
		ringing, engaged           []float64
	}{
		{"US", []int{2000, 4000}, []int{500, 500}, []int{250, 250}, []float64{440, 480}, []float64{480, 620}},
		{"GB", []int{400, 200, 400, 2000}, []int{375, 375}, []int{400, 350, 225, 525}, []float64{400, 450}, []float64{400}},
		{"DE", []int{1000, 4000}, []int{480, 480}, []int{240, 240}, []float64{425}, []float64{425}},
		{"ES", []int{1500, 3000}, []int{200, 200}, []int{200, 200, 200, 200, 200, 600}, []float64{425}, []float64{425}},
		{"", []int{2000, 4000}, []int{500, 500}, []int{250, 250}, []float64{440, 480}, []float64{480, 620}},
		{"XX", []int{2000, 4000}, []int{500, 500}, []int{250, 250}, []float64{440, 480}, []float64{480, 620}},
	} {
		s := audio.NewSignals(row.country)
		for name, is := range map[string]struct {
			sound   *audio.Sound
			cadence []int
			tones   []float64
		}{
			"ringback": {s.Ringback, row.ringback, row.ringing}, "busy": {s.Busy, row.busy, row.engaged}, "congestion": {s.Congestion, row.congestion, row.engaged},
		} {
			c, err := is.sound.Whole(t.Context())
			if diff := cmp.Diff(is.cadence, cadence(c)); diff != "" || err != nil {
				t.Errorf("%s of %q: %v (-want +got):\n%s", name, row.country, err, diff)
			}
			c = c[:audio.Samples(time.Duration(is.cadence[0])*time.Millisecond)]
			for _, f := range is.tones {
				near(t, name+" of "+row.country, level(c, f), milliwatt-13-3*float64(len(is.tones)-1), 0.5)
			}
		}
	}
}
