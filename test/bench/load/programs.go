//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// service is a number of the server that load starts, and the responder that answers it.
type service struct{ number, path, prompt string }

var (
	cached  = service{"12125551201", "/tone", "a Play that is cached"}
	say     = service{"12125551202", "/say", "a Say of new words"}
	slow    = service{"12125551203", "/slow", "a Play of 30 min at 32 KB/s"}
	connect = service{"12125551204", "/connect", "a stream"}
)

func services() []service { return []service{cached, say, slow, connect} }

// programs are the responders of the services, on one HTTP server.
type programs struct {
	server  *http.Server
	address string
	tone    audio.Clip   // a minute of it
	wav     []byte       // the same
	count   atomic.Int64 // of what was asked for, so that none is like another

	mu      sync.Mutex
	talkers map[string]*talker // by the number of the caller
}

func startPrograms(ctx context.Context) (*programs, error) {
	tone, err := audio.DTMF("5", time.Minute, 0)
	if err != nil {
		return nil, err
	}
	var wav bytes.Buffer
	if err := audio.WriteWAV(&wav, tone); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &programs{address: listener.Addr().String(), tone: tone, wav: wav.Bytes(), talkers: make(map[string]*talker)}
	paths := http.NewServeMux()
	paths.HandleFunc(cached.path, func(w http.ResponseWriter, _ *http.Request) { p.prompt(w, "<Play>/minute.wav</Play>") })
	paths.HandleFunc(say.path, func(w http.ResponseWriter, _ *http.Request) {
		p.prompt(w, fmt.Sprintf("<Say>Welcome, caller %d. Press 1 for sales, or press 2 for support.</Say>", p.count.Add(1)))
	})
	paths.HandleFunc(slow.path, func(w http.ResponseWriter, _ *http.Request) {
		p.prompt(w, fmt.Sprintf("<Play>/slow.wav?%d</Play>", p.count.Add(1)))
	})
	paths.HandleFunc(connect.path, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `<Connect><Stream url="ws://%s/stream?caller=%s"/></Connect>`, p.address, url.QueryEscape(r.FormValue("NmsAni")))
	})
	paths.HandleFunc("/minute.wav", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		_, _ = w.Write(p.wav)
	})
	paths.HandleFunc("/slow.wav", p.slowly)
	paths.HandleFunc("/stream", p.talk)
	p.server = &http.Server{Handler: paths, ReadHeaderTimeout: patience}
	go func() { _ = p.server.Serve(listener) }() // until Close
	return p, nil
}

// prompt writes a document that plays something, and waits for a key, for an hour.
func (p *programs) prompt(w http.ResponseWriter, what string) {
	_, _ = fmt.Fprintf(w, `<Gather timeout="3600">%s</Gather>`, what)
}

// slowly writes a WAV of half an hour as it comes over a slow line: 32 KB a second, which
// is twice what its sound takes.
func (p *programs) slowly(w http.ResponseWriter, r *http.Request) {
	const (
		halfHour = 30 * 60 * rate // samples
		pieces   = 50             // a second
		piece    = 32 << 10 / pieces
	)
	if err := audio.WriteWAVHeader(w, halfHour, rate); err != nil {
		return // it has hung up
	}
	sound, flush := p.wav[audio.WAVHeaderSize:], http.NewResponseController(w)
	_ = paced(r.Context(), 2*halfHour/piece, pieces, func(i int) error { // until it hangs up
		at := i * piece % (len(sound) - piece)
		if _, err := w.Write(sound[at : at+piece]); err != nil {
			return err
		}
		return flush.Flush()
	})
}
