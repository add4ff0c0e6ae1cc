package soundcache_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/soundcache"
)

// TestDamageIsFound: whatever stands in a file, no caller hears another sound.
func TestDamageIsFound(t *testing.T) {
	flip := func(at int) func([]byte) []byte {
		return func(b []byte) []byte { b[(at+len(b))%len(b)] ^= 0x40; return b }
	}
	for name, how := range map[string]func([]byte) []byte{
		"its first byte":       flip(0),
		"its last byte":        flip(-1),
		"one in the middle":    flip(100),
		"its end is missing":   func(b []byte) []byte { return b[:len(b)-1] },
		"it goes on":           func(b []byte) []byte { return append(b, 0) },
		"nothing was written":  func([]byte) []byte { return nil },
		"nothing but nought":   func(b []byte) []byte { return make([]byte, len(b)) },
		"it is large":          func(b []byte) []byte { return bytes.Repeat(b, 100) },
		"it is something else": func([]byte) []byte { return []byte("hello\n{}") },
	} {
		for _, kind := range []string{".entry", ".sound"} {
			for when, start := range map[string]bool{"before a start": true, "in use": false} {
				t.Run(name+", "+kind+", "+when, func(t *testing.T) {
					s := newShop(t, 1<<20, day)
					s.keep("a", 1)
					s.keep("b", 2)
					s.change(s.files(kind)[0], how)
					if start {
						s.open()
					}
					a, b := s.has("a", 1), s.has("b", 2)
					if kind == ".entry" && !start { // it is in memory
						if !a || !b {
							t.Error("a sound is lost")
						}
						return
					}
					if a == b {
						t.Errorf("a can be had: %t, b: %t", a, b)
					}
					if n := len(s.files(kind)); n != 1 {
						t.Errorf("%d files are left", n)
					}
					s.keep("a", 1)
					s.keep("b", 2)
					if !s.has("a", 1) || !s.has("b", 2) {
						t.Error("it is not kept again")
					}
				})
			}
		}
	}
}

// TestACrashLeavesNoHalfSound: a file that was being written is removed, once no
// other server can be writing it.
func TestACrashLeavesNoHalfSound(t *testing.T) {
	s := newShop(t, 1<<20, day)
	half := filepath.Join(s.config.Folder, ".tmp-123")
	if err := os.WriteFile(half, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.now = time.Now()
	s.open()
	if _, err := os.Stat(half); err != nil {
		t.Errorf("what another may be writing is gone: %v", err)
	}
	s.now = s.now.Add(2 * time.Minute)
	s.Sweep() // a server that was started at once after the crash
	if _, err := os.Stat(half); err == nil {
		t.Error("it is there still")
	}
	// A crash between the two files leaves a sound that no entry has.
	s.keep("a", 1)
	if err := os.Remove(s.files(".entry")[0]); err != nil {
		t.Fatal(err)
	}
	s.open()
	if left := s.files(""); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
}

// FuzzEntry opens a folder with a file that claims to be an entry.
func FuzzEntry(f *testing.F) {
	s := soundcache.EncodedEntry()
	f.Add(s)
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		e, ok := soundcache.DecodedEntry(file)
		if ok && (e.Samples < 1 || e.Size() > 64<<20 || e.Rate != 8000 && e.Rate != 16000) {
			t.Errorf("believed is %+v", e)
		}
	})
}
