package audio

// G722Silence is what an idle line carries in G.722. No code is silence by
// itself; this one stands for the smallest step of both bands, and brings the
// decoder to rest whatever it heard before.
const G722Silence byte = 0xFF

// Bounds of the logarithm of a step, and what brings the bands' steps to one
// scale (LOGSCL, LOGSCH, SCALEL, SCALEH).
const (
	g722LowLimit  = 18432
	g722HighLimit = 22528
	g722LowShift  = 8
	g722HighShift = 10
)

// g722Taps is the length of the filter that splits the band.
const g722Taps = 24

// g722Encoder makes ITU-T G.722 at 64 kbit/s of a sound, piece by piece: a
// byte for two samples of Wideband.
type g722Encoder struct {
	g722Ends
	past    [g722Taps]int32 // the last samples, the last at the end
	odd     bool            // one came of which the second is missing
	started bool
}

// Append appends the codes of the samples to dst. An odd sample waits for the
// next call. It allocates only when dst has no room.
func (e *g722Encoder) Append(dst []byte, pcm []int16) []byte {
	if !e.started {
		e.g722Ends, e.started = newG722Ends(), true
	}
	dst, out := extend(dst, len(pcm)/2+1)
	n := 0
	for _, s := range pcm {
		if !e.odd {
			copy(e.past[:], e.past[2:])
			e.past[g722Taps-2] = int32(s)
		} else {
			e.past[g722Taps-1] = int32(s)
			out[n] = e.encode()
			n++
		}
		e.odd = !e.odd
	}
	return dst[:len(dst)-len(out)+n]
}

// Flush appends the code of an odd last sample, as if silence followed.
func (e *g722Encoder) Flush(dst []byte) []byte {
	if !e.odd {
		return dst
	}
	return e.Append(dst, []int16{0})
}

// g722Ends are both bands, as the two ends keep them in the same state.
type g722Ends struct{ low, high g722Band }

// newG722Ends returns them as they begin.
func newG722Ends() g722Ends { return g722Ends{g722Band{step: 32}, g722Band{step: 8}} }

// receive takes in a code.
func (e *g722Ends) receive(code byte) {
	e.low.receiveLow(code & 63)
	e.high.receiveHigh(code >> 6)
}

// samples returns those of both bands that a code stands for.
func (e *g722Ends) samples(code byte) (low, high int32) {
	return limit15(saturate(e.low.s + e.low.dequantize(g722QM6[code&63]))),
		limit15(saturate(e.high.s + e.high.dequantize(g722QM2[code>>6])))
}

// encode returns the code of the last two samples.
func (e *g722Encoder) encode() byte {
	low, high := e.split()
	code := e.quantize(low, high)
	e.receive(code)
	return code
}

// quantize returns the code of a sample of each half of the band.
func (e *g722Ends) quantize(low, high int32) byte {
	return e.high.quantizeHigh(high)<<6 | e.low.quantizeLow(low)
}

// split is the transmit QMF: one sample of each half of the band.
func (e *g722Encoder) split() (low, high int32) {
	var even, odd int32
	for i, c := range g722QMF {
		odd += e.past[2*i] * c
		even += e.past[2*i+1] * g722QMF[11-i]
	}
	return (even + odd) >> 14, (even - odd) >> 14
}

// quantizeLow is QUANTL: the six bits of a sample of the lower band.
func (g *g722Band) quantizeLow(x int32) byte {
	size, negative := g.difference(x)
	from, to := 0, len(g722Q6)
	for from < to {
		middle := (from + to) >> 1
		if size >= g722Q6[middle]*g.step>>12 {
			from = middle + 1
		} else {
			to = middle
		}
	}
	return g722IL[negative][from]
}

// quantizeHigh is QUANTH: the two bits of a sample of the upper band.
func (g *g722Band) quantizeHigh(x int32) byte {
	size, negative := g.difference(x)
	if size >= g722High*g.step>>12 {
		return g722IH[negative][1]
	}
	return g722IH[negative][0]
}

// receiveLow and receiveHigh take in what was sent, at both ends.
func (g *g722Band) receiveLow(il byte) {
	d := g.dequantize(g722QM4[il>>2])
	g.adapt(g722WL[il>>2], g722LowLimit, g722LowShift)
	g.update(d)
}

func (g *g722Band) receiveHigh(ih byte) {
	d := g.dequantize(g722QM2[ih])
	g.adapt(g722WH[ih], g722HighLimit, g722HighShift)
	g.update(d)
}

// g722Decoder makes samples of ITU-T G.722 at 64 kbit/s, piece by piece: two
// of Wideband of a byte.
type g722Decoder struct {
	g722Ends
	past    [g722Taps]int32 // the last samples of both halves of the band, as they are joined
	started bool
}

// Append appends the samples of the codes to dst. It allocates only when dst
// has no room.
func (d *g722Decoder) Append(dst []int16, codes []byte) []int16 {
	if !d.started {
		d.g722Ends, d.started = newG722Ends(), true
	}
	dst, out := extend(dst, 2*len(codes))
	for i, code := range codes {
		first, second := d.decode(code)
		out[2*i], out[2*i+1] = int16(first), int16(second)
	}
	return dst
}

// decode returns the two samples of a code.
func (d *g722Decoder) decode(code byte) (first, second int32) {
	low, high := d.samples(code)
	d.receive(code)
	return d.join(low, high)
}

// limit15 keeps a sample of half the band within 15 bits (LIMIT).
func limit15(x int32) int32 { return max(-1<<14, min(1<<14-1, x)) }

// join is the receive QMF.
func (d *g722Decoder) join(low, high int32) (first, second int32) {
	copy(d.past[:], d.past[2:])
	d.past[g722Taps-2], d.past[g722Taps-1] = low+high, low-high
	for i, c := range g722QMF {
		second += d.past[2*i] * c
		first += d.past[2*i+1] * g722QMF[11-i]
	}
	return saturate(first >> 11), saturate(second >> 11)
}
