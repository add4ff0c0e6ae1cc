package clicktocall_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/internal/answer/clicktocall"
)

// counted is a body without end that counts what is read of it.
type counted struct{ read int }

func (c *counted) Read(p []byte) (int, error) {
	clear(p)
	c.read += len(p)
	return len(p), nil
}

func TestAStrangersAnnouncementIsNotRead(t *testing.T) {
	announcement := &clicktocall.Announcement{Key: clicktocall.NewKey(secret)}
	for target, most := range map[string]int{"?key=x": 0, "?key=": 0, "": 256 << 10} {
		body := &counted{}
		r := httptest.NewRequest(http.MethodPost, "/click-to-call/never/call"+target, body)
		r.ContentLength = 1 << 20
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		announcement.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden || body.read > most || !strings.Contains(w.Body.String(), "key") {
			t.Errorf("%q: %d, %d bytes were read; want 403 and at most %d", target, w.Code, body.read, most)
		}
	}
}
