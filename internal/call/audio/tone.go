package audio

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// partial is one of the frequencies that a tone is made of.
type partial struct {
	frequency float64 // Hz
	level     float64 // dBm0
}

// ramp is how long a tone takes to come and to go, so that it does not click.
const ramp = 5 * time.Millisecond

// A sine that just reaches the overload point of µ-law, 8159 on a scale of 14
// bits, has 3.17 dBm0 (G.711, tables 2a and 6).
const (
	fullScale = 8159 << mulawSpare
	fullLevel = 3.17
)

// amplitude returns the peak of a sine of a level in dBm0.
func amplitude(level float64) float64 {
	return fullScale * math.Pow(10, (level-fullLevel)/20)
}

// mix returns d of the partials together, with a ramp at each end.
func mix(d time.Duration, partials ...partial) Clip {
	c := Silence(d)
	edge := min(Samples(ramp), len(c)/2)
	amplitudes := make([]float64, len(partials))
	for i, p := range partials {
		amplitudes[i] = amplitude(p.level)
	}
	for i := range c {
		sum := 0.0
		for j, p := range partials {
			sum += amplitudes[j] * math.Sin(2*math.Pi*p.frequency*float64(i)/Rate)
		}
		if near := min(i, len(c)-1-i); near < edge {
			sum *= (1 - math.Cos(math.Pi*float64(near)/float64(edge))) / 2
		}
		c[i] = round(float32(sum))
	}
	return c
}

// The levels of DTMF: the high group 2 dB over the low one, since lines carry
// high frequencies less well.
const (
	dtmfLowLevel  = -8.0 // dBm0
	dtmfHighLevel = -6.0
)

// A digit is the low frequency of its row and the high one of its column (ITU-T
// Q.23).
const (
	dtmfKeys = "123A456B789C*0#D"
	dtmfRows = 4
)

var dtmfFrequencies = [8]float64{697, 770, 852, 941, 1209, 1336, 1477, 1633}

// DTMF returns digits (0-9, *, #, A-D) as the tones of ITU-T Q.23, each of
// length on and followed by gap. Receivers need 40 ms of each (Q.24); 100 ms
// is what telephones send. It is an error when digits holds anything else.
func DTMF(digits string, on, gap time.Duration) (Clip, error) {
	var c Clip
	for _, digit := range digits {
		key := strings.IndexRune(dtmfKeys, digit)
		if key < 0 {
			return nil, fmt.Errorf("tones for %q: %q is not a digit of a telephone (0-9, *, #, A-D)", digits, digit)
		}
		low, high := dtmfFrequencies[key/dtmfRows], dtmfFrequencies[dtmfRows+key%dtmfRows]
		c = append(c, mix(on, partial{low, dtmfLowLevel}, partial{high, dtmfHighLevel})...)
		c = append(c, Silence(gap)...)
	}
	return c, nil
}

// Beep returns the short tone after which a caller speaks.
func Beep() Clip {
	return mix(250*time.Millisecond, partial{1000, -10})
}
