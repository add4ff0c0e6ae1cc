package audio

import (
	"fmt"
	"math"
	"slices"
)

// The rates that are brought to a telephone's: from the narrowest telephone sound to
// the widest a studio ships.
const (
	MinRate = 4000
	MaxRate = 192_000
)

// The low-pass filter keeps what a telephone carries (up to 3400 Hz, 6800 Hz in
// wideband) and is down by stopband where its image would fall into that band
// (from 4600 Hz, 9200 Hz). Between the two the image is above what a telephone
// plays.
const (
	stopband   = 84.0 // dB; a telephone line carries under 40 between noise and speech
	transition = 0.3  // width of the slope, as a part of half the lower rate: 1200 Hz at Rate
)

// maxPhases bounds the filter table. Every usual rate needs at most 320 phases;
// an odd one (8001 Hz) is taken for a neighbour at most 0.2 % away, under four
// cents of pitch, which is inaudible.
const maxPhases = 512

// A Resampler brings sound of one rate to another, piece by piece, without
// audible aliasing: a polyphase low-pass filter under a Kaiser window, 100
// taps long from 22,050 Hz to Rate. What comes out is aligned in time with what went in.
// It is not safe for concurrent use.
type Resampler struct {
	up, down int         // the rate out of it / the rate into it, as a reduced fraction
	kernel   [][]float32 // one row of taps for each phase
	half     int         // taps on each side of a sample

	in    []float32 // input still needed, the oldest first
	at    int       // the sample of in that the next output sample stands on …
	phase int       // … and how far after it, in 1/up of an input sample
}

// NewResampler returns a Resampler from one rate, in samples a second, to Rate
// or Wideband. It is an error when from is below MinRate or above MaxRate.
func NewResampler(from, to int) (*Resampler, error) {
	if from < MinRate || from > MaxRate {
		return nil, fmt.Errorf("resample from %d Hz: only %d to %d Hz can be brought to %d Hz", from, MinRate, MaxRate, to)
	}
	up, down := ratio(to, from, maxPhases)
	r := &Resampler{up: up, down: down}
	if up == down {
		return r, nil
	}
	r.kernel = kernel(up, from, to)
	r.half = len(r.kernel[0]) / 2
	r.in = make([]float32, r.half-1) // the silence before the first sample
	r.at = r.half - 1
	return r, nil
}

// Reserve makes room for a piece of so many samples, which Append then does not
// allocate.
func (r *Resampler) Reserve(samples int) { r.in = slices.Grow(r.in, samples) }

// Append appends to dst what src makes complete, and keeps the rest until the
// next call. It allocates only when dst or its own buffer has no room.
func (r *Resampler) Append(dst, src []int16) []int16 {
	if r.kernel == nil {
		return append(dst, src...)
	}
	for _, s := range src {
		r.in = append(r.in, float32(s))
	}
	return r.drain(dst, len(r.in)-r.half)
}

// Flush appends to dst what was kept, as if silence followed. The Resampler is
// of no further use.
func (r *Resampler) Flush(dst []int16) []int16 {
	if r.kernel == nil {
		return dst
	}
	end := len(r.in)
	r.in = append(r.in, make([]float32, r.half)...)
	return r.drain(dst, end)
}

// write is Append for samples that are wider than 16 bits.
func (r *Resampler) write(dst []int16, src []float32) []int16 {
	if r.kernel == nil {
		for _, s := range src {
			dst = append(dst, round(s))
		}
		return dst
	}
	r.in = append(r.in, src...)
	return r.drain(dst, len(r.in)-r.half)
}

// drain appends every output sample that stands before end, an index into in
// with half samples after it, and drops the input that is no longer needed.
func (r *Resampler) drain(dst []int16, end int) []int16 {
	step, turn := r.down/r.up, r.down%r.up
	for r.at < end {
		from := r.at - r.half + 1
		dst = append(dst, round(dot(r.kernel[r.phase], r.in[from:])))
		r.at += step
		if r.phase += turn; r.phase >= r.up {
			r.phase -= r.up
			r.at++
		}
	}
	drop := min(r.at-r.half+1, len(r.in))
	r.in = r.in[:copy(r.in, r.in[drop:])]
	r.at -= drop
	return dst
}

// kernel returns the rows of the filter for each of up phases: row p holds the
// taps for an output sample that stands p/up input samples after the input
// sample in the middle of the row.
func kernel(up, from, to int) [][]float32 {
	band := float64(min(from, to)) / 2
	// Kaiser's formula for the number of taps that such a slope needs, with
	// frequencies as parts of the input's rate; a multiple of four for dot.
	slope := transition * band / float64(from)
	taps := (int(math.Ceil((stopband-7.95)/(14.36*slope))) + 3) &^ 3
	half := float64(taps / 2)
	beta := 0.1102 * (stopband - 8.7)
	cutoff := 2 * band / float64(from)

	all := make([]float32, up*taps)
	rows := make([][]float32, up)
	weights := make([]float64, taps)
	for p := range rows {
		row := all[p*taps : (p+1)*taps]
		sum := 0.0
		for k := range weights {
			d := float64(p)/float64(up) + half - 1 - float64(k)
			x := d / half
			weights[k] = sinc(cutoff*d) * bessel0(beta*math.Sqrt(max(0, 1-x*x)))
			sum += weights[k]
		}
		// Each row has gain one at 0 Hz, so that no phase is louder than another.
		for k, w := range weights {
			row[k] = float32(w / sum)
		}
		rows[p] = row
	}
	return rows
}

// sinc is sin(πx)/πx.
func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel0 is the modified Bessel function of the first kind of order nought,
// the shape of the Kaiser window, by its power series.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-12; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

// ratio returns the fraction nearest to a/b whose numerator is at most limit,
// by continued fractions: a/b itself, reduced, where that is small enough.
func ratio(a, b, limit int) (num, den int) {
	num, den = 1, 0 // the convergent before the first
	prevNum, prevDen := 0, 1
	for b != 0 {
		q := a / b
		n, d := q*num+prevNum, q*den+prevDen
		if n > limit {
			break
		}
		prevNum, prevDen, num, den = num, den, n, d
		a, b = b, a-q*b
	}
	return num, den
}

// dot is the sum of the products; row's length is a multiple of four, and in
// is at least as long. Four sums let the processor overlap the additions.
func dot(row, in []float32) float32 {
	in = in[:len(row)]
	var s0, s1, s2, s3 float32
	for len(row) >= 4 && len(in) >= 4 {
		s0 += row[0] * in[0]
		s1 += row[1] * in[1]
		s2 += row[2] * in[2]
		s3 += row[3] * in[3]
		row, in = row[4:], in[4:]
	}
	return (s0 + s1) + (s2 + s3)
}

// round returns the nearest 16-bit sample; what is too loud is clipped.
func round(s float32) int16 {
	switch {
	case s >= math.MaxInt16:
		return math.MaxInt16
	case s <= math.MinInt16:
		return math.MinInt16
	case s < 0:
		return int16(s - 0.5)
	}
	return int16(s + 0.5)
}
