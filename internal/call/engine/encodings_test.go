package engine_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// Every answer of a call is read in its own encoding: the first, those of
// actions, and what redirects lead to.
func TestAnswersAreReadInTheirEncoding(t *testing.T) {
	answers := map[string]struct{ contentType, body string }{
		"/start":  {"text/xml; charset=windows-1251", "<Response><Say action='second'>\xCF\xF0\xE8\xE2\xE5\xF2</Say></Response>"},
		"/second": {"text/xml", "<?xml version='1.0' encoding='Shift_JIS'?><Response><Gather numDigits='1' action='third'><Say>\x82\xCD\x82\xA2</Say></Gather></Response>"},
		"/fourth": {"text/xml; charset=utf-8", "\xFF\xFE<\x00S\x00a\x00y\x00 \x00a\x00c\x00t\x00i\x00o\x00n\x00=\x00'\x00l\x00'\x00>\x00\xE3\x00<\x00/\x00S\x00a\x00y\x00>\x00"},
		"/l":      {"application/xml", "<?xml version='1.0' encoding='utf-16'?>\n<Response><Say>Hello.</Say></Response>"},
	}
	call := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/third" {
			http.Redirect(w, r, "fourth", http.StatusFound)
			return
		}
		answer := answers[r.URL.Path]
		w.Header().Set("Content-Type", answer.contentType)
		_, _ = io.WriteString(w, answer.body)
	}))
	phone := newHandset()
	_, events := call.placeCall(phone, engine.Call{URL: at("http://responder.example/start")})
	want := []string{
		`"Привет"`,
		`"はい"`,
		`gather "" "" timeout`,
		"warning SH113: the Content-Type says utf-8, but the bytes are UTF-16LE and are read so (other phone systems may read it differently)",
		`"ã"`,
		"warning SH113: line 1: the declaration says utf-16, but the bytes are UTF-8 and are read so (other phone systems may read it differently)",
		`"Hello."`,
		"hangs up: the document ended (end)",
	}
	if diff := cmp.Diff(want, story(events)); diff != "" {
		t.Errorf("the call (-want +got):\n%s", diff)
	}
}
