package simulator

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// Voice speaks text.
type Voice interface {
	Speak(ctx context.Context, u speech.Utterance) (audio.Clip, error)
}

// soundtrack is what the caller hears, from the answer on. A nil soundtrack is
// silent.
type soundtrack struct {
	voice Voice // nil: speech is silence of its length
	clip  audio.Clip
}

// speak returns text as sound, nil where there is no voice.
func (s *soundtrack) speak(ctx context.Context, p engine.Speech) (audio.Clip, error) {
	if s == nil || s.voice == nil {
		return nil, nil
	}
	return s.voice.Speak(ctx, speech.Utterance{Text: p.Text, Voice: p.Voice, Language: p.Language})
}

// prompt adds a sound that was heard between two moments.
func (s *soundtrack) prompt(from, to time.Duration, clip audio.Clip) {
	if s == nil {
		return
	}
	s.mix(from, clip[:min(len(clip), audio.Samples(to-from))])
	s.silence(to)
}

// mix adds a sound to what is heard from a moment on: a key's tone comes while
// a prompt is played.
func (s *soundtrack) mix(at time.Duration, clip audio.Clip) {
	from := audio.Samples(at)
	s.silence(at)
	if missing := from + len(clip) - len(s.clip); missing > 0 {
		s.clip = append(s.clip, make(audio.Clip, missing)...)
	}
	for i, sample := range clip {
		sum := int(s.clip[from+i]) + int(sample)
		s.clip[from+i] = int16(max(math.MinInt16, min(math.MaxInt16, sum)))
	}
}

// key adds the tone of a key, which the caller's own telephone makes.
func (s *soundtrack) key(at time.Duration, key byte) {
	if s == nil || key == 0 {
		return
	}
	if tone, err := audio.DTMF(string(key), toneTime, 0); err == nil {
		s.mix(at, tone)
	}
}

// silence fills up to a moment.
func (s *soundtrack) silence(to time.Duration) {
	if missing := audio.Samples(to) - len(s.clip); missing > 0 {
		s.clip = append(s.clip, make(audio.Clip, missing)...)
	}
}

// recordings serves what callers recorded, on loopback, so that the responder
// can get it. It listens once there is something to serve.
type recordings struct {
	mu     sync.Mutex
	clips  []audio.Clip
	server *http.Server
	served sync.WaitGroup
	origin string
}

// add keeps a recording and returns its URL.
func (r *recordings) add(ctx context.Context, clip audio.Clip) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.server == nil {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return "", fmt.Errorf("serve the recording: %w", err)
		}
		r.origin = "http://" + listener.Addr().String()
		r.server = &http.Server{Handler: r, ReadHeaderTimeout: time.Second}
		r.served.Go(func() { _ = r.server.Serve(listener) })
	}
	r.clips = append(r.clips, clip)
	return fmt.Sprintf("%s/recordings/%d.wav", r.origin, len(r.clips)), nil
}

// ServeHTTP serves /recordings/N.wav.
func (r *recordings) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	name := strings.TrimSuffix(strings.TrimPrefix(req.URL.Path, "/recordings/"), ".wav")
	n, err := strconv.Atoi(name)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || n < 1 || n > len(r.clips) {
		http.NotFound(w, req)
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	_ = audio.WriteWAV(w, r.clips[n-1]) // the responder may have gone
}

func (r *recordings) close() {
	r.mu.Lock()
	server := r.server
	r.mu.Unlock()
	if server != nil {
		_ = server.Close()
		r.served.Wait()
	}
}
