package prompt

import (
	"context"
	"errors"
)

// frames is the audio.Keeper of a sound: it counts what the sound takes up as the
// codecs of calls carry it. The Library's lock guards its fields.
type frames struct {
	of    *Library
	files int   // that have the sound: several where it is still good, says its host
	size  int64 // memory that is taken up
}

// errForgotten ends the encoding of a sound that no file has any more.
var errForgotten = errors.New("nobody plays it")

// Grow takes up room. The error is a *RoomError where there is none.
func (f *frames) Grow(bytes int) error {
	l := f.of
	if err := context.Cause(l.stopped); err != nil {
		return err // a long sound is not encoded to its end
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.room.find(int64(bytes), f.size+int64(bytes))
	if f.files == 0 { // perhaps to make room
		return errForgotten
	}
	if err == nil {
		f.size += int64(bytes)
		l.room.take(int64(bytes))
	}
	return err
}

// Go encodes, until the Library is closed.
func (f *frames) Go(work func(ctx context.Context)) {
	f.of.fetching.Go(func() { work(f.of.stopped) })
}

// setFrames sets what a file's sound is encoded to; nil: the file has none any
// more. The last file gives back the memory.
func (l *Library) setFrames(f *file, to *frames) {
	if to != nil {
		to.files++
	}
	if from := f.frames; from != nil {
		if from.files--; from.files == 0 {
			l.room.take(-from.size)
			from.size = 0
		}
	}
	f.frames = to
}
