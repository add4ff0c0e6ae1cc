package prompt

import (
	"fmt"
	"time"
)

const (
	// DefaultMemory is what the sounds of all calls may take up together, in
	// bytes: four of the longest, or some hundred of usual ones.
	DefaultMemory = 128 << 20

	// shortFile is the size up to which a sound always finds room. Longer ones
	// leave it a quarter of all: a stranger's endless file costs no other call
	// its greeting.
	shortFile = 1 << 20

	// longFiles is how many bytes a second of longer files are read for all
	// calls together, more than most lines carry; a second's worth comes at once.
	longFiles = 32 << 20

	// longWait is how long one file waits in all for others that are read.
	longWait = 2 * time.Second

	// growth is how much a sound grows by at most where a piece of its file is
	// read, in bytes: the densest has a byte a sample at audio.MinRate.
	growth = 4 * 32 << 10
)

// errNoTurn is that of a file that waited longer than longWait.
var errNoTurn = &RoomError{fmt.Sprintf("its turn did not come in %v: long files of all calls are read at %d MiB a second; send a shorter one, or fewer at once", longWait, longFiles>>20)}

// RoomError says that a file is not read because of the other calls' files.
type RoomError struct{ Message string }

// Error returns the message.
func (e *RoomError) Error() string { return e.Message }

// room is the memory that sounds take up.
type room struct {
	all, used int64
	makeRoom  func() bool // forgets something; false: there is nothing
}

// take takes up more, or gives back where bytes is negative.
func (r *room) take(bytes int64) { r.used += bytes }

// find makes room for bytes more of a sound that will then have that size.
func (r *room) find(bytes, size int64) error {
	most := r.all
	if size > shortFile {
		most -= r.all / 4
	}
	for r.used+bytes > most {
		if !r.makeRoom() {
			return &RoomError{fmt.Sprintf("there is no room for it: the prompts of all calls have %d MiB; send a shorter file, or fewer at once", r.all>>20)}
		}
	}
	return nil
}

// grow takes up room for a file that is going to have that size.
func (l *Library) grow(f *file, size int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.room.find(size-f.size, size); err != nil {
		return err
	}
	l.resize(f, size)
	return nil
}

// resize counts a file's memory.
func (l *Library) resize(f *file, size int64) {
	l.room.take(size - f.size)
	f.size = size
}
