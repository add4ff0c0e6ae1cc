// Package audio is sound as telephones carry it: one channel of 16-bit samples,
// 8000 of them a second.
//
// [ReadWAV] reads the files people ship, [WriteWAV] writes one, [AppendMulaw]
// and its three sisters are G.711, [Encoder] and [Decoder] each [Codec] of the wire, and
// [DTMF] and [Beep] are the sounds of the telephone itself. A [Sound] is heard while it is still being made: [OpenWAV]
// reads a file into one as it comes, and its [Frames] are what a [Codec] carries
// of it, encoded once for all calls.
package audio

import "time"

// Rate is the number of samples a second of every Clip, and of G.711.
const Rate = 8000

// MaxLength is the longest sound that is read. Half an hour of hold music is
// the most that telephones play from one file; it takes 29 MB as a Clip.
const MaxLength = 30 * time.Minute

// Clip is a piece of sound: linear samples, one channel, Rate a second.
type Clip []int16

// Duration returns how long c takes to play, exactly: a sample is 125 µs.
func (c Clip) Duration() time.Duration {
	return time.Duration(len(c)) * (time.Second / Rate)
}

// sampleBytes is how many bytes a sample of a Clip has.
const sampleBytes = 2

// Samples returns how many whole samples fit into d; none into a negative d.
func Samples(d time.Duration) int { return samplesAt(d, Rate) }

func samplesAt(d time.Duration, rate int) int {
	return max(0, int(d/(time.Second/time.Duration(rate))))
}

// Silence returns d of digital silence.
func Silence(d time.Duration) Clip {
	return make(Clip, Samples(d))
}
