package engine_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// TestFilesOfADocumentComeTogether: one after the other they would keep the caller
// waiting between the prompts.
func TestFilesOfADocumentComeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/start" {
				_, _ = io.WriteString(w, `<Response><Play>a.wav</Play><Gather timeout="1"><Play>b.wav</Play><Play>c.wav</Play></Gather><Play>a.wav</Play></Response>`)
				return
			}
			time.Sleep(time.Second)
			w.Header().Set("Cache-Control", "max-age=60")
			_, _ = io.WriteString(w, sound)
		}))
		began := time.Now()
		_, events := c.place(newHandset())
		if took := time.Since(began); took != time.Second || len(of[trace.Play](events)) != 4 {
			t.Errorf("the files keep the call waiting for %v: %v", took, story(events))
		}
	})
}

// TestFewFilesAreAskedForAtOnce: a document with hundreds is no weapon, and those
// that nobody will hear are given up.
func TestFewFilesAreAskedForAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		startURL := at(start)
		var asking, most atomic.Int32
		c := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/start" {
				var b strings.Builder
				for i := range 300 {
					fmt.Fprintf(&b, "<Play>%d.wav</Play>", i)
				}
				_, _ = io.WriteString(w, "<Response>"+b.String()+"</Response>")
				return
			}
			now := asking.Add(1)
			defer asking.Add(-1)
			most.Store(max(most.Load(), now))
			select {
			case <-time.After(time.Minute):
			case <-r.Context().Done():
			}
		}))
		ctx, hangUp := contextWithHangup(t)
		time.AfterFunc(2*time.Second, hangUp)
		c.engine.Run(ctx, newHandset(), engine.Call{URL: startURL, Facts: facts}, func(trace.Stamped) {})
		synctest.Wait()
		if most.Load() > 8 || asking.Load() > 0 {
			t.Errorf("%d files were asked for at once, and %d still are", most.Load(), asking.Load())
		}
	})
}
