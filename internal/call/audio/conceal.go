package audio

import "math"

// The voice has periods of 5 to 15 ms, 200 to 66 Hz, which are looked for in the
// last 20 ms (ITU-T G.711 appendix I, I.2.3).
const (
	lowestVoice   = 66
	highestVoice  = 200
	concealWindow = 50 // a second has so many
)

// concealPast is how many samples are remembered, in wideband.
const concealPast = Wideband/lowestVoice + Wideband/concealWindow

// A Concealer makes up for lost frames, by a simple form of ITU-T G.711 appendix
// I: it repeats the last period of the voice, which after 10 ms begins to fade
// and after 60 is silence. Every frame goes through it, in the order in which
// they are heard. It is a value of 2 KiB, for one sound.
type Concealer struct {
	rate int
	past [concealPast]int16 // the last samples as heard, the last at the end

	loop   [Wideband / lowestVoice]int16 // the last period of the voice
	period int                           // its length; 0: the last frame was not lost
	made   int                           // samples made up since
	step   int                           // by how much the first of them is off the last that came
}

// NewConcealer returns a Concealer for sound of Rate or Wideband samples a second.
func NewConcealer(rate int) Concealer { return Concealer{rate: rate} }

// Came takes in a frame that came. After a loss it changes the beginning, so that
// what was made up goes over into it without a click.
func (c *Concealer) Came(frame []int16) {
	if c.period > 0 {
		edge := min(c.period/4+c.made/5, c.rate/100, len(frame)) // I.2.7: the longer the loss the longer, up to 10 ms
		for i, s := range frame[:edge] {
			frame[i] = blend(c.next(), s, i+1, edge+1)
		}
		c.period = 0
	}
	c.remember(frame)
}

// Lost fills a frame that did not come with what might have been heard.
func (c *Concealer) Lost(frame []int16) {
	if c.period == 0 {
		c.begin()
	}
	for i := range frame {
		frame[i] = c.next()
	}
	c.remember(frame)
}

// blend returns what lies a part of the way from one sample to another.
func blend(from, to int16, part, whole int) int16 {
	return int16(int(from) + (int(to)-int(from))*part/whole)
}

// remember adds to the past.
func (c *Concealer) remember(frame []int16) {
	frame = frame[max(0, len(frame)-concealPast):]
	copy(c.past[:], c.past[len(frame):])
	copy(c.past[concealPast-len(frame):], frame)
}

// begin cuts the last period out of the past. Its last quarter goes over into
// what came before its beginning, so that the end of the loop meets its start.
func (c *Concealer) begin() {
	n := c.pitch()
	last, before := c.past[concealPast-n:], c.past[concealPast-2*n:]
	copy(c.loop[:], last)
	edge := n / 4
	for i := range edge {
		at := n - edge + i
		c.loop[at] = blend(last[at], before[at], i+1, edge+1)
	}
	c.period, c.made = n, 0
	c.step = int(c.past[concealPast-1]) - int(c.past[concealPast-1-n])
}

// next returns the next sample that is made up.
func (c *Concealer) next() int16 {
	s := int(c.loop[c.made%c.period])
	if edge := c.period / 4; c.made < edge {
		s += c.step * (edge - c.made) / (edge + 1)
	}
	full, end := c.rate/100, c.rate*6/100
	if c.made > full {
		s = s * max(0, end-c.made) / (end - full)
	}
	c.made++
	return int16(saturate(int32(s)))
}

// pitch returns the period of the voice, in samples: first about, by each second
// sample at Rate, and then exactly.
func (c *Concealer) pitch() int {
	coarse := c.rate / 4000
	shortest, longest := c.rate/highestVoice, c.rate/lowestVoice
	about := c.likest(shortest, longest, coarse)
	return c.likest(max(shortest, about-coarse+1), min(longest, about+coarse-1), 1)
}

// likest returns by how much the past has to be moved to be most like itself, of
// each step from one lag to another. It compares each step-th sample.
func (c *Concealer) likest(from, to, step int) int {
	window := c.past[concealPast-c.rate/concealWindow:]
	best, most := from, float32(math.Inf(-1))
	for lag := from; lag <= to; lag += step {
		moved := c.past[concealPast-c.rate/concealWindow-lag:]
		var like, power float32
		for i := 0; i < len(window); i += step {
			a, b := float32(window[i]), float32(moved[i])
			like += a * b
			power += b * b
		}
		// The 1 is for silence, which is as like itself at every lag.
		if like /= float32(math.Sqrt(float64(power) + 1)); like > most {
			best, most = lag, like
		}
	}
	return best
}
