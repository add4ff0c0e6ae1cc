package audio

import (
	"io"
	"net/http"
	"time"
)

// ServeWAV answers a request for a recording of a person with a WAV file, or a part
// of it. No cache is to store it. Made is when it was made; zero: that is not said.
func ServeWAV(w http.ResponseWriter, req *http.Request, made time.Time, file io.ReadSeeker) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "a recording is only read", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("Cache-Control", "private, no-store")
	http.ServeContent(w, req, "", made, file)
}
