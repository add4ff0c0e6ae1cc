// Package audio is sound as telephones carry it: one channel of 16-bit
// samples, 8000 of them a second.
//
// [ReadWAV] brings in what people ship, [WriteWAV] takes it out, [AppendMulaw]
// and its three sisters are the G.711 codecs of the wire, and [DTMF] and [Beep]
// are the sounds of the telephone itself.
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

// Samples returns how many whole samples fit into d; none into a negative d.
func Samples(d time.Duration) int {
	return max(0, int(d/(time.Second/Rate)))
}

// Silence returns d of digital silence.
func Silence(d time.Duration) Clip {
	return make(Clip, Samples(d))
}
