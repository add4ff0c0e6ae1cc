package prompt_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/prompt"
)

// TestFilesMakeRoomForEachOther: what nobody plays goes, the longest unwanted
// first.
func TestFilesMakeRoomForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{Memory: 1 << 20}, sends(wav(20*time.Second), "Cache-Control", "max-age=86400")) // 320 KiB each
		for _, path := range []string{"/a", "/b", "/a", "/c", "/d"} {
			if _, err := h.get(path); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			time.Sleep(time.Second)
		}
		h.questions()
		for _, path := range []string{"/d", "/c", "/a"} {
			if _, err := h.get(path); err != nil {
				t.Fatal(err)
			}
		}
		if asked := strings.Join(h.questions(), " "); strings.Contains(asked, "/d") || strings.Contains(asked, "/c") {
			t.Errorf("asked for again: %s; want only what was wanted longest ago", asked)
		}
	})
}

// TestWhatIsNoLongerGoodLeavesItsRoom: a file that cannot be asked whether it has
// changed is fetched again each time that its time is up, played meanwhile or not.
func TestWhatIsNoLongerGoodLeavesItsRoom(t *testing.T) {
	for name, held := range map[string]bool{"not played": false, "played": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHost(t, prompt.Config{Memory: 2 << 20}, sends(wav(20*time.Second), "Cache-Control", "max-age=60"))
				before := func() {}
				for i := range 20 {
					sound, release, err := h.Get(t.Context(), at("/f.wav"))
					if err == nil {
						_, err = sound.Whole(t.Context())
					}
					if err != nil {
						t.Fatalf("time %d: %v", i, err)
					}
					before()
					if before = release; !held {
						release()
						before = func() {}
					}
					time.Sleep(time.Hour)
				}
				before()
			})
		})
	}
}

// TestNoRoomIsSaid: what is being played stays, and a file that finds no room is
// refused until one of them ends.
func TestNoRoomIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{Memory: 2 << 20}, sends(wav(20*time.Second), "Cache-Control", "max-age=86400"))
		var releases []func()
		for full := false; !full; {
			sound, release, err := h.Get(t.Context(), at(fmt.Sprint("/", len(releases))))
			if err == nil {
				_, err = sound.Whole(t.Context())
				releases = append(releases, release)
			}
			if err == nil {
				continue
			}
			full = true
			denied, ok := errors.AsType[*prompt.RoomError](err)
			if !ok || !strings.HasPrefix(denied.Message, "there is no room for it: the prompts of all calls have 2 MiB") || len(releases) < 4 {
				t.Fatalf("file %d: %v", len(releases), err)
			}
		}
		last := len(releases) - 1
		releases[last]() // what broke off
		releases = releases[:last]
		releases[0]()
		if _, err := h.get("/again"); err != nil {
			t.Errorf("where one was played, another has no room: %v", err)
		}
		for _, release := range releases[1:] {
			release()
		}
	})
}

// TestLongFilesAreReadAtAPace: callers each play endless files that come as fast
// as they are read, which would take all of the machine.
func TestLongFilesAreReadAtAPace(t *testing.T) {
	const callers, files = 3, 4
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{}, nil)
		var sent atomic.Int64
		h.answers(func(w http.ResponseWriter, r *http.Request) { endless(counting{w, &sent}, r) })
		began := time.Now()
		var calls sync.WaitGroup
		for i := range callers {
			calls.Go(func() {
				for j := range files {
					if _, err := h.get(fmt.Sprintf("/%d-%d", i, j)); err == nil {
						t.Error("an endless file was read to its end")
					}
				}
			})
		}
		calls.Wait()
		took := time.Since(began)
		// A second's worth may come at once, and of each file what counts as short.
		most := int64(32<<20*(took.Seconds()+1)) + callers*files*(2<<20)
		t.Logf("%d MB of %d files in %v", sent.Load()>>20, callers*files, took)
		if got := sent.Load(); got > most {
			t.Errorf("%d MB were read in %v, want at most %d", got>>20, took, most>>20)
		}
		// What was taken up is given back.
		h.answers(sends(wav(time.Second)))
		if _, err := h.get("/honest"); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// counting counts what is written.
type counting struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (c counting) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.sent.Add(int64(n))
	return n, err
}

// TestALongFileThatComesInSmallPiecesIsPlayed: it is as many bytes as in large ones.
func TestALongFileThatComesInSmallPiecesIsPlayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := wav(20 * time.Minute)
		h := newHost(t, prompt.Config{}, func(w http.ResponseWriter, _ *http.Request) {
			for piece := range slices.Chunk(file, 1<<10) {
				if _, err := w.Write(piece); err != nil || http.NewResponseController(w).Flush() != nil {
					return
				}
			}
		})
		if sound, err := h.get("/long.wav"); err != nil || sound.Duration() != 20*time.Minute {
			t.Errorf("it breaks off after %v: %v", sound.Duration(), err)
		}
	})
}
