package simulator_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// file serves a sound of a length, none of which is silent, of which so many bytes come a second; after cut
// nothing more comes, and the connection breaks.
func file(t *testing.T, length time.Duration, rate int, cut time.Duration) http.HandlerFunc {
	t.Helper()
	music := audio.Silence(length)
	for i := range music {
		music[i] = 1000
	}
	var wav bytes.Buffer
	if err := audio.WriteWAV(&wav, music); err != nil {
		t.Fatal(err)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		for sent, rest := time.Duration(0), wav.Bytes(); len(rest) > 0; sent += 100 * time.Millisecond {
			if cut > 0 && sent >= cut {
				panic(http.ErrAbortHandler)
			}
			n := min(len(rest), rate/10)
			if _, err := w.Write(rest[:n]); err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			rest = rest[n:]
			select {
			case <-time.After(100 * time.Millisecond): // by the bubble's clock
			case <-r.Context().Done():
				return
			}
		}
	}
}

// withFile answers as a handler does, but each sound with the file.
func withFile(d http.Handler, f http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".wav") {
			f(w, r)
			return
		}
		d.ServeHTTP(w, r)
	})
}

// TestALongFileBeginsAtOnce: half an hour of music comes at 32 KB a second, for a
// quarter of an hour. The caller hears it from the first moment on, and stops it.
func TestALongFileBeginsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		speaker := &loudspeaker{}
		music := file(t, 30*time.Minute, 32_000, 0)
		p := dial(t, simulator.Options{Hear: true, Handler: withFile(documents{
			"/":    `<Gather numDigits="1" action="/end"><Play>/music.wav</Play></Gather>`,
			"/end": `<Hangup/>`,
		}, music)}, func(p *person) { p.Speaker = speaker })
		p.at(20 * time.Second)
		p.Press('1')
		p.events()
		var heard trace.Play
		for _, stamped := range p.result.Events {
			if e, ok := stamped.Event.(trace.Play); ok {
				heard = e
			}
		}
		if heard.Seconds < 19.7 || heard.Seconds > 20 || !heard.Barged {
			t.Errorf("of the music %v s are heard (stopped %v), want all of 20", heard.Seconds, heard.Barged)
		}
		if got := p.result.Heard[audio.Samples(time.Second):audio.Samples(19*time.Second)]; quiet(got) > 200*time.Millisecond {
			t.Errorf("it is silent for %v", quiet(got))
		}
	})
}

// quiet returns the longest silence in a clip.
func quiet(c audio.Clip) time.Duration {
	longest, now := 0, 0
	for _, s := range c {
		if now++; s != 0 {
			now = 0
		}
		longest = max(longest, now)
	}
	return c[:longest].Duration()
}

// TestAFileThatComesSlowlyIsHeardAsItComes: with gaps, and to its end.
func TestAFileThatComesSlowlyIsHeardAsItComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := dial(t, simulator.Options{Hear: true, Handler: withFile(documents{"/": `<Response><Play>/slow.wav</Play><Hangup/></Response>`},
			file(t, 20*time.Second, 8000, 0))}) // for twice as long as it plays
		p.events()
		if got := p.result.Events[len(p.result.Events)-1].At.Round(time.Second); got != 40*time.Second {
			t.Errorf("the call ends after %v, want 40s", got)
		}
		loud := 0
		for _, s := range p.result.Heard {
			if s != 0 {
				loud++
			}
		}
		if got := p.result.Heard[:loud].Duration().Round(time.Second); got != 20*time.Second {
			t.Errorf("%v of it are heard, want 20s", got)
		}
	})
}

// TestAFileThatBreaksOffIsHeardUntilThere: and the call goes on.
func TestAFileThatBreaksOffIsHeardUntilThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := dial(t, simulator.Options{Handler: withFile(documents{"/": `<Response><Play>/music.wav</Play><Say>Sorry.</Say></Response>`},
			file(t, time.Minute, 32_000, 10*time.Second))})
		p.events()
		lines := strings.Join(told(p.result.Events), "\n")
		for _, want := range []string{"plays " + target + "music.wav", "warning SH320: line 1: the file breaks off", `"Sorry."`} {
			if !strings.Contains(lines, want) {
				t.Errorf("the call has no line %q:\n%s", want, lines)
			}
		}
		var at []time.Duration
		for _, stamped := range p.result.Events {
			if _, ok := stamped.Event.(trace.Say); ok {
				at = append(at, stamped.At.Round(time.Second))
			}
		}
		if diff := cmp.Diff([]time.Duration{20 * time.Second}, at); diff != "" { // 320 KB
			t.Errorf("the next words come (-want +got):\n%s", diff)
		}
	})
}

// TestForkHearsAFileThatStillComes: four seconds of it, then the caller interrupts.
func TestForkHearsAFileThatStillComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		remote := &program{documents: documents{
			"/":    `<Response><Start><Stream url="/stream" track="outbound"/></Start><Gather numDigits="1" action="end"><Play>/music.wav</Play></Gather></Response>`,
			"/end": `<Say>That was the music.</Say>`, // which nobody speaks
		}}
		p := dial(t, simulator.Options{Handler: withFile(remote, file(t, time.Minute, 20_000, 0))})
		p.at(4 * time.Second)
		p.Press('1')
		p.events()
		synctest.Wait()
		if remote.heard < 195 || remote.heard > 202 {
			t.Errorf("the program hears %d frames of the music, want those of four seconds", remote.heard)
		}
	})
}
