package textback_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/answer/textback"
	"github.com/switchhook/switchhook/responder"
)

// TestAStrangersBodyIsNotRead: who is refused by the URL, the address or the
// headers costs no more than these.
func TestAStrangersBodyIsNotRead(t *testing.T) {
	s := start(t, allTexts)
	const elsewhere = "example.net-elsewhere"
	s.set(id, map[string]any{"key": entryKey})
	s.set(elsewhere, map[string]any{"allow_from": []string{"198.51.100.1"}})
	for _, test := range []struct {
		name, query string
		want        textback.Reason
	}{
		{"an id that is not there", "id=not-there", textback.UnknownID},
		{"no id", "id=", textback.UnknownID},
		{"a wrong key", "id=" + id + "&key=wrong", textback.Forbidden},
		{"another address", "id=" + elsewhere, textback.Forbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := &zeros{}
			r := httptest.NewRequest(http.MethodPost, "/webresponder?"+test.query, body)
			r.ContentLength = 60 << 10
			r.Header.Set("Content-Type", "application/json")
			wantXML(t, s.ask(r), hears(test.want))
			if body.read > 0 {
				t.Errorf("%d bytes of it were read", body.read)
			}
		})
	}
	s.wantTexts(0)
}

func TestASignatureIsCheckedBeforeTheBodyIsUnderstood(t *testing.T) {
	s := start(t, allTexts)
	s.set(id, map[string]any{"key": entryKey})
	r := request(t, http.MethodPost, "", `{"a":{}}`)
	r.Header.Set("Content-Type", "application/json")
	responder.Sign(r, []byte(`{"a":{}}`), "msg-1", time.Now(), "wrong")
	wantXML(t, s.ask(r), hears(textback.Forbidden))
}

func TestABodyHasAtMost64KiB(t *testing.T) {
	s := start(t, allTexts)
	const digits = "Digits="
	wantXML(t, s.ask(request(t, http.MethodPost, "", digits+strings.Repeat("1", 64<<10-len(digits)))), hears(textback.Sent))
	wantXML(t, s.ask(request(t, http.MethodPost, "", digits+strings.Repeat("1", 64<<10-len(digits)+1))), hears(textback.BadRequest))
	s.wantTexts(1)
}
