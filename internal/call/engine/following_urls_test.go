package engine_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

func TestActionStartsAtTheDocument(t *testing.T) {
	for _, c := range []struct{ document, action, next string }{
		{"http://a.example/ivr/menu.php", "next.php", "http://a.example/ivr/next.php?"},
		{"http://a.example/ivr/menu.php", "./next.php", "http://a.example/ivr/next.php?"},
		{"http://a.example/ivr/menu.php", "../next.php", "http://a.example/next.php?"},
		{"http://a.example/ivr/menu.php", "../../../next.php", "http://a.example/next.php?"},
		{"http://a.example/ivr/menu.php", "/next.php", "http://a.example/next.php?"},
		{"http://a.example/ivr/", "next.php", "http://a.example/ivr/next.php?"},
		{"http://a.example", "next.php", "http://a.example/next.php?"},
		{"http://a.example/ivr/menu.php?id=7", "next.php", "http://a.example/ivr/next.php?"},
		{"http://a.example/ivr/menu.php?id=7", "next.php?case=zip", "http://a.example/ivr/next.php?case=zip&"},
		{"http://a.example/ivr/menu.php?id=7", "?case=zip", "http://a.example/ivr/menu.php?case=zip&"},
		{"http://a.example/ivr/menu.php?id=7", "?", "http://a.example/ivr/menu.php?"},
		{"http://a.example/ivr/menu.php", "//b.example/x", "http://b.example/x?"},
		{"http://a.example/ivr/menu.php", "http://b.example/x?y=1", "http://b.example/x?y=1&"},
		{"http://a.example:8080/menu", "next", "http://a.example:8080/next?"},
		{"http://a.example/ivr/menu.php", "next.php#part", "http://a.example/ivr/next.php?"},
		{"http://a.example/ivr/menu.php", "two words.php?say=two words", "http://a.example/ivr/two%20words.php?say=two%20words&"},
		{"http://a.example/ivr/menu.php", "next.php?q=ü&r=100%&s=%20", "http://a.example/ivr/next.php?q=%C3%BC&r=100%&s=%20&"},
		{"http://a.example/ivr/menu.php", `next.php?json={"a":"b|c"}`, "http://a.example/ivr/next.php?json=%7B%22a%22:%22b%7Cc%22%7D&"},
		{"http://a.example/ivr/menu.php", " next.php\n", "http://a.example/ivr/next.php?"},
	} {
		t.Run(c.document+" "+c.action, func(t *testing.T) {
			var asked []string
			call := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if asked = append(asked, "http://"+r.Host+r.RequestURI); len(asked) == 1 {
					action := strings.NewReplacer("&", "&amp;", `"`, "&quot;").Replace(c.action)
					_, _ = fmt.Fprintf(w, `<Response><Say action="%s">Hello.</Say></Response>`, action)
				}
			}))
			call.placeCall(newHandset(), engine.Call{URL: at(c.document)})
			if want := c.next + "NmsAni=1001"; len(asked) != 2 || asked[1] != want {
				t.Errorf("asked %q, want the second to be %q", asked, want)
			}
		})
	}
}

func TestActionStartsWhereRedirectsEnd(t *testing.T) {
	responder := &noting{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/start":
			http.Redirect(w, r, "http://other.example/moved/here", http.StatusFound)
		case "/moved/here":
			_, _ = io.WriteString(w, `<Say action="next">Hello.</Say>`)
		default:
			_, _ = io.WriteString(w, `<Hangup/>`)
		}
	})}
	against(t, responder).place(newHandset())
	want := []string{start, "http://other.example/moved/here", "http://other.example/moved/next"}
	if diff := cmp.Diff(want, responder.targets()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestPromptStartsAtTheDocument(t *testing.T) {
	for _, c := range []struct{ play, file string }{
		{"hello.wav", "http://responder.example/ivr/hello.wav"},
		{"/sounds/hello.wav", "http://responder.example/sounds/hello.wav"},
		{"http://files.example/a/hello.wav?lang=en&amp;v=2", "http://files.example/a/hello.wav?lang=en&v=2"},
		{"\n\t\t hello.wav \n", "http://responder.example/ivr/hello.wav"},
		{"hello world.wav", "http://responder.example/ivr/hello%20world.wav"},
	} {
		t.Run(c.play, func(t *testing.T) {
			responder := &noting{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, ".wav") {
					_ = audio.WriteWAV(w, audio.Silence(1000e6))
					return
				}
				_, _ = fmt.Fprintf(w, `<Play>%s</Play>`, c.play)
			})}
			_, events := against(t, responder).placeCall(newHandset(), engine.Call{URL: at("http://responder.example/ivr/start?own=1")})
			if diff := cmp.Diff([]trace.Play{{URL: c.file, Seconds: 1}}, of[trace.Play](events)); diff != "" {
				t.Errorf("played (-want +got):\n%s", diff)
			}
			// A file is requested as written: without the call's parameters.
			if diff := cmp.Diff("GET "+c.file, responder.notes[1]); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestForwardToURLAsksAnotherResponder(t *testing.T) {
	responder := &noting{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "other.example" {
			_, _ = io.WriteString(w, `<Say>This is the other one.</Say>`)
			return
		}
		_, _ = io.WriteString(w, `<Response><Forward> HTTP://other.example/x?y=a b </Forward><Say>Never.</Say></Response>`)
	})}
	line := newDeskPhone()
	outcome, events := against(t, responder).place(line)
	want := []string{
		"GET http://responder.example/start?NmsAni=1001",
		"GET http://other.example/x?y=a%20b&NmsAni=1001",
	}
	if diff := cmp.Diff(want, responder.notes); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if line.forwarded != nil || outcome.Forwarded || line.said() != "This is the other one." {
		t.Errorf("forwarded %q, outcome %+v, heard %q", line.forwarded, outcome, line.said())
	}
	if diff := cmp.Diff([]trace.Forward{{To: "HTTP://other.example/x?y=a b"}}, of[trace.Forward](events)); diff != "" {
		t.Errorf("forwards (-want +got):\n%s", diff)
	}
}
