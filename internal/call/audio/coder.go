package audio

// pieceSamples is how many samples are encoded before a reader can have them:
// at most 64 ms.
const pieceSamples = 512

// coder encodes a Sound, one piece after another.
type coder struct {
	sound *Sound
	from  Reader
	rate  *Resampler // nil: the Sound has the Codec's
	to    Encoder

	pcm   []int16
	codes []byte
	left  []byte // of codes, not stored

	busy bool // the Keeper's goroutine encodes; the Sound's lock guards it
	done bool // all of a Sound that grows no more was encoded
}

func newCoder(s *Sound, c Codec) *coder {
	k := &coder{sound: s, from: s.Reader(), to: NewEncoder(c)}
	if s.rate == c.Rate() {
		return k
	}
	var err error
	if k.rate, err = NewResampler(s.rate, c.Rate()); err != nil {
		panic(err) // a Sound's rate is Rate or Wideband
	}
	return k
}

// next encodes the next piece of the Sound, and reports whether there was one.
// The last piece is what was kept back until the end.
func (k *coder) next() bool {
	ended, _ := k.sound.Ended() // first: what grew before the end counts
	var piece [pieceSamples]int16
	n := k.from.Read(piece[:])
	k.codes, k.pcm = k.codes[:0], k.pcm[:0]
	switch {
	case n > 0:
		k.codes = k.to.Append(k.codes, k.resample(piece[:n]))
	case ended:
		if k.rate != nil {
			k.codes = k.to.Append(k.codes, k.rate.Flush(k.pcm))
		}
		k.codes = k.to.Flush(k.codes)
		k.done = true
	}
	k.left = k.codes
	return n > 0 || ended
}

func (k *coder) resample(pcm []int16) []int16 {
	if k.rate == nil {
		return pcm
	}
	k.pcm = k.rate.Append(k.pcm, pcm)
	return k.pcm
}
