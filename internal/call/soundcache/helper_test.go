package soundcache_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/soundcache"
)

// shop is a Cache with a clock of its own.
type shop struct {
	*soundcache.Cache
	t      *testing.T
	config soundcache.Config
	now    time.Time
	told   []error
}

// newShop opens a Cache of an empty folder; a sound of a second is 16 KB. Its clock
// begins with that of the files.
func newShop(t *testing.T, bytes int64, age time.Duration) *shop {
	t.Helper()
	s := &shop{t: t, now: time.Now().Truncate(time.Second)}
	s.config = soundcache.Config{
		Folder: filepath.Join(t.TempDir(), "prompts"), Bytes: bytes, Age: age,
		Now: func() time.Time { return s.now }, Report: func(err error) { s.told = append(s.told, err) },
	}
	s.open()
	return s
}

// open opens the Cache again, as a server that is started does.
func (s *shop) open() {
	s.t.Helper()
	var err error
	if s.Cache, err = soundcache.Open(s.config); err != nil {
		s.t.Fatal(err)
	}
}

// keep keeps a second of a sound that differs by its first sample.
func (s *shop) keep(key string, first int16) { s.Keep(key, tone(first), s.now, nil) }

// has reports whether there is a sound under a key, and that it is the one.
func (s *shop) has(key string, first int16) bool {
	s.t.Helper()
	if _, ok := s.Look(key); !ok {
		return false
	}
	samples, err := s.Read(key)
	if err != nil {
		return false
	}
	if len(samples) != audio.Rate || samples[0] != first {
		s.t.Fatalf("under %s are %d samples, the first %d", key, len(samples), samples[0])
	}
	return true
}

// files returns the paths of the files of a kind.
func (s *shop) files(kind string) []string {
	s.t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.config.Folder, "*"+kind))
	if err != nil {
		s.t.Fatal(err)
	}
	return paths
}

// change changes a file.
func (s *shop) change(path string, how func([]byte) []byte) {
	s.t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, how(content), 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// tone is a second of sound.
func tone(first int16) *audio.Sound {
	clip := audio.Silence(time.Second)
	clip[0] = first
	return audio.SoundOf(clip)
}
