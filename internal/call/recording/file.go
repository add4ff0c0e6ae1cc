package recording

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/switchhook/switchhook/internal/call/audio"
)

const (
	// writtenAtOnce is how many bytes are written at a time: half a second.
	writtenAtOnce = 8 << 10

	sampleBytes = 2
)

// errErased ends a recording whose file somebody has removed: number erase. That is
// no failure.
var errErased = errors.New("it was erased while it was made")

// writer is a Writer.
type writer struct {
	folder  *Folder
	id      string
	file    *os.File
	out     *bufio.Writer
	samples int
	taken   int64 // of the folder's room, in bytes
	bytes   []byte
	report  sync.Once
}

func (r *writer) Write(pcm []int16) error {
	r.bytes = r.bytes[:0]
	for _, s := range pcm {
		r.bytes = binary.LittleEndian.AppendUint16(r.bytes, uint16(s))
	}
	r.samples += len(pcm)
	if err := r.takeRoom(); err != nil {
		return r.failed(err)
	}
	if _, err := r.out.Write(r.bytes); err != nil {
		return r.failed(err)
	}
	return nil
}

// size returns how large the file is once all is written, in bytes.
func (r *writer) size() int64 { return audio.WAVHeaderSize + sampleBytes*int64(r.samples) }

// takeRoom takes room in the folder for what is recorded, and a little more.
func (r *writer) takeRoom() error {
	for r.taken < r.size() {
		if err := r.folder.takeRoom(writtenAtOnce); err != nil {
			return err
		}
		r.taken += writtenAtOnce
	}
	return nil
}

// giveRoom gives back the room that the recording does not use.
func (r *writer) giveRoom(used int64) {
	r.folder.giveRoom(r.taken - used)
	r.taken = used
}

// failed says once that the recording is lost.
func (r *writer) failed(err error) error {
	err = fmt.Errorf("write a recording: %w", err)
	r.report.Do(func() { r.folder.config.Report(err) })
	return err
}

// Keep ends the recording. It gets its name only once all of it is on the disk.
func (r *writer) Keep() (address string, err error) {
	name := r.id + wavEnd
	if err := r.finish(name); err != nil {
		r.Discard()
		if errors.Is(err, errErased) {
			return "", err
		}
		return "", r.failed(err)
	}
	r.giveRoom(r.size())
	r.report.Do(func() { r.folder.config.Report(nil) })
	return r.folder.config.Origin().JoinPath(URLPath, name).String(), nil
}

func (r *writer) finish(name string) error {
	if err := r.out.Flush(); err != nil {
		return err
	}
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := audio.WriteWAVHeader(r.file, r.samples, audio.Rate); err != nil {
		return err
	}
	if err := r.file.Sync(); err != nil {
		return err
	}
	if err := r.file.Close(); err != nil {
		return err
	}
	err := os.Rename(r.file.Name(), r.folder.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return errErased
	}
	return err
}

// Discard ends the recording, and forgets it. What cannot be removed now is swept.
func (r *writer) Discard() {
	_ = r.file.Close()
	_ = os.Remove(r.file.Name())
	r.giveRoom(0)
}
