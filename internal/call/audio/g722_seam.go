package audio

import "sync"

// The steps and predictors of G.722 forget half of what they were in 22 ms or less:
// their leaks are 127/128 and 255/256 a sample of 8 kHz.
const (
	seamMemory = 1200 // codes by which it is found out where a decoder is
	seamLength = 2000 // codes that are made again
)

// A Seam makes sounds in G.722 begin where the decoder at the far end is. Codes say
// by how much samples differ from what a decoder predicts by what it has heard;
// those of an Encoder are for one that has heard nothing, and others hear the first
// 100 ms distorted. So these are made for the decoder there, up to where it has
// forgotten what was before. The zero value is ready to use, and may be copied.
type Seam struct {
	past  [seamMemory]byte // the codes that were sent last
	sent  int              // codes, in all
	quiet int              // codes of silence, at the end of those
	left  int              // codes to be made again
	sound g722Ends         // as the decoder that the codes were made for has them
	there g722Ends         // as that at the far end does
}

// Sent notes codes that were sent.
func (s *Seam) Sent(codes []byte) {
	for _, c := range codes {
		s.past[s.sent%seamMemory] = c
		s.sent++
		s.quiet++
		if c != G722Silence {
			s.quiet = 0
		}
	}
}

// Begin says that the next codes begin a sound.
func (s *Seam) Begin() {
	s.sound, s.there, s.left = newG722Ends(), newG722Ends(), seamLength
	if s.quiet >= seamMemory {
		s.there = restingG722()
		return
	}
	for at := max(0, s.sent-seamMemory); at < s.sent; at++ {
		s.there.receive(s.past[at%seamMemory])
	}
}

// restingG722 returns what a decoder has that has heard silence for long.
var restingG722 = sync.OnceValue(func() g722Ends {
	e := newG722Ends()
	for range seamMemory {
		e.receive(G722Silence)
	}
	return e
})

// Pass makes codes, the next of a sound, into those that are to be sent.
func (s *Seam) Pass(codes []byte) {
	n := min(s.left, len(codes))
	s.left -= n
	for i, c := range codes[:n] {
		low, high := s.sound.samples(c)
		codes[i] = s.there.quantize(low, high)
		s.sound.receive(c)
		s.there.receive(codes[i])
	}
}
