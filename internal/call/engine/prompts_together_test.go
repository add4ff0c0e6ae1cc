package engine_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// TestPromptsOfAllCallsShareABudget: thirty calls each get a file of which ten
// mebibytes come at once and the rest never does. Meanwhile somebody else's
// short file plays.
func TestPromptsOfAllCallsShareABudget(t *testing.T) {
	const callers, endless = 30, 10 << 20
	head := sound[:42] + "\xff\xff\xff\xff" // as programs write that do not know the length
	chunk := make([]byte, 64<<10)
	synctest.Test(t, func(t *testing.T) {
		var placed, arrived atomic.Int32
		goOn := make(chan struct{})
		c := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			path, _, _ := strings.Cut(r.URL.Path, "-")
			switch path {
			case "/start":
				_, _ = fmt.Fprintf(w, "<Response><Play>/endless.wav-%d</Play></Response>", placed.Add(1))
			case "/honest":
				_, _ = io.WriteString(w, "<Response><Play>/short.wav</Play></Response>")
			case "/short.wav":
				_, _ = io.WriteString(w, sound)
			case "/endless.wav":
				_, _ = io.WriteString(w, head)
				for sent := 0; sent < endless; sent += len(chunk) {
					if _, err := w.Write(chunk); err != nil {
						return
					}
				}
				_ = http.NewResponseController(w).Flush()
				arrived.Add(1)
				<-goOn
			}
		}))
		var before, during runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var calls sync.WaitGroup
		var refused atomic.Int32
		for range callers {
			calls.Go(func() {
				_, events := c.place(newHandset())
				if strings.Contains(fmt.Sprint(story(events)), "prompts of all calls") {
					refused.Add(1)
				}
			})
		}
		synctest.Wait()
		runtime.GC()
		runtime.ReadMemStats(&during)
		held := int64(during.HeapAlloc) - int64(before.HeapAlloc)
		t.Logf("%d MB are held for %d calls", held>>20, callers)
		if most := int64(160 << 20); held > most {
			t.Errorf("%d MB are held for %d calls, want at most %d", held>>20, callers, most>>20)
		}
		honest := newHandset()
		_, events := c.placeCall(honest, engine.Call{URL: at("http://responder.example/honest")})
		if told := fmt.Sprint(story(events)); strings.Contains(told, "SH320") || !strings.Contains(told, "short.wav") {
			t.Errorf("a short file is not played beside them: %s", told)
		}
		close(goOn)
		calls.Wait()
		if got := refused.Load(); got == 0 || got == callers {
			t.Errorf("%d of %d calls were told that there is no room", got, callers)
		}
		// What was taken is given back.
		_, events = c.placeCall(newHandset(), engine.Call{URL: at("http://responder.example/honest")})
		if told := fmt.Sprint(story(events)); strings.Contains(told, "SH320") {
			t.Errorf("afterwards: %s", told)
		}
	})
}

// TestAFileWithoutAnEndIsNotPlayed: what is longer than any sound is refused as a
// whole, by Lines that wait for it, rather than sent to them up to there.
func TestAFileWithoutAnEndIsNotPlayed(t *testing.T) {
	head, chunk := sound[:42]+"\xff\xff\xff\xff", make([]byte, 64<<10)
	synctest.Test(t, func(t *testing.T) {
		c := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/start" {
				_, _ = io.WriteString(w, "<Response><Play>/endless.wav</Play><Say>Bye.</Say></Response>")
				return
			}
			_, err := io.WriteString(w, head)
			for err == nil {
				_, err = w.Write(chunk)
			}
		}))
		_, events := c.place(newHandset())
		told := fmt.Sprint(story(events))
		if strings.Contains(told, "plays") || !strings.Contains(told, "SH320") || !strings.Contains(told, "Bye.") {
			t.Errorf("the call is %s", told)
		}
	})
}
