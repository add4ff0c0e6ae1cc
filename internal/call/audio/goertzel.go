package audio

import (
	"math"
	"math/cmplx"
)

// dtmfStep is how many samples at Rate a detector decides after, 6.4 ms. Digits
// are heard through a window of two steps: long enough to tell 697 from 770 Hz,
// and short enough that a telephone may be 1.5 % off (ITU-T Q.24). A tone of
// 40 ms fills four windows, wherever it begins.
const dtmfStep = 51

// How many windows in a row make and end a digit: a tone of 22 ms is none, one
// of 40 ms is, and a gap in it of 10 ms does not make it two.
const (
	dtmfBegin = 4
	dtmfEnd   = 4
)

// What a window must hold. By Q.24 (the figures of AT&T) each tone may have
// -25 dBm0, and the high one be from 8 dB under the low one to 4 dB over it. The
// limits here are wider, because a tone that is off frequency and shares its
// window with a louder one is measured up to 3 dB wrong.
const (
	dtmfFloor     = -32.0 // dBm0 of the weaker tone
	dtmfTwist     = 11.0  // dB that the low tone may have over the high one
	dtmfReverse   = 6.5   // dB that the high tone may have over the low one
	dtmfDominance = 5.0   // dB that each tone has over the others of its group
	dtmfPurity    = 0.65  // of all power is in the two tones; less is speech
)

// A DTMFDetector hears digits in sound: those that a telephone sends as tones
// because it knows nothing better. It is a value, for one sound.
type DTMFDetector struct {
	tones [len(dtmfFrequencies)]goertzel
	size  int // samples of a step

	step  [dtmfStep * Wideband / Rate]float32 // what came of the step that is not complete
	came  int
	past  [len(dtmfFrequencies)]complex64 // of the step before
	power float32                         // of the step before, summed

	digit   byte // that is heard; 0: none
	other   byte // that was in the last windows, if it is not digit
	windows int  // how many of them
}

// goertzel is what the algorithm of that name needs to find a frequency.
type goertzel struct {
	turn float32   // twice the cosine of the angle of a sample
	back complex64 // e to the -i times that angle
	skip complex64 // e to the i times the angle of a step
}

// NewDTMFDetector returns a detector for sound of Rate or Wideband samples a
// second.
func NewDTMFDetector(rate int) DTMFDetector {
	d := DTMFDetector{size: dtmfStep * rate / Rate}
	for i, f := range dtmfFrequencies {
		angle := 2 * math.Pi * f / float64(rate)
		d.tones[i] = goertzel{
			turn: float32(2 * math.Cos(angle)),
			back: complex64(cmplx.Exp(complex(0, -angle))),
			skip: complex64(cmplx.Exp(complex(0, angle*float64(d.size)))),
		}
	}
	return d
}

// Listen takes in the next samples, 20 ms at most, and returns the digit that is
// now certain to have begun, some 35 ms ago: each once, however long it lasts. 0
// is none.
func (d *DTMFDetector) Listen(pcm []int16) (began byte) {
	for _, s := range pcm {
		d.step[d.came] = float32(s)
		if d.came++; d.came == d.size {
			d.came = 0
			if digit := d.follow(d.window()); digit != 0 {
				began = digit
			}
		}
	}
	return began
}

// follow takes in what the next window holds, and returns a digit that begins.
func (d *DTMFDetector) follow(heard byte) (began byte) {
	if heard == d.digit {
		d.windows = 0
		return 0
	}
	if heard != d.other {
		d.other, d.windows = heard, 0
	}
	d.windows++
	switch {
	case heard == 0 && d.windows >= dtmfEnd:
		d.digit = 0
	case heard != 0 && d.windows >= dtmfBegin:
		d.digit = heard
		return heard
	}
	return 0
}

// window returns the digit of the window that ends with the step; 0: there is
// none.
func (d *DTMFDetector) window() byte {
	var power float32
	for _, x := range d.step[:d.size] {
		power += x * x
	}
	var here, both [len(dtmfFrequencies)]complex64
	d.measure(here[:dtmfRows], d.tones[:dtmfRows])
	d.measure(here[dtmfRows:], d.tones[dtmfRows:])
	for i, h := range here {
		both[i] = d.past[i]*d.tones[i].skip + h
	}
	total := power + d.power
	d.past, d.power = here, power
	return dtmfDigit(both, total, float32(2*d.size))
}

// measure returns the sums of the step's samples, each turned by the angle from
// there to the step's end, for four frequencies: the processor adds up all four
// in the time of one.
func (d *DTMFDetector) measure(sums []complex64, tones []goertzel) {
	ta, tb, tc, td := tones[0].turn, tones[1].turn, tones[2].turn, tones[3].turn
	var a1, a2, b1, b2, c1, c2, d1, d2 float32
	for _, x := range d.step[:d.size] {
		a1, a2 = x+ta*a1-a2, a1
		b1, b2 = x+tb*b1-b2, b1
		c1, c2 = x+tc*c1-c2, c1
		d1, d2 = x+td*d1-d2, d1
	}
	sums[0] = complex(a1, 0) - tones[0].back*complex(a2, 0)
	sums[1] = complex(b1, 0) - tones[1].back*complex(b2, 0)
	sums[2] = complex(c1, 0) - tones[2].back*complex(c2, 0)
	sums[3] = complex(d1, 0) - tones[3].back*complex(d2, 0)
}

// dtmfDigit returns the digit of sums over n samples, whose squares are total; 0
// where they hold none.
func dtmfDigit(sums [len(dtmfFrequencies)]complex64, total, n float32) byte {
	row, low, lowClear := strongest(sums[:dtmfRows])
	column, high, highClear := strongest(sums[dtmfRows:])
	floor := dtmfLimits.floor * n * n / 4 // a sine of amplitude a has a sum of an/2
	switch {
	case min(low, high) < floor, !lowClear, !highClear:
	case low > high*dtmfLimits.twist, high > low*dtmfLimits.reverse:
	case 2*(low+high) < dtmfPurity*n*total: // the power of a sine is half the square of a
	default:
		return dtmfKeys[row*dtmfRows+column]
	}
	return 0
}

// strongest returns which sum is the largest, its square, and whether it stands
// clear of the others.
func strongest(sums []complex64) (index int, square float32, isClear bool) {
	var second float32
	for i, s := range sums {
		switch p := real(s)*real(s) + imag(s)*imag(s); {
		case p > square:
			index, square, second = i, p, square
		case p > second:
			second = p
		}
	}
	return index, square, square > second*dtmfLimits.dominance
}

// dtmfLimits are the levels above, as ratios of power.
var dtmfLimits = struct{ floor, twist, reverse, dominance float32 }{
	floor:     float32(amplitude(dtmfFloor) * amplitude(dtmfFloor)),
	twist:     float32(math.Pow(10, dtmfTwist/10)),
	reverse:   float32(math.Pow(10, dtmfReverse/10)),
	dominance: float32(math.Pow(10, dtmfDominance/10)),
}
