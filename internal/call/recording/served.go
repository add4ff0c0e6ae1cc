package recording

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// ServeHTTP serves URLPath followed by an id and .wav.
func (f *Folder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	name, ours := strings.CutPrefix(req.URL.Path, URLPath)
	if !ours || !fileName.MatchString(name) || filepath.Ext(name) != wavEnd {
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
	if err != nil {
		http.NotFound(w, req)
		return
	}
	audio.ServeWAV(w, req, info.ModTime(), file)
}
