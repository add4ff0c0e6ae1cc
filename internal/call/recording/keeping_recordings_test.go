package recording_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/recording"
	"github.com/switchhook/switchhook/internal/phone"
)

// folder is a Folder, and what it has reported.
type folder struct {
	*recording.Folder
	config recording.Config
	limits recording.Limits
	free   uint64 // of the disk
	kept   int
	lost   []error
}

func newFolder(t *testing.T) *folder {
	f := &folder{limits: recording.Limits{Keep: keep, Bytes: 1 << 30}, free: 1 << 40}
	f.config = recording.Config{
		Path:   filepath.Join(t.TempDir(), "recordings"),
		Origin: func() *url.URL { return &url.URL{Scheme: "https", Host: "here.example", Path: "/base"} },
		Limits: func() recording.Limits { return f.limits },
		Secret: "a secret",
		Home:   phone.HomeOfCode("1"),
		Free:   func() (uint64, bool) { return f.free, true },
		Report: f.report,
		Else:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "elsewhere", http.StatusTeapot) }),
	}
	f.Folder = recording.NewFolder(f.config)
	return f
}

const keep = 30 * 24 * time.Hour

func (f *folder) report(err error) {
	if err != nil {
		f.lost = append(f.lost, err)
		return
	}
	f.kept++
}

// begin begins a recording of somebody, and writes what they say.
func (f *folder) begin(t *testing.T, number string, pcm []int16) recording.Writer {
	t.Helper()
	r, err := f.Begin(number)
	if err != nil {
		t.Fatal(err)
	}
	for piece := range slices.Chunk(pcm, 160) {
		if err := r.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// record keeps a recording, and returns its path in a URL.
func (f *folder) record(t *testing.T, number string, pcm []int16) string {
	t.Helper()
	address, err := f.begin(t, number, pcm).Keep()
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

// files returns how many files there are.
func (f *folder) files(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir(f.config.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return len(files)
}

func (f *folder) do(method, path string) *http.Response {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w.Result()
}

func TestARecordingIsServedAsItWasWritten(t *testing.T) {
	f := newFolder(t)
	said, _ := audio.DTMF("123", 700*time.Millisecond, 0)
	response := f.do(http.MethodGet, f.record(t, someone, said))
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

func TestAPieceOfARecordingIsServed(t *testing.T) {
	f := newFolder(t)
	request := httptest.NewRequest(http.MethodGet, f.record(t, someone, make([]int16, 800)), nil)
	request.Header.Set("Range", "bytes=4-11")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, request)
	if w.Code != http.StatusPartialContent || w.Body.String() != "\x64\x06\x00\x00WAVE" || w.Header().Get("Content-Range") != "bytes 4-11/1644" {
		t.Errorf("%d, %v, %q", w.Code, w.Header(), w.Body)
	}
}

func TestNothingElseOfTheFolderIsServed(t *testing.T) {
	f := newFolder(t)
	kept := f.record(t, someone, make([]int16, 800))
	broken := f.begin(t, someone, make([]int16, 80_000)) // a crash leaves it so
	parts, err := filepath.Glob(filepath.Join(f.config.Path, "*.part"))
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
		{http.MethodGet, recording.URLPath + part, http.StatusTeapot},
		{http.MethodGet, recording.URLPath + strings.TrimSuffix(part, ".part") + ".wav", http.StatusTeapot},
		{http.MethodGet, recording.URLPath, http.StatusTeapot},
		{http.MethodGet, recording.URLPath + "../secret.wav", http.StatusTeapot},
		{http.MethodGet, recording.URLPath + strings.Repeat("a", 26) + ".wav", http.StatusTeapot},
		{http.MethodGet, recording.URLPath + strings.Repeat("a", 16) + "-" + strings.Repeat("a", 26) + ".wav", http.StatusTeapot},
	} {
		if got := f.do(c.method, c.path).StatusCode; got != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.want)
		}
	}
	broken.Discard()
	if parts, _ := filepath.Glob(filepath.Join(f.config.Path, "*.part")); len(parts) > 0 {
		t.Errorf("discarded, and still there: %v", parts)
	}
}

func TestOldRecordingsAndWhatCrashesLeftAreSwept(t *testing.T) {
	f := newFolder(t)
	kept := f.record(t, someone, make([]int16, 800))
	defer f.begin(t, someone, nil).Discard()
	other := filepath.Join(f.config.Path, "notes.txt")
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
		{keep - time.Minute, 0, 2}, {keep + time.Minute, 1, 1}, {10 * keep, 0, 1},
	} {
		removed, err := f.Sweep(began.Add(c.after))
		if err != nil {
			t.Fatal(err)
		}
		if left := f.files(t); removed != c.removed || left != c.files {
			t.Errorf("after %v: removed %d, %d files are left; want %d, %d", c.after, removed, left, c.removed, c.files)
		}
	}
	if got := f.do(http.MethodGet, kept).StatusCode; got != http.StatusTeapot {
		t.Errorf("still served: %d", got)
	}
}

func TestARecordingOnAFullDiskIsLost(t *testing.T) {
	if _, err := os.Stat(recording.FullDevice); err != nil {
		t.Skip(err)
	}
	f := newFolder(t)
	w := f.begin(t, someone, nil)
	if err := recording.OnFullDisk(w); err != nil {
		t.Fatal(err)
	}
	var err error
	for n := 0; err == nil && n < 100; n++ {
		err = w.Write(make([]int16, 160))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("it is written: %v", err)
	}
	w.Discard()
	if len(f.lost) != 1 || !errors.Is(f.lost[0], syscall.ENOSPC) || f.kept > 0 {
		t.Errorf("kept %d, lost: %v", f.kept, f.lost)
	}
	if n := f.files(t); n > 0 || f.Bytes() != 0 {
		t.Errorf("left are %d files, %d bytes", n, f.Bytes())
	}
}
