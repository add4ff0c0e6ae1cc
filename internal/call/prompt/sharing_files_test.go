package prompt_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/fetch"
)

func TestCallsAtOnceShareOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{}, trickles(wav(10*time.Second)))
		began := time.Now()
		var calls sync.WaitGroup
		for i := range 20 {
			calls.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				sound, release, err := h.Get(t.Context(), at("/menu.wav"))
				if err != nil {
					t.Error(err)
					return
				}
				defer release()
				if waited := time.Since(began); waited > 2*time.Second {
					t.Errorf("call %d waits %v for the beginning", i, waited)
				}
				if clip, err := sound.Whole(t.Context()); err != nil || clip.Duration() != 10*time.Second {
					t.Errorf("call %d hears %v: %v", i, clip.Duration(), err)
				}
			})
		}
		calls.Wait()
		if asked := h.questions(); len(asked) != 1 {
			t.Errorf("it is asked for %d times", len(asked))
		}
	})
}

// TestWhatHTTPSaysOfKeeping has a row for each thing that an answer may say:
// what is asked for by a second call at once, and by one an hour later.
func TestWhatHTTPSaysOfKeeping(t *testing.T) {
	const ask, tagged = "/f.wav", `/f.wav If-None-Match: "1"`
	for name, row := range map[string]struct {
		headers   []string
		soon, far []string
	}{
		"nothing":            {nil, []string{ask}, []string{ask}},
		"good for a minute":  {[]string{"Cache-Control", "public, max-age=60"}, nil, []string{ask}},
		"good for long":      {[]string{"Cache-Control", "max-age=86400"}, nil, nil},
		"good for all":       {[]string{"Cache-Control", "max-age=0, s-maxage=7200"}, nil, nil},
		"too old already":    {[]string{"Cache-Control", "max-age=60", "Age", "60"}, []string{ask}, []string{ask}},
		"an end":             {[]string{"Date", "Mon, 30 Nov 2026 12:00:00 GMT", "Expires", "Mon, 30 Nov 2026 12:30:00 GMT"}, nil, []string{ask}},
		"an end that is 0":   {[]string{"Expires", "0"}, []string{ask}, []string{ask}},
		"a tag":              {[]string{"ETag", `"1"`}, []string{tagged}, []string{tagged}},
		"a tag, for a while": {[]string{"ETag", `"1"`, "Cache-Control", "max-age=60"}, nil, []string{tagged}},
		"ask each time":      {[]string{"ETag", `"1"`, "Cache-Control", "no-cache, max-age=60"}, []string{tagged}, []string{tagged}},
		"a date":             {[]string{"Last-Modified", "Mon, 30 Nov 2026 12:00:00 GMT"}, []string{"/f.wav If-Modified-Since: Mon, 30 Nov 2026 12:00:00 GMT"}, []string{"/f.wav If-Modified-Since: Mon, 30 Nov 2026 12:00:00 GMT"}},
		"not to be stored":   {[]string{"ETag", `"1"`, "Cache-Control", "no-store"}, []string{ask}, []string{ask}},
		"for one":            {[]string{"ETag", `"1"`, "Cache-Control", "private, max-age=60"}, []string{ask}, []string{ask}},
		"a cookie":           {[]string{"ETag", `"1"`, "Set-Cookie", "who=1"}, []string{ask}, []string{ask}},
		"varies with all":    {[]string{"Cache-Control", "max-age=60", "Vary", "Accept-Encoding, *"}, []string{ask}, []string{ask}},
		"varies":             {[]string{"Cache-Control", "max-age=60", "Vary", "Accept-Encoding"}, nil, []string{ask}},
		"nonsense":           {[]string{"Cache-Control", "max-age=soon"}, []string{ask}, []string{ask}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHost(t, prompt.Config{}, sends(wav(time.Second), row.headers...))
				get := func() []string {
					t.Helper()
					if sound, err := h.get("/f.wav"); err != nil || sound.Duration() != time.Second {
						t.Errorf("it cannot be had: %v", err)
					}
					synctest.Wait()
					return h.questions()
				}
				get()
				soon := get()
				time.Sleep(time.Hour)
				if diff := cmp.Diff([][]string{row.soon, row.far}, [][]string{soon, get()}); diff != "" {
					t.Errorf("asked for at once, and an hour later (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAFileThatHasChangedIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{}, sends(wav(time.Second), "ETag", `"1"`))
		hears := func(want time.Duration) {
			t.Helper()
			sound, err := h.get("/f.wav")
			if err != nil || sound.Duration() != want {
				t.Fatalf("heard is %v, want %v: %v", sound.Duration(), want, err)
			}
			synctest.Wait()
		}
		hears(time.Second)
		h.answers(sends(wav(2*time.Second), "ETag", `"2"`))
		hears(2 * time.Second)
		hears(2 * time.Second)
		// Where the host is down, what was kept is better than nothing …
		h.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		hears(2 * time.Second)
		// … and where it says that there is no such file, there is none.
		h.answers(http.NotFound)
		if _, err := h.get("/f.wav"); err == nil || err.Error() != "http://files.example/f.wav answered 404 Not Found" {
			t.Errorf("a file that is gone: %v", err)
		}
		h.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		if _, err := h.get("/f.wav"); err == nil || !strings.Contains(err.Error(), "502") {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestAChangedFileThatBreaksOffIsNotKept: what has come of it is heard, as of every
// file, and the next call gets all of it.
func TestAChangedFileThatBreaksOffIsNotKept(t *testing.T) {
	for range 10 {
		synctest.Test(t, func(t *testing.T) {
			h := newHost(t, prompt.Config{}, sends(wav(time.Second), "ETag", `"1"`))
			if _, err := h.get("/f.wav"); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			changed := wav(4 * time.Second)
			h.answers(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", strconv.Itoa(len(changed)))
				w.Header().Set("ETag", `"2"`)
				_, _ = w.Write(changed[:len(changed)/2])
				panic(http.ErrAbortHandler)
			})
			sound, err := h.get("/f.wav")
			if err == nil || sound.Duration() < time.Second || sound.Duration() > 2*time.Second {
				t.Fatalf("%v are heard, and then: %v", sound.Duration(), err)
			}
			synctest.Wait()
			h.answers(sends(changed, "ETag", `"2"`))
			if sound, err := h.get("/f.wav"); err != nil || sound.Duration() != 4*time.Second {
				t.Fatalf("the next call hears %v: %v", sound.Duration(), err)
			}
		})
	}
}

// TestWhatIsMeantForOneCallReachesNoOther: three calls ask at once for a file
// that the host makes for each.
func TestWhatIsMeantForOneCallReachesNoOther(t *testing.T) {
	for name, headers := range map[string][]string{"a cookie": {"Set-Cookie", "who=1"}, "not to be stored": {"Cache-Control", "no-store"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHost(t, prompt.Config{}, sends(wav(time.Second), headers...))
				jars := make([]*cookiejar.Jar, 3)
				var calls sync.WaitGroup
				for i := range jars {
					jars[i], _ = cookiejar.New(nil)
					calls.Go(func() {
						r := at("/f.wav")
						r.Jar = jars[i]
						_, release, err := h.Get(t.Context(), r)
						if err != nil {
							t.Error(err)
							return
						}
						release()
					})
				}
				calls.Wait()
				synctest.Wait()
				if asked := h.questions(); len(asked) != len(jars) {
					t.Errorf("it is asked for as %q", asked)
				}
				if headers[0] != "Set-Cookie" {
					return
				}
				for i, jar := range jars {
					if len(jar.Cookies(at("/f.wav").URL)) != 1 {
						t.Errorf("call %d did not get its cookie", i)
					}
				}
				r := at("/f.wav")
				r.Jar = jars[0]
				if _, release, err := h.Get(t.Context(), r); err != nil {
					t.Error(err)
				} else {
					release()
				}
				if diff := cmp.Diff([]string{"/f.wav Cookie: who=1"}, h.questions()); diff != "" {
					t.Errorf("a call with a cookie asks (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAFetchThatNobodyWaitsForEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		h := newHost(t, prompt.Config{}, func(w http.ResponseWriter, r *http.Request) {
			defer close(ended)
			trickles(wav(10*time.Minute))(w, r)
		})
		gone := errors.New("the caller has hung up")
		ctx, hangUp := context.WithCancelCause(t.Context())
		_, first, err := h.Get(ctx, at("/music.wav"))
		if err != nil {
			t.Fatal(err)
		}
		_, second, err := h.Get(ctx, at("/music.wav"))
		if err != nil {
			t.Fatal(err)
		}
		hangUp(gone)
		first()
		first() // a second time does nothing
		time.Sleep(time.Minute)
		select {
		case <-ended:
			t.Fatal("one call still plays it")
		default:
		}
		second()
		<-ended
		h.answers(func(http.ResponseWriter, *http.Request) { time.Sleep(5 * time.Second) })
		ctx, hangUp = context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { hangUp(gone) })
		if _, _, err := h.Get(ctx, at("/slow.wav")); !errors.Is(err, gone) {
			t.Errorf("who hangs up before is told %v", err)
		}
		<-time.After(10 * time.Second)
	})
}

func TestFilesThatCannotBePlayed(t *testing.T) {
	for name, row := range map[string]struct {
		serve http.HandlerFunc
		want  string
	}{
		"no such file":   {http.NotFound, "http://files.example/f.wav answered 404 Not Found"},
		"no sound":       {sends([]byte("<html>")), "HTML"},
		"a stall":        {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "took the request but sent nothing in 15 s"},
		"half a header":  {sends(wav(time.Second)[:20]), "ends within its header"},
		"only a header":  {sends(wav(0)), "holds no sound"},
		"another coding": {sends(wav(time.Second), "Content-Encoding", "br"), "compressed its answer in a way that was not asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHost(t, prompt.Config{}, row.serve)
				if _, err := h.get("/f.wav"); err == nil || !strings.Contains(err.Error(), row.want) {
					t.Errorf("the error is %v, want %q", err, row.want)
				}
				synctest.Wait()
				h.answers(sends(wav(time.Second)))
				if _, err := h.get("/f.wav"); err != nil {
					t.Errorf("afterwards: %v", err)
				}
			})
		})
	}
}

func TestAFileThatStallsIsHeardUntilThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{}, func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(wav(time.Minute)[:44+2*8000])
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		began := time.Now()
		sound, release, err := h.Get(t.Context(), at("/f.wav"))
		if err != nil || time.Since(began) > 0 {
			t.Fatalf("it begins after %v: %v", time.Since(began), err)
		}
		defer release()
		clip, err := sound.Whole(t.Context())
		if clip.Duration() != time.Second || time.Since(began) != 10*time.Second {
			t.Errorf("%v are heard after %v", clip.Duration(), time.Since(began))
		}
		if e, ok := errors.AsType[*fetch.Error](err); !ok || e.Kind != fetch.Timeout {
			t.Errorf("it breaks off with %v", err)
		}
	})
}

func TestWhoIsAskedIsAllowedAndReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t, prompt.Config{}, sends(wav(time.Second), "Cache-Control", "max-age=60"))
		refused := errors.New("it was down a moment ago")
		r := at("/f.wav")
		r.Allow = func() error { return refused }
		if _, _, err := h.Get(t.Context(), r); !errors.Is(err, refused) || len(h.questions()) > 0 {
			t.Errorf("what is not allowed: %v", err)
		}
		var reports []int
		r.Allow, r.Report = nil, func(status int, _ error) { reports = append(reports, status) }
		for range 2 {
			_, release, err := h.Get(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			release()
			synctest.Wait()
		}
		if diff := cmp.Diff([]int{http.StatusOK}, reports); diff != "" {
			t.Errorf("reported (-want +got):\n%s", diff)
		}
	})
}

// endless serves a file that never ends, as fast as it is read.
func endless(w http.ResponseWriter, _ *http.Request) {
	_, err := w.Write(wav(0)[:40])
	if err == nil {
		_, err = io.WriteString(w, "\xff\xff\xff\xff")
	}
	for chunk := make([]byte, 64<<10); err == nil; {
		_, err = w.Write(chunk)
	}
}
