package simulator

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// Recordings serves what callers recorded, on loopback, so that the responder
// can get it. It listens once there is something to serve. The zero value will do;
// it has to be closed.
type Recordings struct {
	mu     sync.Mutex
	clips  []audio.Clip
	server *http.Server
	served sync.WaitGroup
	origin string
}

// Add keeps a recording and returns its URL.
func (r *Recordings) Add(ctx context.Context, clip audio.Clip) (string, error) {
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
func (r *Recordings) ServeHTTP(w http.ResponseWriter, req *http.Request) {
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

// Close ends the serving.
func (r *Recordings) Close() {
	r.mu.Lock()
	server := r.server
	r.mu.Unlock()
	if server != nil {
		_ = server.Close()
		r.served.Wait()
	}
}
