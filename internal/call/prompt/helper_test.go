package prompt_test

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/test/pipenet"
)

// host is where files are fetched from. Call it in a bubble.
type host struct {
	*prompt.Library
	t *testing.T

	mu    sync.Mutex
	asked []string // for what, with the headers that ask whether it has changed
	serve http.HandlerFunc
}

func newHost(t *testing.T, c prompt.Config, serve http.HandlerFunc) *host {
	t.Helper()
	h := &host{t: t, serve: serve}
	c.Client = fetch.New(fetch.Options{Dial: pipenet.Serve(t, h).Dial})
	h.Library = prompt.New(c)
	t.Cleanup(func() {
		h.Close()
		c.Client.CloseIdle()
	})
	return h
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	line := r.URL.Path
	for _, name := range []string{"If-None-Match", "If-Modified-Since", "Cookie"} {
		if value := r.Header.Get(name); value != "" {
			line += fmt.Sprintf(" %s: %s", name, value)
		}
	}
	h.asked = append(h.asked, line)
	serve := h.serve
	h.mu.Unlock()
	serve(w, r)
}

// answers sets what is served from now on.
func (h *host) answers(serve http.HandlerFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.serve = serve
}

// questions returns what was asked for since the last time.
func (h *host) questions() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	asked := h.asked
	h.asked = nil
	return asked
}

// at asks for a path.
func at(path string) prompt.Request {
	return prompt.Request{URL: &url.URL{Scheme: "http", Host: "files.example", Path: path}}
}

// get gets a file and gives it back at once.
func (h *host) get(path string) (*audio.Sound, error) {
	h.t.Helper()
	sound, release, err := h.Get(h.t.Context(), at(path))
	if err == nil {
		defer release()
		if _, err := sound.Whole(h.t.Context()); err != nil {
			return sound, err
		}
	}
	return sound, err
}

// wav is a file of so much sound.
func wav(d time.Duration) []byte {
	samples := audio.Samples(d)
	b := []byte("RIFF....WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data")
	b = binary.LittleEndian.AppendUint32(b, uint32(2*samples))
	for i := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(i)))
	}
	return b
}

// sends serves a file with headers.
func sends(file []byte, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		if tag := w.Header().Get("ETag"); tag != "" && r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = w.Write(file)
	}
}

// trickles serves a file of which a second of sound comes each second.
func trickles(file []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		flush := http.NewResponseController(w)
		for len(file) > 0 {
			n := min(len(file), 2*audio.Rate)
			if _, err := w.Write(file[:n]); err != nil || flush.Flush() != nil {
				return
			}
			file = file[n:]
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
				return
			}
		}
	}
}
