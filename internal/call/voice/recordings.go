package voice

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// RecordingPath is below which a Folder serves recordings.
const RecordingPath = "/recordings/"

// KeepRecordings is how long recordings are kept by default.
const KeepRecordings = 30 * 24 * time.Hour

const (
	recordingEnd = ".wav"
	partEnd      = ".part" // of a file that is being written

	// abandoned is how long nothing is written to a file before it counts as left
	// by a crash. The server before, which hands over its calls, may still write.
	abandoned = time.Hour
)

// FolderConfig is what a Folder works with.
type FolderConfig struct {
	Path   string          // is made if it is not there
	Origin func() *url.URL // returns the URL under which responders reach the server
	Keep   time.Duration   // 0: KeepRecordings

	// Failed is told why a recording was lost, such as a full disk. Optional.
	Failed func(error)

	// Else serves what is not in the folder. Optional.
	Else http.Handler
}

// Folder keeps recordings as WAV files, and is the http.Handler of RecordingPath.
// Their addresses cannot be guessed, and that is all that protects them: who knows
// one gets the recording. One that a crash has broken off is never served.
type Folder struct{ config FolderConfig }

var (
	_ Recordings   = (*Folder)(nil)
	_ http.Handler = (*Folder)(nil)
)

// OpenFolder opens a folder of recordings. Nobody but us and the system's
// administrator may read it.
func OpenFolder(c FolderConfig) (*Folder, error) {
	if c.Keep == 0 {
		c.Keep = KeepRecordings
	}
	if c.Failed == nil {
		c.Failed = func(error) {}
	}
	if c.Else == nil {
		c.Else = http.NotFoundHandler()
	}
	if err := os.MkdirAll(c.Path, 0o700); err != nil {
		return nil, fmt.Errorf("open the folder of recordings: %w", err)
	}
	return &Folder{c}, nil
}

// Begin begins a recording.
func (f *Folder) Begin() (Recording, error) {
	id := strings.ToLower(rand.Text())
	file, err := os.OpenFile(f.path(id+partEnd), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, f.failed(fmt.Errorf("begin a recording: %w", err))
	}
	r := &recordingFile{folder: f, id: id, file: file, out: bufio.NewWriterSize(file, writtenAtOnce)}
	if err := audio.WriteWAVHeader(r.out, 0, audio.Rate); err != nil {
		r.Discard()
		return nil, f.failed(err)
	}
	return r, nil
}

func (f *Folder) path(name string) string { return filepath.Join(f.config.Path, name) }

func (f *Folder) failed(err error) error {
	f.config.Failed(err)
	return err
}

// Sweep removes what has been kept for too long by now, and what crashes have
// left. It returns how many recordings went.
func (f *Folder) Sweep(now time.Time) (removed int, err error) {
	files, err := os.ReadDir(f.config.Path)
	if err != nil {
		return 0, fmt.Errorf("remove old recordings: %w", err)
	}
	var errs []error
	for _, file := range files {
		info, err := file.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // it is gone, or none of ours
		}
		age := now.Sub(info.ModTime())
		switch filepath.Ext(file.Name()) {
		case recordingEnd:
			if age < f.config.Keep {
				continue
			}
			removed++
		case partEnd:
			if age < abandoned {
				continue
			}
		default:
			continue
		}
		if err := os.Remove(f.path(file.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove an old recording: %w", err))
		}
	}
	return removed, errors.Join(errs...)
}

// recordingName is what the files of recordings are called.
var recordingName = regexp.MustCompile(`^[a-z2-7]{26}\.wav$`)

// ServeHTTP serves RecordingPath followed by an id and .wav.
func (f *Folder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	name, ours := strings.CutPrefix(req.URL.Path, RecordingPath)
	if !ours || !recordingName.MatchString(name) {
		f.config.Else.ServeHTTP(w, req)
		return
	}
	file, err := os.Open(f.path(name))
	if err != nil {
		f.config.Else.ServeHTTP(w, req)
		return
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		http.NotFound(w, req)
	case req.Method != http.MethodGet && req.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "a recording is only read", http.StatusMethodNotAllowed)
	default:
		w.Header().Set("Content-Type", "audio/wav")
		w.Header().Set("Cache-Control", "private, no-store")
		http.ServeContent(w, req, "", info.ModTime(), file)
	}
}

// writtenAtOnce is how many bytes are written at a time: half a second.
const writtenAtOnce = 8 << 10

// recordingFile is a recording that is being written.
type recordingFile struct {
	folder  *Folder
	id      string
	file    *os.File
	out     *bufio.Writer
	samples int
	bytes   []byte
	report  sync.Once
}

func (r *recordingFile) Write(pcm []int16) error {
	r.bytes = r.bytes[:0]
	for _, s := range pcm {
		r.bytes = binary.LittleEndian.AppendUint16(r.bytes, uint16(s))
	}
	r.samples += len(pcm)
	if _, err := r.out.Write(r.bytes); err != nil {
		return r.failed(err)
	}
	return nil
}

// failed says once that the recording is lost.
func (r *recordingFile) failed(err error) error {
	err = fmt.Errorf("write a recording: %w", err)
	r.report.Do(func() { r.folder.config.Failed(err) })
	return err
}

// Keep ends the recording. It gets its name only once all of it is on the disk.
func (r *recordingFile) Keep() (address string, err error) {
	name := r.id + recordingEnd
	if err := r.finish(name); err != nil {
		r.Discard()
		return "", r.failed(err)
	}
	return r.folder.config.Origin().JoinPath(RecordingPath, name).String(), nil
}

func (r *recordingFile) finish(name string) error {
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
	return os.Rename(r.file.Name(), r.folder.path(name))
}

// Discard ends the recording, and forgets it. What cannot be removed now is swept.
func (r *recordingFile) Discard() {
	_ = r.file.Close()
	_ = os.Remove(r.file.Name())
}
