package prompt_test

import (
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/soundcache"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// starts starts a server with what is on disk, as often as it is called.
func starts(t *testing.T, folder string) prompt.Config {
	t.Helper()
	disk, err := soundcache.Open(soundcache.Config{Folder: folder, Bytes: 4 << 20, Age: 7 * 24 * time.Hour, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return prompt.Config{Disk: disk}
}

// count returns how many sounds a folder has.
func count(t *testing.T, folder string) int {
	t.Helper()
	n, err := soundcache.Count(folder)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// saying says a text on a server that is started for it, and returns how long its
// sound is.
func saying(t *testing.T, folder string, v speech.Voice, texts ...string) (sources []prompt.Source) {
	t.Helper()
	c := starts(t, folder)
	c.Voice, c.Count = v, func(s prompt.Source) { sources = append(sources, s) }
	l := prompt.New(c)
	defer l.Close()
	for _, text := range texts {
		sound, release, err := l.Say(t.Context(), speech.Utterance{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if err := sound.WaitEnd(t.Context()); err != nil || sound.Duration() != 3*time.Second {
			t.Errorf("%q takes %v: %v", text, sound.Duration(), err)
		}
		release()
		synctest.Wait()
	}
	return sources
}

func TestATextIsSpokenOnceForAllStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder, v := t.TempDir(), &slow{}
		got := saying(t, folder, v, "hello", "hello", "Press 1 for sales, 2 for support, 3 or 4.")
		got = append(got, saying(t, folder, v, "hello", "Press 1 for sales, 2 for support, 3 or 4.", "Hello")...)
		want := []prompt.Source{prompt.Made, prompt.Memory, prompt.Made, prompt.Disk, prompt.Disk, prompt.Made}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("it comes from (-want +got):\n%s", diff)
		}
		// Damage is not heard.
		files, err := filepath.Glob(filepath.Join(folder, "*.sound"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, file := range files {
			if err := os.Truncate(file, 1000); err != nil {
				t.Fatal(err)
			}
		}
		if got := saying(t, folder, v, "hello"); !slices.Equal(got, []prompt.Source{prompt.Made}) {
			t.Errorf("it comes from %v", got)
		}
	})
}

// TestTextsWithNumbersStayOffTheDisk: they are about one person.
func TestTextsWithNumbersStayOffTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		saying(t, folder, &slow{}, "You called from +1 (212) 555-0123.", "2 1 2. 5 5 5. 0 1 2 3", "Your code is 48291.",
			"\u0661\u0662\u0661\u0662\u0665\u0665\u0665", "call 2125550123, now")
		if n := count(t, folder); n != 0 {
			t.Errorf("%d sounds are on disk", n)
		}
	})
}

func TestABrokenTextIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		c := starts(t, folder)
		c.Voice = &slow{breaks: os.ErrDeadlineExceeded}
		l := prompt.New(c)
		sound, release, err := l.Say(t.Context(), hello)
		if err != nil {
			t.Fatal(err)
		}
		_ = sound.WaitEnd(t.Context())
		release()
		l.Close()
		if n := count(t, folder); n != 0 {
			t.Errorf("%d sounds are on disk", n)
		}
	})
}

// TestFilesOutliveTheServer: after each start the host is asked for what HTTP says,
// and no more.
func TestFilesOutliveTheServer(t *testing.T) {
	fresh := []string{"Cache-Control", "max-age=3600", "ETag", `"a"`}
	stale := []string{"Cache-Control", "no-cache", "ETag", `"a"`}
	down := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	gone := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }
	short, long := wav(time.Second), wav(2*time.Second)
	for name, tt := range map[string]struct {
		first, second http.HandlerFunc
		later         time.Duration // between the starts
		asked         []string      // after the second
		hears         time.Duration // nought: it cannot be had
		left          int           // on disk
	}{
		"good":                    {sends(short, fresh...), gone, time.Minute, nil, time.Second, 1},
		"no longer good":          {sends(short, fresh...), sends(long, fresh...), 2 * time.Hour, []string{`/f If-None-Match: "a"`}, time.Second, 1},
		"another one":             {sends(short, fresh...), sends(long, "ETag", `"b"`), 2 * time.Hour, []string{`/f If-None-Match: "a"`}, 2 * time.Second, 1},
		"asked each time":         {sends(short, stale...), sends(short, stale...), time.Minute, []string{`/f If-None-Match: "a"`}, time.Second, 1},
		"its host is down":        {sends(short, stale...), down, time.Hour, []string{`/f If-None-Match: "a"`}, time.Second, 1},
		"gone":                    {sends(short, stale...), gone, time.Hour, []string{`/f If-None-Match: "a"`}, 0, 0},
		"for one call by now":     {sends(short, stale...), sends(long, "Cache-Control", "private"), time.Hour, []string{`/f If-None-Match: "a"`}, 2 * time.Second, 0},
		"for one call":            {sends(short, "Cache-Control", "no-store"), sends(long, fresh...), time.Minute, []string{"/f"}, 2 * time.Second, 1},
		"too old":                 {sends(short, stale...), sends(long, fresh...), 8 * 24 * time.Hour, []string{"/f"}, 2 * time.Second, 1},
		"good once, never asked":  {sends(short, "Cache-Control", "max-age=60"), sends(long), time.Hour, []string{"/f"}, 2 * time.Second, 0},
		"good, and without a tag": {sends(short, "Cache-Control", "max-age=60"), gone, time.Second, nil, time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				folder := t.TempDir()
				if _, err := newHost(t, starts(t, folder), tt.first).get("/f"); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				time.Sleep(tt.later)
				h := newHost(t, starts(t, folder), tt.second)
				sound, err := h.get("/f")
				synctest.Wait()
				if (err == nil) != (tt.hears > 0) || err == nil && sound.Duration() != tt.hears {
					t.Errorf("heard is %v: %v", sound, err)
				}
				if diff := cmp.Diff(tt.asked, h.questions()); diff != "" {
					t.Errorf("the host is asked (-want +got):\n%s", diff)
				}
				if n := count(t, folder); n != tt.left {
					t.Errorf("%d sounds are on disk, want %d", n, tt.left)
				}
			})
		})
	}
}

// TestFilesOfOneCallStayOffTheDisk: a cookie may make it another file.
func TestFilesOfOneCallStayOffTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		h := newHost(t, starts(t, folder), sends(wav(time.Second), "Cache-Control", "max-age=60"))
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		r := at("/f")
		jar.SetCookies(r.URL, []*http.Cookie{{Name: "caller", Value: "12125550123"}})
		r.Jar = jar
		sound, release, err := h.Get(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		_ = sound.WaitEnd(t.Context())
		release()
		synctest.Wait()
		if n := count(t, folder); n != 0 {
			t.Errorf("%d sounds are on disk", n)
		}
	})
}

// TestWhatIsOnDiskFindsRoom: reading from disk takes memory as fetching does, and
// gives it back.
func TestWhatIsOnDiskFindsRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := t.TempDir()
		c := starts(t, folder)
		c.Memory = 1 << 20
		h := newHost(t, c, sends(wav(20*time.Second), "Cache-Control", "no-cache", "ETag", `"a"`))
		for path := range strings.FieldsSeq(strings.Repeat("/a /b /c /d /e ", 8)) {
			if _, err := h.get(path); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
	})
}

// chooser is a voice that the settings make a woman's.
type chooser struct{ slow }

func (c *chooser) Choose(u speech.Utterance) speech.Utterance {
	u.Voice = "female"
	return u
}

func TestWhatSoundsTheSameIsSpokenOnce(t *testing.T) {
	v := &chooser{}
	speaking(t, v, func(t *testing.T, l *prompt.Library) {
		for _, u := range []speech.Utterance{{Text: "hello"}, {Text: "hello", Voice: "female"}} {
			sound, release, err := l.Say(t.Context(), u)
			if err != nil {
				t.Fatal(err)
			}
			if err := sound.WaitEnd(t.Context()); err != nil {
				t.Error(err)
			}
			release()
		}
		if got := v.runs.Load(); got != 1 {
			t.Errorf("it spoke %d times", got)
		}
	})
}
