// Package audiotest makes tones, and measures what arrived of them.
package audiotest

import (
	"math"
	"time"
)

// Sine returns a sine at a rate in samples a second. An amplitude of 1 is full
// scale.
func Sine(rate int, frequency, amplitude float64, d time.Duration) []int16 {
	pcm := make([]int16, int(d.Seconds()*float64(rate)))
	for i := range pcm {
		pcm[i] = int16(math.Round(math.MaxInt16 * amplitude * math.Sin(2*math.Pi*frequency*float64(i)/float64(rate))))
	}
	return pcm
}

// Level returns how loud a frequency is in a piece of sound, in dB under a sine of
// full scale, through a Blackman window that leaks nothing measurable. Leave a
// tone's ends out of the piece: they hold every frequency for a moment.
func Level(pcm []int16, rate int, frequency float64) float64 {
	var re, im, weight float64
	for i, s := range pcm {
		x := 2 * math.Pi * float64(i) / float64(len(pcm)-1)
		w := 0.42 - 0.5*math.Cos(x) + 0.08*math.Cos(2*x)
		turn := 2 * math.Pi * frequency * float64(i) / float64(rate)
		re += w * float64(s) * math.Cos(turn)
		im += w * float64(s) * math.Sin(turn)
		weight += w
	}
	return Decibels(2 * math.Hypot(re, im) / weight)
}

// Decibels returns the level of a sine of an amplitude in samples, in dB under one
// of full scale.
func Decibels(amplitude float64) float64 {
	return 20 * math.Log10(max(amplitude, 1e-6)/(math.MaxInt16+1))
}

// WorstHarmonic returns the level of the loudest harmonic of a tone below half the
// rate, in dB over the tone. There is one as long as the tone is below a quarter
// of the rate.
func WorstHarmonic(pcm []int16, rate int, tone float64) float64 {
	worst := math.Inf(-1)
	for f := 2 * tone; f < float64(rate)/2; f += tone {
		worst = max(worst, Level(pcm, rate, f))
	}
	return worst - Level(pcm, rate, tone)
}

// Loudest returns the piece of a length in which a tone is loudest: the one where it
// is whole. Pieces that are spoilt, by a packet that a busy machine lost, are left
// out. It returns nil if there is no other.
func Loudest(pcm []int16, rate int, tone float64, length time.Duration, spoilt func(from, to time.Duration) bool) []int16 {
	size := int(length) * rate / int(time.Second)
	best, loudest := math.Inf(-1), []int16(nil)
	for at := 0; at+size <= len(pcm); at += size / 10 {
		from := time.Duration(at) * time.Second / time.Duration(rate)
		if spoilt(from, from+length) {
			continue
		}
		if l := Level(pcm[at:at+size], rate, tone); l > best+0.1 { // the first of those that are whole
			best, loudest = l, pcm[at:at+size]
		}
	}
	return loudest
}
