package audio

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Wideband is the rate of a Sound that has more than a telephone's band: that
// of G.722.
const Wideband = 16_000

// blockSamples is how many samples a Sound grows by at a time: half a second,
// so that a beep takes 8 KiB and half an hour of music few blocks.
const blockSamples = 4096

// A Sound is linear samples of one channel that may still grow: a file that is
// being fetched, a sentence that is being spoken. One goroutine makes it, with
// Append and End; any number read it meanwhile, each with a Reader. Reading
// takes no lock, so that a media thread never waits for who makes the sound.
type Sound struct {
	rate   int
	first  *block
	length atomic.Int64           // samples that can be read
	end    atomic.Pointer[ending] // nil while it grows

	mu    sync.Mutex    // held by who makes it and who waits, never by who reads
	last  *block        // that Append adds to
	grown chan struct{} // closed once it has grown or ended; nil: nobody waits

	keeper Keeper          // of its Frames; nil: they are encoded by who makes it
	frames [codecs]*Frames // nil: nobody has asked for them
}

// block is a piece of a Sound. Its samples are written once, before the Sound's
// length says that they are there.
type block struct {
	samples [blockSamples]int16
	next    atomic.Pointer[block]
}

// ending says how a Sound ended.
type ending struct{ err error }

// NewSound returns a Sound without samples, at Rate or Wideband samples a
// second.
func NewSound(rate int) *Sound {
	b := &block{}
	return &Sound{rate: rate, first: b, last: b}
}

// SoundOf returns a Sound that is a Clip, whole.
func SoundOf(c Clip) *Sound {
	s := NewSound(Rate)
	s.Append(c)
	s.End(nil)
	return s
}

// Rate returns the samples a second.
func (s *Sound) Rate() int { return s.rate }

// Len returns how many samples there are so far.
func (s *Sound) Len() int { return int(s.length.Load()) }

// Duration returns how long the samples so far take to play.
func (s *Sound) Duration() time.Duration {
	return time.Duration(s.Len()) * time.Second / time.Duration(s.rate)
}

// Size returns how many bytes of memory the samples take up.
func (s *Sound) Size() int64 {
	blocks := (int64(s.Len()) + blockSamples - 1) / blockSamples
	return max(blocks, 1) * blockSamples * sampleBytes
}

// Ended reports whether the Sound grows no more, and the error that it broke
// off with; nil: it is whole.
func (s *Sound) Ended() (bool, error) {
	e := s.end.Load()
	if e == nil {
		return false, nil
	}
	return true, e.err
}

// Append adds samples.
func (s *Sound) Append(samples []int16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := int(s.length.Load())
	for rest := samples; len(rest) > 0; {
		from := at % blockSamples
		if from == 0 && at > 0 {
			b := &block{}
			s.last.next.Store(b)
			s.last = b
		}
		n := copy(s.last.samples[from:], rest)
		rest, at = rest[n:], at+n
	}
	s.length.Store(int64(at))
	s.wake()
	s.encode()
}

// End says that the Sound grows no more: whole, or broken off by err.
func (s *Sound) End(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end.CompareAndSwap(nil, &ending{err})
	s.wake()
	s.encode()
}

// encode encodes what has come, where no Keeper does.
func (s *Sound) encode() {
	for _, f := range s.frames {
		if f != nil && s.keeper == nil {
			_ = f.encode(nil) // only a Keeper refuses
		}
	}
}

// wake lets those who wait look again.
func (s *Sound) wake() {
	if s.grown != nil {
		close(s.grown)
		s.grown = nil
	}
}

// Changed returns a channel that is closed once the Sound has grown or ended.
func (s *Sound) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grown == nil {
		s.grown = make(chan struct{})
	}
	return s.grown
}

// Wait waits until there are so many samples, or the Sound has ended. Its error
// is the cause of the context's end.
func (s *Sound) Wait(ctx context.Context, samples int) error {
	for {
		changed := s.Changed()
		if ended, _ := s.Ended(); ended || s.Len() >= samples {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// WaitEnd waits for the end of the Sound. It returns what it broke off with; nil:
// it is whole; or the cause of the context's end.
func (s *Sound) WaitEnd(ctx context.Context) error {
	if err := s.Wait(ctx, math.MaxInt); err != nil {
		return err
	}
	_, err := s.Ended()
	return err
}

// Whole is WaitEnd, and returns the Clip of what there is then.
func (s *Sound) Whole(ctx context.Context) (Clip, error) {
	err := s.WaitEnd(ctx)
	return s.Clip(), err
}

// AppendMulaw appends the samples so far to dst, as µ-law at Rate.
func (s *Sound) AppendMulaw(dst []byte) []byte {
	if s.rate != Rate {
		return AppendMulaw(dst, s.Clip())
	}
	dst = slices.Grow(dst, s.Len())
	piece, r := make([]int16, blockSamples), s.Reader()
	for n := r.Read(piece); n > 0; n = r.Read(piece) {
		dst = AppendMulaw(dst, piece[:n])
	}
	return dst
}

// Clip returns a Clip of the samples so far.
func (s *Sound) Clip() Clip {
	samples, r := make([]int16, s.Len()), s.Reader()
	r.Read(samples)
	if s.rate == Rate {
		return samples
	}
	down, err := NewResampler(s.rate, Rate)
	if err != nil {
		panic(err) // a Sound's rate is Rate or Wideband
	}
	return down.Flush(down.Append(make(Clip, 0, len(samples)*Rate/s.rate+1), samples))
}

// Reader reads a Sound from its beginning. It is used by one goroutine.
type Reader struct {
	of    *Sound
	block *block
	at    int
}

// Reader returns a Reader of the Sound.
func (s *Sound) Reader() Reader { return Reader{of: s, block: s.first} }

// Read fills dst with the samples that come next and returns how many they are.
// It never waits: there are fewer where the Sound has not grown so far, or ends.
func (r *Reader) Read(dst []int16) int {
	n := min(len(dst), r.of.Len()-r.at)
	for done := 0; done < n; {
		from := r.at % blockSamples
		if from == 0 && r.at > 0 {
			r.block = r.block.next.Load()
		}
		copied := copy(dst[done:n], r.block.samples[from:])
		done, r.at = done+copied, r.at+copied
	}
	return n
}

// Done reports whether all of a Sound that grows no more was read.
func (r *Reader) Done() bool {
	ended, _ := r.of.Ended() // first: what grew before the end counts
	return ended && r.at == r.of.Len()
}
