package wire

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// Bounds of what Recordings keeps.
const (
	// keepRecordings is how long a responder has to fetch a recording. It is told
	// the address as soon as there is one.
	keepRecordings = time.Hour

	// maxRecordings is how many bytes are kept, of µ-law: more than two hours.
	// Beyond it the oldest go.
	maxRecordings = 64 << 20

	// maxRecording is the longest recording that a terminal is asked for.
	maxRecording = time.Hour
)

// Recordings is the http.Handler of RecordingPath: it keeps what callers on
// terminals record, in memory and for a bounded time, so that responders can get
// it. Addresses cannot be guessed, and that is all that protects them: who knows
// one gets the recording.
type Recordings struct {
	// Origin returns the URL under which responders reach the server.
	Origin func() *url.URL

	mu   sync.Mutex
	kept []recording // the oldest first
	size int
}

type recording struct {
	id    string
	until time.Time
	sound []byte // µ-law
}

// keep keeps a recording and returns its URL.
func (r *Recordings) keep(sound []byte) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := recording{id: strings.ToLower(rand.Text()), until: time.Now().Add(keepRecordings), sound: sound}
	r.kept = append(r.kept, kept)
	r.size += len(sound)
	r.forget()
	time.AfterFunc(keepRecordings, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.forget()
	})
	return r.Origin().JoinPath(RecordingPath, kept.id+".wav").String()
}

// find returns a recording's sound.
func (r *Recordings) find(id string) (sound []byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, kept := range r.kept {
		if kept.id == id {
			return kept.sound, true
		}
	}
	return nil, false
}

// forget forgets what has been kept for too long, and the oldest where there is
// too much. The lock is held.
func (r *Recordings) forget() {
	n := 0
	for n < len(r.kept) && (r.size > maxRecordings || !r.kept[n].until.After(time.Now())) {
		r.size -= len(r.kept[n].sound)
		n++
	}
	r.kept = slices.Delete(r.kept, 0, n)
}

// ServeHTTP serves RecordingPath followed by an id and .wav.
func (r *Recordings) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	id, wav := strings.CutSuffix(strings.TrimPrefix(req.URL.Path, RecordingPath), ".wav")
	sound, ok := r.find(id)
	if !ok || !wav {
		http.NotFound(w, req)
		return
	}
	file := wavFile(sound)
	audio.ServeWAV(w, req, time.Time{}, io.NewSectionReader(file, 0, audio.WAVHeaderSize+2*int64(len(file))))
}

// wavFile is µ-law, read as a WAV file of 16 bits: of an hour no more is made at a
// time than is sent.
type wavFile []byte

// ReadAt implements io.ReaderAt.
func (f wavFile) ReadAt(p []byte, at int64) (n int, err error) {
	if at < audio.WAVHeaderSize {
		var header bytes.Buffer
		if err := audio.WriteWAVHeader(&header, len(f), audio.Rate); err != nil {
			return 0, err
		}
		if n = copy(p, header.Bytes()[at:]); n == len(p) {
			return n, nil
		}
	}
	from, want := int(at)+n-audio.WAVHeaderSize, len(p)-n // in bytes of sound
	first := min(from/2, len(f))
	pcm := audio.AppendPCMFromMulaw(nil, f[first:min((from+want+1)/2, len(f))])
	sound := make([]byte, 0, 2*len(pcm))
	for _, sample := range pcm {
		sound = binary.LittleEndian.AppendUint16(sound, uint16(sample))
	}
	n += copy(p[n:], sound[min(from%2, len(sound)):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
