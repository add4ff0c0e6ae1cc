// Package recording keeps what callers record, as files in a folder, and serves them.
// NewFolder makes a [Folder]; its Begin begins a recording.
package recording

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/phone"
)

// URLPath is below which a Folder serves recordings.
const URLPath = "/recordings/"

const (
	wavEnd  = ".wav"
	partEnd = ".part" // of a file that is being written

	// abandoned is how long nothing is written to a file before it counts as left
	// by a crash. The server before, which hands over its calls, may still write.
	abandoned = time.Hour
)

// Config is what a Folder works with.
type Config struct {
	Path   string          // is made with the first recording
	Origin func() *url.URL // returns the URL under which responders reach the server

	// Limits returns what is kept. It is asked each time, and must not block.
	Limits func() Limits

	// Secret is what whose recordings they are is hashed with. It must stay the
	// same: recordings that were made under another are found by no number.
	Secret string

	Home phone.Home // of numbers without a country code

	// Free returns how many bytes can still be written to the folder's disk.
	// Optional: that is not known.
	Free func() (bytes uint64, known bool)

	// Report is told of each recording: nil if it was kept, otherwise why it was
	// lost. Optional.
	Report func(error)

	// Else serves what is not in the folder. Optional.
	Else http.Handler
}

// Limits bound what a Folder keeps.
type Limits struct {
	Keep  time.Duration // for how long
	Bytes int64         // how much in all
}

// Folder keeps recordings as WAV files, and is the http.Handler of URLPath.
// Their addresses cannot be guessed, and that is all that protects them: who knows
// one gets the recording. One that a crash has broken off is never served.
//
// A file's name says whose recording it is, by a hash of the number, keyed with a
// secret: an address gives no number away, not even to somebody who tries them all.
// So recordings need no table that could disagree with the folder, they are made
// while the database is down, and what is erased is one kind of thing: a file.
type Folder struct {
	config Config
	room   room
}

var _ http.Handler = (*Folder)(nil)

// Writer writes a recording. An error of Write or Keep says that the disk is full, or
// broken.
type Writer interface {
	Write(pcm []int16) error       // adds samples, audio.Rate of them a second
	Keep() (url string, err error) // ends it; the address is where a responder can get it
	Discard()                      // ends it, and forgets it
}

// NewFolder returns a folder of recordings. Other programs may use the same one,
// with the same Secret.
func NewFolder(c Config) *Folder {
	if c.Free == nil {
		c.Free = func() (uint64, bool) { return 0, false }
	}
	if c.Report == nil {
		c.Report = func(error) {}
	}
	if c.Else == nil {
		c.Else = http.NotFoundHandler()
	}
	return &Folder{config: c}
}

// Begin begins a recording of the person who has a number, or none.
func (f *Folder) Begin(number string) (Writer, error) {
	r, err := f.begin(f.ownerOf(phone.Read(number, f.config.Home)) + "-" + strings.ToLower(rand.Text()))
	if err != nil {
		err = fmt.Errorf("begin a recording: %w", err)
		f.config.Report(err)
		return nil, err
	}
	return r, nil
}

func (f *Folder) begin(id string) (*writer, error) {
	r := &writer{folder: f, id: id}
	if err := r.takeRoom(); err != nil {
		return nil, err
	}
	file, err := f.create(id + partEnd)
	if err != nil {
		r.giveRoom(0)
		return nil, err
	}
	r.file, r.out = file, bufio.NewWriterSize(file, writtenAtOnce)
	if err := audio.WriteWAVHeader(r.out, 0, audio.Rate); err != nil {
		r.Discard()
		return nil, err
	}
	return r, nil
}

// create creates a file, in a folder that nobody but us and the system's
// administrator may read.
func (f *Folder) create(name string) (*os.File, error) {
	open := func() (*os.File, error) {
		return os.OpenFile(f.path(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
	file, err := open()
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	if err := os.MkdirAll(f.config.Path, 0o700); err != nil {
		return nil, err
	}
	return open()
}

func (f *Folder) path(name string) string { return filepath.Join(f.config.Path, name) }

// Sweep removes what has been kept for too long by now, and what crashes have
// left. It returns how many recordings went.
func (f *Folder) Sweep(now time.Time) (removed int, err error) {
	var errs []error
	left, keep := int64(0), f.config.Limits().Keep
	err = f.each("", func(name string, info fs.FileInfo) {
		made := filepath.Ext(name) == wavEnd
		limit := abandoned
		if made {
			limit = keep
		}
		if now.Sub(info.ModTime()) < limit {
			left += info.Size()
			return
		}
		switch err := os.Remove(f.path(name)); {
		case err == nil && made:
			removed++
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			errs = append(errs, err)
		}
	})
	f.counted(left)
	if err := errors.Join(append(errs, err)...); err != nil {
		return removed, fmt.Errorf("remove old recordings: %w", err)
	}
	return removed, nil
}

// each goes through the folder's recordings whose names begin so, those that are
// being made included.
func (f *Folder) each(begin string, do func(name string, info fs.FileInfo)) error {
	files, err := os.ReadDir(f.config.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // there has been none yet
	}
	for _, file := range files {
		if !strings.HasPrefix(file.Name(), begin) || !fileName.MatchString(file.Name()) {
			continue
		}
		if info, err := file.Info(); err == nil && info.Mode().IsRegular() { // else it is gone, or none of ours
			do(file.Name(), info)
		}
	}
	return err
}
