package soundcache_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/soundcache"
)

const day = 24 * time.Hour

func TestASoundOutlivesTheServer(t *testing.T) {
	s := newShop(t, 1<<20, day)
	wide := audio.NewSound(audio.Wideband)
	wide.Append([]int16{1, -2, 32767, -32768})
	wide.End(nil)
	header := map[string][]string{"Etag": {`"a"`}}
	s.Keep("a", wide, s.now.Add(time.Hour), header)
	s.now = s.now.Add(time.Minute)
	s.open()
	got, ok := s.Look("a")
	want := soundcache.Entry{Rate: audio.Wideband, Samples: 4, Good: s.now.Add(time.Hour - time.Minute), Header: header}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("got (-want +got):\n%s", diff)
	}
	if samples, err := s.Read("a"); err != nil || !slices.Equal(samples, []int16{1, -2, 32767, -32768}) {
		t.Errorf("got %v, %v", samples, err)
	}
	if _, ok := s.Look("b"); ok {
		t.Error("another key has it too")
	}
	if _, err := s.Read("b"); err == nil {
		t.Error("and can be read")
	}
}

// TestTheFolderTellsNoKey: a key is a text that was spoken, or an address.
func TestTheFolderTellsNoKey(t *testing.T) {
	s := newShop(t, 1<<20, day)
	s.keep("Mrs Jansen", 1)
	err := filepath.WalkDir(s.config.Folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte("Jansen")) || strings.Contains(path, "Jansen") {
			t.Errorf("%s tells it", path)
		}
		if info, infoErr := d.Info(); infoErr != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOneSoundOfTwoKeysIsOneFile(t *testing.T) {
	s := newShop(t, 1<<20, day)
	s.keep("a", 1)
	s.keep("b", 1)
	if n := len(s.files(".sound")); n != 1 {
		t.Errorf("there are %d files", n)
	}
	s.keep("a", 2)
	if !s.has("a", 2) || !s.has("b", 1) {
		t.Error("what replaces the one takes the other away")
	}
	s.keep("b", 2)
	if n := len(s.files(".sound")); n != 1 {
		t.Errorf("of what nobody has, there are %d files", n-1)
	}
	before := s.Bytes()
	s.open()
	if s.Bytes() != before {
		t.Errorf("%d bytes are counted, then %d", before, s.Bytes())
	}
}

func TestSoundsMakeRoom(t *testing.T) {
	s := newShop(t, 100_000, 365*day) // four of them
	for i, key := range []string{"a", "b", "c", "d", "a", "e"} {
		s.now = s.now.Add(2 * time.Hour)
		if i == 4 {
			s.open() // the order is known after a start
			if !s.has("a", 0) {
				t.Fatal("a is gone")
			}
			continue
		}
		s.keep(key, int16(i))
	}
	if s.has("b", 1) || !s.has("a", 0) || !s.has("e", 5) {
		t.Error("it is not the longest unused that has gone")
	}
	if s.Bytes() > 100_000 {
		t.Errorf("they take up %d bytes", s.Bytes())
	}
	long := audio.SoundOf(audio.Silence(2 * time.Second))
	s.Keep("long", long, s.now, nil)
	if _, ok := s.Look("long"); ok || !s.has("a", 0) {
		t.Error("a sound of more than a quarter is kept")
	}
	s.config.Bytes = 50_000
	s.open()
	if s.Bytes() > 50_000 || len(s.files(".sound")) != 2 {
		t.Errorf("where less is allowed they take up %d bytes, %d files", s.Bytes(), len(s.files(".sound")))
	}
}

func TestSoundsGrowOld(t *testing.T) {
	s := newShop(t, 1<<20, day)
	s.keep("swept", 1)
	s.now = s.now.Add(day)
	if !s.has("swept", 1) {
		t.Error("it is gone too early")
	}
	s.keep("young", 2)
	s.now = s.now.Add(time.Second)
	if s.has("swept", 1) {
		t.Error("what is too old can be had")
	}
	s.Sweep()
	if n := len(s.files(".entry")) + len(s.files(".sound")); n != 2 {
		t.Errorf("%d files are left", n)
	}
	s.now = s.now.Add(2 * day)
	s.open()
	if n := len(s.files("")); n != 0 || s.Bytes() != 0 {
		t.Errorf("after a start %d files are left, %d bytes", n, s.Bytes())
	}
	s.keep("tomorrow", 3)
	s.now = s.now.Add(-2 * day) // the clock was wrong
	s.open()
	if s.has("tomorrow", 3) {
		t.Error("a sound from the future stays for ever")
	}
}

// TestWhereTheDiskIsFullItIsTold, once, and that it works again; until then each
// call is spared the wait.
func TestWhereTheDiskIsFullItIsTold(t *testing.T) {
	s := newShop(t, 1<<20, day)
	s.keep("a", 1)
	if err := os.RemoveAll(s.config.Folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.config.Folder, nil, 0o600); err != nil { // nothing can be written there
		t.Fatal(err)
	}
	for range 3 {
		s.keep("b", 2)
		s.now = s.now.Add(40 * time.Second)
	}
	if len(s.told) != 1 || s.told[0] == nil || s.has("b", 2) || s.has("a", 1) {
		t.Errorf("told is %v", s.told)
	}
	if err := os.Remove(s.config.Folder); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(2 * time.Minute)
	s.keep("b", 2)
	if len(s.told) != 2 || s.told[1] != nil || !s.has("b", 2) {
		t.Errorf("afterwards told is %v", s.told)
	}
	if _, err := soundcache.Open(soundcache.Config{Folder: s.files(".entry")[0], Bytes: 1, Age: day}); err == nil {
		t.Error("a file is a folder")
	}
}

// TestAHostWithLongValidatorsIsNoFault keeps no sound of a host that sends an ETag
// without measure, and those of others all the same.
func TestAHostWithLongValidatorsIsNoFault(t *testing.T) {
	s := newShop(t, 1<<20, day)
	s.Keep("a", tone(1), s.now, map[string][]string{"Etag": {strings.Repeat("x", 10_000)}})
	if s.has("a", 1) || len(s.files("")) != 0 {
		t.Errorf("it is kept: %v", s.files(""))
	}
	s.keep("b", 2)
	if len(s.told) != 0 || !s.has("b", 2) {
		t.Errorf("told is %v; another sound is kept: %t", s.told, s.has("b", 2))
	}
}

func TestClearRemovesAll(t *testing.T) {
	s := newShop(t, 1<<20, day)
	for i := range 5 {
		s.keep(fmt.Sprint(i), int16(i))
	}
	if n, err := soundcache.Count(s.config.Folder); n != 5 || err != nil {
		t.Errorf("there are %d: %v", n, err)
	}
	if n, err := soundcache.Clear(s.config.Folder); n != 5 || err != nil {
		t.Errorf("removed are %d: %v", n, err)
	}
	if left := s.files(""); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
	// The server beside it finds them gone, and keeps them again.
	if s.has("1", 1) {
		t.Error("it can be had")
	}
	s.keep("1", 1)
	if !s.has("1", 1) {
		t.Error("it is not kept again")
	}
	nowhere := filepath.Join(t.TempDir(), "none")
	if n, err := soundcache.Clear(nowhere); n != 0 || err != nil {
		t.Errorf("where there is none, removed are %d: %v", n, err)
	}
	if _, err := os.Stat(nowhere); !errors.Is(err, fs.ErrNotExist) {
		t.Error("it has made a folder")
	}
}

// TestAFolderMayHaveAnyName: what stands for other letters in patterns is one of its own.
func TestAFolderMayHaveAnyName(t *testing.T) {
	s := newShop(t, 1<<20, day)
	s.config.Folder = filepath.Join(t.TempDir(), "a[b")
	s.open()
	s.keep("a", 1)
	if n, err := soundcache.Count(s.config.Folder); n != 1 || err != nil {
		t.Errorf("there are %d: %v", n, err)
	}
}

func TestManyUseItAtOnce(t *testing.T) {
	s := newShop(t, 100_000, day)
	s.config.Now = nil
	s.open()
	var users sync.WaitGroup
	for i := range 8 {
		users.Go(func() {
			for j := range 20 {
				key := int16((i + j) % 6)
				if !s.has(fmt.Sprint(key), key) {
					s.Keep(fmt.Sprint(key), tone(key), time.Now(), nil)
				}
				if j == 10 {
					s.Sweep()
				}
			}
		})
	}
	users.Wait()
	if s.Bytes() > 100_000 {
		t.Errorf("they take up %d bytes", s.Bytes())
	}
}
