package recording_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/recording"
	"github.com/switchhook/switchhook/internal/phone"
)

// Whose recordings tests make.
const (
	someone  = "+12125550123"
	stranger = "+12125550199"
)

func read(number string) phone.Number { return phone.Read(number, phone.HomeOfCode("1")) }

func TestAPersonsRecordingsAreFoundHoweverTheNumberIsWritten(t *testing.T) {
	f := newFolder(t)
	f.record(t, someone, make([]int16, 8000))
	f.record(t, stranger, make([]int16, 8000))
	f.record(t, "anonymous", make([]int16, 8000))
	f.record(t, "2125550123", make([]int16, 16_000))
	defer f.begin(t, "12125550123", make([]int16, 80_000)).Discard()

	other := recording.NewFolder(f.config) // of a command, beside the server
	all, err := other.Of(read("(212) 555-0123"))
	if err != nil || len(all) != 3 {
		t.Fatalf("found are %+v, %v", all, err)
	}
	making := 0
	for _, r := range all {
		if r.Making {
			making++
			continue
		}
		if r.Length != time.Second && r.Length != 2*time.Second || time.Since(r.At) < r.Length {
			t.Errorf("found is %+v", r)
		}
	}
	if making != 1 {
		t.Errorf("%d are being made", making)
	}
}

func TestAddressesTellNoNumberToThoseWhoTryThemAll(t *testing.T) {
	f := newFolder(t)
	id := func(path string) string {
		owner, _, _ := strings.Cut(strings.TrimPrefix(path, recording.URLPath), "-")
		return owner
	}
	one, other := id(f.record(t, someone, nil)), id(f.record(t, stranger, nil))
	f.config.Secret = "another secret"
	f.Folder = recording.NewFolder(f.config)
	if guess := id(f.record(t, someone, nil)); one == guess || one == other {
		t.Errorf("the same number has %s and, without the secret, %s; another one %s", one, guess, other)
	}
}

func TestErasedIsWhatIsOfTheNumberAlone(t *testing.T) {
	f := newFolder(t)
	f.record(t, someone, make([]int16, 800))
	theirs := f.record(t, someone, make([]int16, 800))
	others := f.record(t, stranger, make([]int16, 800))
	hidden := f.record(t, "", make([]int16, 800))
	before := f.Bytes()
	erased, err := f.Erase(read(someone))
	if err != nil || len(erased) != 2 {
		t.Errorf("erased are %+v, %v", erased, err)
	}
	for path, want := range map[string]int{theirs: http.StatusTeapot, others: http.StatusOK, hidden: http.StatusOK} {
		if got := f.do(http.MethodGet, path).StatusCode; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	if f.Bytes() != before/2 {
		t.Errorf("of %d bytes %d are left", before, f.Bytes())
	}
}

// TestARecordingThatIsErasedWhileItIsMadeIsNeverKept: another process erases it, and
// nobody is told of a failure.
func TestARecordingThatIsErasedWhileItIsMadeIsNeverKept(t *testing.T) {
	f := newFolder(t)
	w := f.begin(t, someone, make([]int16, 8000))
	if erased, err := recording.NewFolder(f.config).Erase(read(someone)); err != nil || len(erased) != 1 || !erased[0].Making {
		t.Errorf("erased are %+v, %v", erased, err)
	}
	if address, err := w.Keep(); err == nil || address != "" || !strings.Contains(err.Error(), "erased") {
		t.Errorf("kept at %q, %v", address, err)
	}
	if n := f.files(t); n > 0 || f.kept > 0 || len(f.lost) > 0 || f.Bytes() != 0 {
		t.Errorf("%d files, %d bytes; kept %d, lost %v", n, f.Bytes(), f.kept, f.lost)
	}
}

func TestRecordingsLeaveRoom(t *testing.T) {
	second := make([]int16, 8000)
	for name, c := range map[string]struct {
		bound func(*folder)
		want  string
	}{
		"all that they may take up": {func(f *folder) { f.limits.Bytes = 40_000 }, "all the room"},
		"the disk":                  {func(f *folder) { f.free = 1<<30 - 1 }, "less than 1 GiB"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFolder(t)
			kept := f.record(t, someone, second)
			c.bound(f)
			f.Folder = recording.NewFolder(f.config) // which counts what there is
			r, err := f.Begin(stranger)
			for n := 0; err == nil && n < 10; n++ {
				err = r.Write(second)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || len(f.lost) != 1 || !errors.Is(f.lost[0], errors.Unwrap(err)) {
				t.Errorf("the error is %v, reported are %v", err, f.lost)
			}
			if r != nil {
				r.Discard()
			}
			if f.Bytes() != 16_044 || f.files(t) != 1 || f.do(http.MethodGet, kept).StatusCode != http.StatusOK {
				t.Errorf("%d bytes and %d files are left", f.Bytes(), f.files(t))
			}
		})
	}
}

// TestRoomThatAnotherProgramMakesIsUsed: number erase makes some.
func TestRoomThatAnotherProgramMakesIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFolder(t)
		f.limits.Bytes = 30_000
		f.record(t, someone, make([]int16, 12_000))
		if _, err := f.Begin(stranger); err == nil {
			t.Fatal("there is room")
		}
		if _, err := recording.NewFolder(f.config).Erase(read(someone)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		f.record(t, stranger, make([]int16, 12_000))
	})
}
