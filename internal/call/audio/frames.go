package audio

import (
	"context"
	"sync/atomic"
)

// frameBlock is how many bytes Frames grow by at a time: half a second.
const frameBlock = 4096

// Frames are a Sound as a Codec carries it: encoded once for all who play it, as
// it grows. Any number of goroutines read them meanwhile, without locks, from
// wherever they like; byte n is heard n/ByteRate seconds after the beginning. A
// reader never waits and never encodes.
type Frames struct {
	length atomic.Int64                  // bytes that can be read
	blocks atomic.Pointer[[]*codedBlock] // a longer list takes the place of a full one
	end    atomic.Pointer[ending]        // nil while they grow
	coder  *coder
}

// codedBlock is a piece of Frames. Its bytes are written once, before the length
// says that they are there.
type codedBlock [frameBlock]byte

// A Keeper has the memory that the Frames of a Sound take up, and a goroutine
// in which they are encoded.
type Keeper interface {
	// Grow takes up memory for so many bytes more. Its error ends the Frames.
	Grow(bytes int) error

	// Go runs work in a goroutine that the Keeper waits for; ctx tells it to end.
	Go(work func(ctx context.Context))
}

// NewKeptSound is NewSound for a Sound whose Frames may be long: the Keeper has
// them encoded. Those of other Sounds are encoded by who calls Frames, Append
// and End.
func NewKeptSound(rate int, keeper Keeper) *Sound {
	s := NewSound(rate)
	s.keeper = keeper
	return s
}

// Frames returns the Sound as a Codec carries it, from now on encoded as it
// grows; all callers get the same. Frames that had ended because there was no
// memory go on where they ended. It takes a lock: it is not for media threads.
func (s *Sound) Frames(c Codec) *Frames {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.frames[c]
	if f == nil {
		f = &Frames{}
		f.coder = newCoder(s, c)
		s.frames[c] = f
	}
	switch k := f.coder; {
	case s.keeper == nil:
		_ = f.encode(nil) // only a Keeper refuses
	case !k.busy && !k.done:
		k.busy = true
		f.end.Store(nil)
		s.keeper.Go(f.keepEncoding)
	}
	return f
}

// Len returns how many bytes there are so far.
func (f *Frames) Len() int { return int(f.length.Load()) }

// Ended reports whether the Frames grow no more, and why, where they are not
// whole: what the Sound broke off with, or what the Keeper refused memory with.
func (f *Frames) Ended() (bool, error) {
	e := f.end.Load()
	if e == nil {
		return false, nil
	}
	return true, e.err
}

// Done reports whether nothing comes at or after a byte, now and later.
func (f *Frames) Done(at int) bool {
	ended, _ := f.Ended() // first: what grew before the end counts
	return ended && at >= f.Len()
}

// Copy fills dst with the bytes from at on, and returns how many there were: all
// that dst holds, or fewer where the Frames have not grown so far, or end. It
// neither waits nor allocates.
func (f *Frames) Copy(dst []byte, at int) int {
	n := max(0, min(len(dst), f.Len()-at))
	if n == 0 {
		return 0
	}
	blocks := *f.blocks.Load() // after the length: it has all blocks of that
	for done := 0; done < n; {
		from := at + done
		done += copy(dst[done:n], blocks[from/frameBlock][from%frameBlock:])
	}
	return n
}

// keepEncoding encodes the whole of a Sound, as it grows.
func (f *Frames) keepEncoding(ctx context.Context) {
	s := f.coder.sound
	var err error
	for err == nil && !f.coder.done {
		if err = f.encode(s.keeper); err == nil && !f.coder.done {
			err = s.Wait(ctx, f.coder.from.at+1)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f.coder.busy = false
	if err != nil {
		f.end.Store(&ending{err})
	}
}

// encode encodes what there is of the Sound.
func (f *Frames) encode(keeper Keeper) error {
	for more := true; more; {
		if err := f.store(keeper); err != nil {
			return err
		}
		more = !f.coder.done && f.coder.next()
	}
	if f.coder.done {
		_, err := f.coder.sound.Ended()
		f.end.CompareAndSwap(nil, &ending{err})
	}
	return nil
}

// store adds what was encoded.
func (f *Frames) store(keeper Keeper) error {
	for k := f.coder; len(k.left) > 0; {
		at := f.Len()
		if at%frameBlock == 0 {
			if keeper != nil {
				if err := keeper.Grow(frameBlock); err != nil {
					return err
				}
			}
			f.addBlock(at / frameBlock)
		}
		n := copy((*f.blocks.Load())[at/frameBlock][at%frameBlock:], k.left)
		k.left = k.left[n:]
		f.length.Store(int64(at + n))
	}
	return nil
}

// addBlock adds the n-th block. Readers may have the list: its places past the
// length are not read.
func (f *Frames) addBlock(n int) {
	var list []*codedBlock
	if p := f.blocks.Load(); p != nil {
		list = *p
	}
	if n == len(list) {
		longer := make([]*codedBlock, max(1, 2*n))
		copy(longer, list)
		list = longer
		f.blocks.Store(&longer)
	}
	list[n] = new(codedBlock)
}
