package audio

import (
	"math/bits"
	"slices"
	"sync"
)

// What an idle line carries: the codes for a sample of nought.
const (
	MulawSilence byte = 0xFF
	AlawSilence  byte = 0xD5
)

// AppendMulaw appends the ITU-T G.711 µ-law code of each sample to dst, one
// byte a sample. It allocates only when dst has no room.
func AppendMulaw(dst []byte, pcm []int16) []byte {
	codes := mulawCodes()
	dst, out := extend(dst, len(pcm))
	out = out[:len(pcm)]
	for i, s := range pcm {
		out[i] = codes[uint16(s)>>mulawSpare]
	}
	return dst
}

// AppendAlaw appends the ITU-T G.711 A-law code of each sample to dst, one
// byte a sample. It allocates only when dst has no room.
func AppendAlaw(dst []byte, pcm []int16) []byte {
	codes := alawCodes()
	dst, out := extend(dst, len(pcm))
	out = out[:len(pcm)]
	for i, s := range pcm {
		out[i] = codes[uint16(s)>>alawSpare]
	}
	return dst
}

// AppendPCMFromMulaw appends the sample of each µ-law code to dst. It
// allocates only when dst has no room.
func AppendPCMFromMulaw(dst []int16, mulaw []byte) []int16 {
	return appendLevels(dst, mulaw, mulawLevels())
}

// AppendPCMFromAlaw appends the sample of each A-law code to dst. It allocates
// only when dst has no room.
func AppendPCMFromAlaw(dst []int16, alaw []byte) []int16 {
	return appendLevels(dst, alaw, alawLevels())
}

func appendLevels(dst []int16, codes []byte, levels *[256]int16) []int16 {
	dst, out := extend(dst, len(codes))
	out = out[:len(codes)]
	for i, c := range codes {
		out[i] = levels[c]
	}
	return dst
}

// extend returns dst with n more elements, and these alone. (Its callers cut
// what is added to the length of their input once more, where the compiler
// sees it and leaves out the check of every index.)
func extend[T any](dst []T, n int) (whole, added []T) {
	whole = slices.Grow(dst, n)[:len(dst)+n]
	return whole, whole[len(dst):]
}

// G.711 defines µ-law on 14-bit and A-law on 13-bit samples, where every A-law
// decision value is even. The lowest bits of a 16-bit sample therefore never
// change its code, and a table without them (16 and 4 KiB instead of 64) stays
// in the processor's first cache beside everything else a media thread does.
const (
	mulawSpare = 2
	alawSpare  = 4
)

// The tables are computed when the first frame needs them and never change.
var (
	mulawCodes = sync.OnceValue(func() *[1 << (16 - mulawSpare)]byte {
		var t [1 << (16 - mulawSpare)]byte
		for i := range t {
			t[i] = encodeMulaw(int16(i << mulawSpare))
		}
		return &t
	})
	alawCodes = sync.OnceValue(func() *[1 << (16 - alawSpare)]byte {
		var t [1 << (16 - alawSpare)]byte
		for i := range t {
			t[i] = encodeAlaw(int16(i << alawSpare))
		}
		return &t
	})
	mulawLevels = sync.OnceValue(func() *[256]int16 {
		var t [256]int16
		for i := range t {
			t[i] = decodeMulaw(byte(i))
		}
		return &t
	})
	alawLevels = sync.OnceValue(func() *[256]int16 {
		var t [256]int16
		for i := range t {
			t[i] = decodeAlaw(byte(i))
		}
		return &t
	})
)

// mulawBias is added to a 14-bit magnitude so that the eight chords of µ-law
// begin at powers of two (G.711, table 2).
const mulawBias = 33

// A code is sign, chord (3 bits) and step within the chord (4 bits); the wire
// carries µ-law with all bits inverted, A-law with every second one.
const (
	signBit  = 0x80
	evenBits = 0x55
)

// magnitude splits a sample into its size and whether it is negative. The
// one's complement keeps the two halves of the scale the same length.
func magnitude(s int16) (size uint, negative bool) {
	if s < 0 {
		return uint(^s), true
	}
	return uint(s), false
}

func encodeMulaw(s int16) byte {
	size, negative := magnitude(s)
	biased := min(size>>mulawSpare+mulawBias, 1<<13-1)
	chord := bits.Len(biased) - 6 // biased is at least 33, which has six bits
	code := byte(chord<<4) | byte(biased>>(chord+1)&0x0F)
	if negative {
		code |= signBit
	}
	return ^code
}

func decodeMulaw(code byte) int16 {
	code = ^code
	chord := code >> 4 & 7
	size := ((int16(code&0x0F)<<1+mulawBias)<<chord - mulawBias) << mulawSpare
	if code&signBit != 0 {
		return -size
	}
	return size
}

func encodeAlaw(s int16) byte {
	size, negative := magnitude(s)
	size >>= alawSpare
	code := byte(size) // the two lowest chords are one straight line
	if chord := bits.Len(size) - 4; chord > 1 {
		code = byte(chord<<4) | byte(size>>(chord-1)&0x0F)
	}
	if !negative {
		code |= signBit
	}
	return code ^ evenBits
}

func decodeAlaw(code byte) int16 {
	code ^= evenBits
	chord := code >> 4 & 7
	size := int16(code&0x0F)<<1 + 1 // the middle of the step
	if chord > 0 {
		size = (size + 0x20) << (chord - 1)
	}
	size <<= alawSpare - 1
	if code&signBit == 0 {
		return -size
	}
	return size
}
