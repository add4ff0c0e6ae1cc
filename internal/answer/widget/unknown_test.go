package widget_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/widget"
)

// TestAnUnknownIDCostsNoCompression: anybody can ask for any number of them.
func TestAnUnknownIDCostsNoCompression(t *testing.T) {
	ask := func(id string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/widget.js?id="+id, http.NoBody)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		widget.Unknown(id).ServeHTTP(w, r)
		return w
	}
	w := ask("first")
	if coding := w.Header().Get("Content-Encoding"); coding != "" {
		t.Errorf("it is compressed: %s", coding)
	}
	const asked = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range asked {
		ask(fmt.Sprint("unknown-", i))
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / asked; each > 32<<10 {
		t.Errorf("each takes %d bytes", each)
	}
}
