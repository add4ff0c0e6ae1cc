package voice

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// ServeHTTP serves RecordingPath followed by an id and .wav.
func (f *Folder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	name, ours := strings.CutPrefix(req.URL.Path, RecordingPath)
	if !ours || !recordingName.MatchString(name) || filepath.Ext(name) != recordingEnd {
		f.config.Else.ServeHTTP(w, req)
		return
	}
	file, err := os.Open(f.path(name))
	if err != nil {
		f.config.Else.ServeHTTP(w, req)
		return
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		http.NotFound(w, req)
	case req.Method != http.MethodGet && req.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "a recording is only read", http.StatusMethodNotAllowed)
	default:
		w.Header().Set("Content-Type", "audio/wav")
		w.Header().Set("Cache-Control", "private, no-store")
		http.ServeContent(w, req, "", info.ModTime(), file)
	}
}
