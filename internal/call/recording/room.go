package recording

import (
	"errors"
	"io/fs"
	"sync"
	"time"
)

const (
	// spareRoom is what recordings leave free of the disk, in bytes: the database
	// is on the same one, as a rule, and the operator is alerted at half of it.
	spareRoom = 1 << 30

	// recountAfter is how long a folder that is full is believed to be so: other
	// programs remove recordings too, such as number erase.
	recountAfter = time.Minute

	// freeFor is how long the disk's free room is believed. A thousand recordings
	// write 16 MB in that time.
	freeFor = time.Second
)

// Why recordings are lost before the disk says no.
var (
	errFull    = errors.New("the recordings take up all the room that they may (recordings.disk_mib)")
	errDiskLow = errors.New("the disk has less than 1 GiB left")
)

// room counts what the files of a folder take up. What two servers write at once,
// and what is removed from elsewhere, is counted with the next recount.
type room struct {
	mu      sync.Mutex
	used    int64
	counted time.Time // when the files were; zero: not yet

	asked time.Time // when free was found
	free  uint64
	known bool
}

// takeRoom takes room for so many bytes.
func (f *Folder) takeRoom(bytes int64) error {
	limit, now := f.config.Limits().Bytes, time.Now()
	m := &f.room
	m.mu.Lock()
	defer m.mu.Unlock()
	stale := m.counted.IsZero() || m.used+bytes > limit && now.Sub(m.counted) >= recountAfter
	if stale {
		f.recount()
	}
	if m.used+bytes > limit {
		return errFull
	}
	if now.Sub(m.asked) >= freeFor {
		m.asked = now
		m.free, m.known = f.config.Free()
	}
	if m.known && m.free < spareRoom {
		return errDiskLow
	}
	m.used += bytes
	return nil
}

// forgetRoom has the files counted when that is asked for next, as some were removed.
func (f *Folder) forgetRoom() {
	f.room.mu.Lock()
	defer f.room.mu.Unlock()
	f.room.counted = time.Time{}
}

// counted notes what the files take up, as a sweep has found.
func (f *Folder) counted(bytes int64) {
	f.room.mu.Lock()
	defer f.room.mu.Unlock()
	f.room.used, f.room.counted = bytes, time.Now()
}

// giveRoom gives room back.
func (f *Folder) giveRoom(bytes int64) {
	f.room.mu.Lock()
	defer f.room.mu.Unlock()
	f.room.used = max(0, f.room.used-bytes)
}

// recount counts what the files take up. The room's lock is held.
func (f *Folder) recount() {
	m := &f.room
	m.used, m.counted = 0, time.Now()
	_ = f.each("", func(_ string, info fs.FileInfo) { m.used += info.Size() }) // a folder that cannot be read: writing fails too
}

// Bytes returns how much the recordings take up, those that are being made
// included.
func (f *Folder) Bytes() int64 {
	f.room.mu.Lock()
	defer f.room.mu.Unlock()
	if f.room.counted.IsZero() {
		f.recount()
	}
	return f.room.used
}
