package audio

import (
	"encoding/binary"
	"math"
)

// A decoder returns the first sample of b on the scale of 16-bit samples.
type decoder func(b []byte) float32

// reading is one way to read the sound of a file.
type reading struct {
	width  int // bytes of a sample
	decode decoder
}

// mix appends the frames of b to dst, each as the mean of its channels.
func (r reading) mix(dst []float32, b []byte, channels int) []float32 {
	frame := r.width * channels
	if channels == 1 {
		for ; len(b) >= frame; b = b[frame:] {
			dst = append(dst, r.decode(b))
		}
		return dst
	}
	for ; len(b) >= frame; b = b[frame:] {
		sum := float32(0)
		for at := 0; at < frame; at += r.width {
			sum += r.decode(b[at:])
		}
		dst = append(dst, sum/float32(channels))
	}
	return dst
}

// readings returns the ways to read f that its header allows, the likeliest
// first. It is an error if there is none.
func (f *format) readings() ([]reading, *FormatError) {
	if !f.isPlayed() {
		return nil, f.unplayed()
	}
	bits := f.bits
	per := f.align / f.channels // bytes of a sample, by the block align
	whole := f.align%f.channels == 0
	if bits == 0 && whole {
		bits = 8 * per
	}
	switch f.tag {
	case tagMulaw, tagAlaw:
		bits = 8 // whatever the header says: some say 16, of what was encoded
	case tagFloat:
		if bits != 32 && bits != 64 {
			return nil, f.unplayed()
		}
	case tagPCM:
		if bits < 8 || bits > 64 {
			return nil, f.unplayed()
		}
	}
	least := (bits + 7) / 8
	packed := f.reading(least)
	switch {
	case f.align == 0, whole && per == least:
		return []reading{packed}, nil
	case whole && f.tag == tagPCM && per > least && per <= 8:
		return []reading{f.reading(per), packed}, nil
	case whole && f.tag == tagPCM && per > 0 && per < least && bits%8 == 0:
		return []reading{packed, f.reading(per)}, nil
	case whole && f.tag == tagFloat && (per == 4 || per == 8):
		return []reading{f.reading(per), packed}, nil
	case f.perSecond == f.rate*f.channels*least:
		return []reading{packed}, nil
	}
	return nil, f.contradicts()
}

// reading returns how to read samples of so many bytes.
func (f *format) reading(width int) reading {
	var d decoder
	switch {
	case f.tag == tagMulaw:
		levels := mulawLevels()
		d = func(b []byte) float32 { return float32(levels[b[0]]) }
	case f.tag == tagAlaw:
		levels := alawLevels()
		d = func(b []byte) float32 { return float32(levels[b[0]]) }
	case f.tag == tagFloat && width == 4:
		d = func(b []byte) float32 { return tame(math.Float32frombits(f.order.Uint32(b))) }
	case f.tag == tagFloat:
		d = func(b []byte) float32 { return tame(float32(math.Float64frombits(f.order.Uint64(b)))) }
	default:
		d = integers(width, 8*width, f.order)
	}
	return reading{width, d}
}

// integers decodes PCM in containers of width bytes, of which the lowest bits
// are the sample. One byte is unsigned.
func integers(width, bits int, order binary.ByteOrder) decoder {
	switch {
	case width == 1:
		return func(b []byte) float32 { return float32(int(b[0])-128) * (1 << 8) }
	case width == 2 && bits == 16 && order == binary.LittleEndian:
		return func(b []byte) float32 { return float32(int16(binary.LittleEndian.Uint16(b))) }
	}
	up := 64 - bits
	return func(b []byte) float32 { return float32(int64(container(b[:width], order)<<up)) / (1 << 48) }
}

// container returns the bytes of b as a number without a sign.
func container(b []byte, order binary.ByteOrder) uint64 {
	var v uint64
	for i, c := range b {
		if order == binary.BigEndian {
			v = v<<8 | uint64(c)
		} else {
			v |= uint64(c) << (8 * i)
		}
	}
	return v
}

// tame brings a sample in which 1 is full scale to the scale of 16 bits. What
// is not a number is silence, and nothing is so loud that a filter overflows.
func tame(s float32) float32 {
	const most = 8
	if s != s {
		return 0
	}
	return min(max(s, -most), most) * (1 << 15)
}
