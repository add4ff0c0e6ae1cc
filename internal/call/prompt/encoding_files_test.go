package prompt_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/prompt"
)

// encode has a sound encoded for all phones, and returns the error of the last
// that is not whole.
func encode(sound *audio.Sound) (err error) {
	for _, c := range []audio.Codec{audio.PCMU, audio.PCMA, audio.G722} {
		f := sound.Frames(c)
		synctest.Wait()
		if ended, broke := f.Ended(); broke != nil || !ended {
			err = errors.Join(errors.New("it is not whole"), broke)
		}
	}
	return err
}

// TestWhatIsEncodedTakesUpRoom: 20 s are 320 KiB, and 160 in each codec.
func TestWhatIsEncodedTakesUpRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{Memory: 1 << 20}, sends(wav(20*time.Second), "Cache-Control", "max-age=86400"))
		sound, release, err := h.Get(t.Context(), at("/a"))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := encode(sound); err != nil {
			t.Fatal(err)
		}
		if _, err := h.get("/b"); err == nil {
			t.Error("another file finds room beside it")
		} else if _, ok := errors.AsType[*prompt.RoomError](err); !ok {
			t.Error(err)
		}
		release()
		_, release, err = h.Get(t.Context(), at("/b"))
		if err != nil {
			t.Fatal("where nobody plays it, another has no room:", err)
		}
		synctest.Wait()
		if _, err := h.get("/c"); err != nil {
			t.Error("it has not given back all its room:", err)
		}
		release()
	})
}

// TestWhatIsEncodedOfAFileThatHasNotChangedIsShared: the host says each time that
// the file is still good, which calls play meanwhile. Its room is taken up once,
// and given back once.
func TestWhatIsEncodedOfAFileThatHasNotChangedIsShared(t *testing.T) {
	for name, held := range map[string]bool{"not played": false, "played": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHost(t, prompt.Config{Memory: 2 << 20}, sends(wav(20*time.Second), "ETag", `"1"`))
				before := func() {}
				var first *audio.Frames
				for i := range 20 {
					sound, release, err := h.Get(t.Context(), at("/a"))
					if err != nil {
						t.Fatalf("time %d: %v", i, err)
					}
					if err := encode(sound); err != nil {
						t.Fatalf("time %d: %v", i, err)
					}
					if f := sound.Frames(audio.PCMU); first == nil {
						first = f
					} else if f != first {
						t.Fatalf("time %d: it is encoded again", i)
					}
					before()
					if before = release; !held {
						release()
						before = func() {}
					}
				}
				before()
				synctest.Wait()
				for _, path := range []string{"/b", "/c", "/d", "/e"} { // /a leaves its room to them
					if err := h.hold(path); err != nil {
						t.Error(path, err)
					}
				}
			})
		})
	}
}

// hold gets a file that is played until the end of the test.
func (h *host) hold(path string) error {
	sound, release, err := h.Get(h.t.Context(), at(path))
	if err == nil {
		h.t.Cleanup(release)
		err = sound.WaitEnd(h.t.Context())
	}
	return err
}

// TestWhatIsEncodedIsCountedForTheNextWhoPlaysIt: the first is no longer there.
func TestWhatIsEncodedIsCountedForTheNextWhoPlaysIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{Memory: 1 << 20}, sends(wav(20*time.Second), "ETag", `"1"`))
		sound, err := h.get("/a")
		if err != nil {
			t.Fatal(err)
		}
		if err := encode(sound); err != nil {
			t.Fatal(err)
		}
		if err := h.hold("/a"); err != nil {
			t.Fatal(err)
		}
		if err := h.hold("/b"); err == nil {
			t.Error("another file finds room beside it")
		}
	})
}

// TestWhatFindsNoRoomIsEncodedLater: what is played meanwhile stops there.
func TestWhatFindsNoRoomIsEncodedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{Memory: 1 << 20}, sends(wav(20*time.Second), "Cache-Control", "max-age=86400"))
		sound, release, err := h.Get(t.Context(), at("/a"))
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		_, other, err := h.Get(t.Context(), at("/b"))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		err = encode(sound)
		if _, ok := errors.AsType[*prompt.RoomError](err); !ok {
			t.Errorf("all of it found room: %v", err)
		}
		other()
		if err := encode(sound); err != nil {
			t.Errorf("it does not go on: %v", err)
		}
	})
}

// TestEncodingEndsWhereNobodyPlays: what was encoded of a sound that is forgotten
// takes up nothing more.
func TestEncodingEndsWhereNobodyPlays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{}, trickles(wav(20*time.Second)))
		sound, release, err := h.Get(t.Context(), at("/a"))
		if err != nil {
			t.Fatal(err)
		}
		f := sound.Frames(audio.PCMU)
		time.Sleep(2500 * time.Millisecond)
		synctest.Wait()
		if f.Len() < 2*audio.ByteRate {
			t.Errorf("after 2.5 s %d bytes were encoded", f.Len())
		}
		release()
		synctest.Wait()
		if ended, err := f.Ended(); !ended || err == nil {
			t.Errorf("it ended %v with %v", ended, err)
		}
	})
}

// TestNothingIsEncodedOnceTheLibraryIsClosed: closing waits for no long file.
func TestNothingIsEncodedOnceTheLibraryIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{}, sends(wav(20*time.Second)))
		sound, release, err := h.Get(t.Context(), at("/a"))
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		synctest.Wait()
		h.Close()
		f := sound.Frames(audio.PCMU)
		synctest.Wait()
		if ended, err := f.Ended(); !ended || err == nil || f.Len() > 0 {
			t.Errorf("%d bytes were encoded, ended %v with %v", f.Len(), ended, err)
		}
	})
}
