package voice_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/voice"
)

// folder is a Folder, and what it has reported.
type folder struct {
	*voice.Folder
	path   string
	failed []error
}

func newFolder(t *testing.T) *folder {
	f := &folder{path: filepath.Join(t.TempDir(), "recordings")}
	var err error
	f.Folder, err = voice.OpenFolder(voice.FolderConfig{
		Path:   f.path,
		Origin: func() *url.URL { return &url.URL{Scheme: "https", Host: "here.example", Path: "/base"} },
		Failed: func(err error) { f.failed = append(f.failed, err) },
		Else:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "elsewhere", http.StatusTeapot) }),
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// record keeps a recording, and returns its path in a URL.
func (f *folder) record(t *testing.T, pcm []int16) string {
	t.Helper()
	r, err := f.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for piece := range slices.Chunk(pcm, 160) {
		if err := r.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	address, err := r.Keep()
	if err != nil {
		t.Fatal(err)
	}
	return pathOf(t, address)
}

// pathOf returns where a folder serves a recording.
func pathOf(t *testing.T, address string) string {
	t.Helper()
	path, ok := strings.CutPrefix(address, "https://here.example/base")
	if !ok {
		t.Fatalf("its address is %s", address)
	}
	return path
}

func (f *folder) do(method, path string) *http.Response {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Result()
}

func TestARecordingIsServedAsItWasWritten(t *testing.T) {
	f := newFolder(t)
	said, _ := audio.DTMF("123", 700*time.Millisecond, 0)
	response := f.do(http.MethodGet, f.record(t, said))
	got, _ := io.ReadAll(response.Body)
	var want bytes.Buffer
	if err := audio.WriteWAV(&want, said); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "audio/wav" || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s, %v, %d bytes; want %d", response.Status, response.Header, len(got), want.Len())
	}
	if response.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("it may be cached: %v", response.Header)
	}
}

func TestNothingElseOfTheFolderIsServed(t *testing.T) {
	f := newFolder(t)
	kept := f.record(t, make([]int16, 800))
	broken, err := f.Begin() // a crash leaves it so
	if err != nil {
		t.Fatal(err)
	}
	if err := broken.Write(make([]int16, 80_000)); err != nil {
		t.Fatal(err)
	}
	parts, err := filepath.Glob(filepath.Join(f.path, "*.part"))
	if err != nil || len(parts) != 1 {
		t.Fatalf("being written: %v, %v", parts, err)
	}
	part := filepath.Base(parts[0])
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodHead, kept, http.StatusOK},
		{http.MethodDelete, kept, http.StatusMethodNotAllowed},
		{http.MethodGet, voice.RecordingPath + part, http.StatusTeapot},
		{http.MethodGet, voice.RecordingPath + strings.TrimSuffix(part, ".part") + ".wav", http.StatusTeapot},
		{http.MethodGet, voice.RecordingPath, http.StatusTeapot},
		{http.MethodGet, voice.RecordingPath + "../secret.wav", http.StatusTeapot},
		{http.MethodGet, voice.RecordingPath + strings.Repeat("a", 26) + ".wav", http.StatusTeapot},
	} {
		if got := f.do(c.method, c.path).StatusCode; got != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.want)
		}
	}
	broken.Discard()
	if parts, _ := filepath.Glob(filepath.Join(f.path, "*.part")); len(parts) > 0 {
		t.Errorf("discarded, and still there: %v", parts)
	}
}

func TestOldRecordingsAndWhatCrashesLeftAreSwept(t *testing.T) {
	f := newFolder(t)
	kept := f.record(t, make([]int16, 800))
	broken, err := f.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer broken.Discard()
	other := filepath.Join(f.path, "notes.txt")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for _, c := range []struct {
		after   time.Duration
		removed int
		files   int
	}{
		{0, 0, 3}, {59 * time.Minute, 0, 3}, {61 * time.Minute, 0, 2},
		{voice.KeepRecordings - time.Minute, 0, 2}, {voice.KeepRecordings + time.Minute, 1, 1}, {10 * voice.KeepRecordings, 0, 1},
	} {
		removed, err := f.Sweep(began.Add(c.after))
		if err != nil {
			t.Fatal(err)
		}
		files, _ := os.ReadDir(f.path)
		if removed != c.removed || len(files) != c.files {
			t.Errorf("after %v: removed %d, %d files are left; want %d, %d", c.after, removed, len(files), c.removed, c.files)
		}
	}
	if got := f.do(http.MethodGet, kept).StatusCode; got != http.StatusTeapot {
		t.Errorf("still served: %d", got)
	}
}

// fullDisk is a folder on a device that is always full.
type fullDisk struct{ *folder }

func (f fullDisk) Begin() (voice.Recording, error) {
	r, err := f.folder.Begin()
	if err != nil {
		return nil, err
	}
	return voice.OnFullDisk(r)
}

func TestACallGoesOnWhereTheDiskIsFull(t *testing.T) {
	if _, err := os.Stat(voice.FullDevice); err != nil {
		t.Skip(err)
	}
	f := newFolder(t)
	synctest.Test(t, func(t *testing.T) {
		p := newTelephone(t, func(error) {}, nil)
		p.keeps = fullDisk{f}
		said, _ := audio.DTMF("1", time.Second, 0)
		p.say(said)
		recorded, err := p.line.Record(t.Context(), engine.RecordRules{MaxLength: 2 * time.Second, Silence: time.Minute})
		if !errors.Is(err, syscall.ENOSPC) || recorded.URL != "" {
			t.Errorf("recorded %v, %v", recorded, err)
		}
		near(t, "the end", p.line.Now(), 2*time.Second)
		if _, err := p.line.Play(t.Context(), engine.Recording{Sound: audio.SoundOf(audio.Silence(time.Second))}, nil); err != nil {
			t.Errorf("then nothing is played: %v", err)
		}
	})
	if len(f.failed) != 1 || !errors.Is(f.failed[0], syscall.ENOSPC) {
		t.Errorf("reported: %v", f.failed)
	}
	if files, _ := os.ReadDir(f.path); len(files) > 0 {
		t.Errorf("left: %v", files)
	}
}
