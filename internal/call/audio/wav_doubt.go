package audio

import "math"

// doubtBytes is how much of a sound we examine if its header leaves open how to
// read it: minutes, as a prompt may begin with silence.
const doubtBytes = 16 << 20

// doubtful reports whether only the sound shows how to read it: the header
// allows several ways, or samples have more room than bits.
func (f *format) doubtful(readings []reading) bool {
	return len(readings) > 1 || f.tag == tagPCM && (f.room(readings[0].width) > 0 || readings[0].width == 4)
}

// room returns how many bits of a container of width bytes hold no sample.
func (f *format) room(width int) int {
	bits := f.bits
	if f.valid > 0 && f.valid < bits {
		bits = f.valid
	}
	if bits == 0 || width < 2 {
		return 0
	}
	return max(0, 8*width-bits)
}

// choose returns the way to read a sound: the likeliest, unless another makes it
// smoother by far. What is read in the wrong way is noise, in which each sample
// is far from the previous one.
func (f *format) choose(readings []reading, sound []byte) reading {
	const far = 0.8
	var best reading
	var least float64
	for i, r := range readings {
		if bits := f.rightJustified(r.width, sound); bits > 0 {
			r.decode = integers(r.width, bits, f.order)
		}
		if len(readings) == 1 {
			return r
		}
		if rough := roughness(r.mix(nil, sound, f.channels)); i == 0 || rough < far*least {
			best, least = r, rough
		}
	}
	return best
}

// rightJustified returns how many of the lowest bits of each container are the
// sample, 0 where the highest are. Microsoft's papers say the highest; what
// ALSA calls S24_LE is the lowest 24 of 32, and arecord writes it into WAV
// files, of late as 32 bits (https://github.com/alsa-project/alsa-utils/issues/308).
func (f *format) rightJustified(width int, sound []byte) int {
	if f.tag != tagPCM {
		return 0
	}
	room := f.room(width)
	hidden := room == 0 && width == 4 && f.valid == 0
	if hidden {
		room = 8
	}
	if room == 0 {
		return 0
	}
	bits, out := 8*width-room, 64-8*width
	extended, plain := true, true // the bits above the sample are its sign; are nought
	low, peak := uint64(0), int64(0)
	for ; len(sound) >= width; sound = sound[width:] {
		v := container(sound[:width], f.order)
		s := int64(v<<out) >> out
		sign := s >> (bits - 1)
		extended, plain = extended && (sign == 0 || sign == -1), plain && v>>bits == 0
		if !extended && !plain {
			return 0
		}
		low |= v & (1<<room - 1)
		peak = max(peak, s, -s)
	}
	switch {
	case hidden:
		// Nothing but the sound says so. At this height it is a sixteenth of 24
		// bits, and of 32 nothing that anybody hears.
		if low == 0 || !extended || peak < 1<<(bits-4) {
			return 0
		}
	case low == 0 && (room < 8 || f.valid > 0 || peak == 0):
		return 0 // left-justified, and quiet
	}
	return bits
}

// roughness returns the ratio of how far samples are from the previous one to
// how far they are from their mean.
func roughness(samples []float32) float64 {
	if len(samples) == 0 {
		return 0
	}
	var sum, steps, size float64
	for _, s := range samples {
		sum += float64(s)
	}
	mean, before := sum/float64(len(samples)), float64(samples[0])
	for _, s := range samples {
		v := float64(s)
		steps += math.Abs(v - before)
		size += math.Abs(v - mean)
		before = v
	}
	if size == 0 {
		return 0
	}
	return steps / size
}
