package audio

import "math"

// g722Band is one of the two halves into which G.722 splits the band: the
// adaptive predictor and the adaptive step that both ends keep in the same
// state. The comments name the blocks of ITU-T G.722, clause 6.2, whose
// arithmetic on 16-bit words this is, bit by bit.
type g722Band struct {
	s, sz int32    // the next sample as predicted; the part of it that the zeros predict
	step  int32    // DET: of the quantizer
	log   int32    // NB: the logarithm of step
	a     [2]int32 // the predictor's poles …
	b     [6]int32 // … and zeros
	r     [2]int32 // the last samples as both ends have them, the last first
	p     [2]int32 // the same without what the poles predict
	d     [6]int32 // the last differences from what was predicted, the last first
}

// saturate keeps a sum within 16 bits.
func saturate(x int32) int32 { return max(math.MinInt16, min(math.MaxInt16, x)) }

// difference returns by how much a sample differs from what is predicted, as
// magnitude, and 1 where it is less (SUBTRA, and the one's complement of QUANTL).
func (g *g722Band) difference(x int32) (size int32, negative int) {
	e := saturate(x - g.s)
	if e < 0 {
		return ^e, 1
	}
	return e, 0
}

// dequantize returns the difference that a value of a table stands for now.
func (g *g722Band) dequantize(value int32) int32 { return g.step * value >> 15 }

// adapt sets the step (LOGSCL, SCALEL; LOGSCH, SCALEH): its logarithm leaks, and
// grows by a weight, up to limit; shift is how the bands' scales differ.
func (g *g722Band) adapt(weight, limit, shift int32) {
	g.log = max(0, min(limit, g.log*127>>7+weight))
	// At the limit the recommendation shifts by -1, which Go cannot: hence 1 more of both.
	g.step = g722ILB[g.log>>6&31] << 1 >> (shift + 1 - g.log>>11) << 2
}

// update takes in a difference, and predicts the next sample.
func (g *g722Band) update(d int32) {
	r, p := saturate(g.s+d), saturate(g.sz+d) // RECONS, PARREC
	g.updatePoles(p)
	g.updateZeros(d)
	copy(g.d[1:], g.d[:5]) // DELAYA
	g.d[0] = d
	g.r[1], g.r[0] = g.r[0], r
	g.p[1], g.p[0] = g.p[0], p

	g.sz = 0 // FILTEZ
	for i := 5; i >= 0; i-- {
		g.sz = saturate(g.sz + saturate(2*g.d[i])*g.b[i]>>15)
	}
	sp := saturate(saturate(2*g.r[0])*g.a[0]>>15 + saturate(2*g.r[1])*g.a[1]>>15) // FILTEP
	g.s = saturate(sp + g.sz)                                                     // PREDIC
}

// updatePoles is UPPOL2 and UPPOL1. The bounds keep the predictor stable.
func (g *g722Band) updatePoles(p int32) {
	like1, like2 := p^g.p[0] >= 0, p^g.p[1] >= 0 // of one sign
	a := saturate(4 * g.a[0])
	if like1 {
		a = -a
	}
	second := min(a, math.MaxInt16)>>7 + g.a[1]*32512>>15
	first := g.a[0] * 32640 >> 15
	if like2 {
		second += 128
	} else {
		second -= 128
	}
	if like1 {
		first += 192
	} else {
		first -= 192
	}
	g.a[1] = max(-12288, min(12288, second))
	g.a[0] = max(g.a[1]-15360, min(15360-g.a[1], first))
}

// updateZeros is UPZERO.
func (g *g722Band) updateZeros(d int32) {
	gain := int32(128)
	if d == 0 {
		gain = 0
	}
	for i := range g.b {
		sign := (d ^ g.d[i]) >> 31 // 0 of one sign, else -1
		g.b[i] = g.b[i]*32640>>15 + (gain ^ sign - sign)
	}
}
