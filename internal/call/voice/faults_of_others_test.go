package voice_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/test/pipenet"
)

// fickleVoice says what it is told as others do, but for two texts.
type fickleVoice struct{ silentVoice }

func (v fickleVoice) Speak(ctx context.Context, u speech.Utterance, into *audio.Sound) error {
	switch u.Text {
	case "killed":
		return brokenVoice{errors.New("it was killed")}.Speak(ctx, u, into)
	case "hangs":
		time.Sleep(5 * time.Second) // as long as the limits of package speech allow
		return errors.New("there was no sound after 5s")
	}
	return v.silentVoice.Speak(ctx, u, into)
}

// troubles is a responder with everything that can be wrong with one, until the test
// ends.
func troubles(test context.Context) *http.ServeMux {
	mux := http.NewServeMux()
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	mux.HandleFunc("/hangs", hang)
	mux.HandleFunc("/hangs.wav", hang)
	mux.HandleFunc("/stops.wav", func(w http.ResponseWriter, r *http.Request) {
		_ = audio.WriteWAVHeader(w, 60*audio.Rate, audio.Rate)
		_, _ = w.Write(make([]byte, 2*audio.Rate))
		_ = http.NewResponseController(w).Flush()
		hang(w, r)
	})
	stream := func(says string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				return
			}
			defer func() { _ = conn.CloseNow() }()
			_ = conn.Write(test, websocket.MessageText, []byte(says)) // it is too much
			<-test.Done()
		}
	}
	mux.HandleFunc("/deaf", stream(`{"event":"mark","mark":{"name":"here"}}`))
	mux.HandleFunc("/loud", stream(fmt.Sprintf(`{"event":"media","media":{"payload":%q}}`, strings.Repeat("/", 8<<20))))
	mux.Handle("/", enginetest.Documents{"/neighbour": `<Play>/10m.wav</Play>`})
	return mux
}

// TestTroubleOfOneCallIsNoneOfAnother: the caller hears what the page says of it, and
// their neighbour every packet in its time.
func TestTroubleOfOneCallIsNoneOfAnother(t *testing.T) {
	const apology, bye = `"` + engine.DefaultApology + `"`, `"Goodbye."`
	for _, c := range []struct {
		name, document string
		want           []string
	}{
		{"a responder that hangs", "", []string{"SH308", apology, "engine"}},
		{"a prompt that hangs", `<Play>/hangs.wav</Play><Say>Goodbye.</Say>`, []string{"SH320", bye, "end"}},
		{"a prompt that stops", `<Play>/stops.wav</Play><Say>Goodbye.</Say>`, []string{"1.0 s", "SH320", bye, "end"}},
		{"a voice that is killed", `<Say>killed</Say><Say>Goodbye.</Say>`, []string{"SH321", `"killed"`, bye, "end"}},
		{"a voice that hangs", `<Say>hangs</Say><Say>Goodbye.</Say>`, []string{"SH321", `"hangs"`, bye, "end"}},
		{"a program that reads nothing", `<Connect><Stream url="ws://responder.example/deaf"/></Connect><Say>Goodbye.</Say>`, []string{"SH330", bye, "end"}},
		{"a program that says too much", `<Connect><Stream url="ws://responder.example/loud"/></Connect><Say>Goodbye.</Say>`, []string{"SH330", bye, "end"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, c.document)
				neighbour, hangUp, over := s.call("/neighbour")
				began := time.Now()
				path := "/document"
				if c.document == "" {
					path = "/hangs"
				}
				_, _, events := s.call(path)
				if diff := cmp.Diff(c.want, outline(<-events)); diff != "" {
					t.Errorf("the call (-want +got):\n%s", diff)
				}
				took := time.Since(began)
				hangUp(engine.ErrHungUp)
				if got := outline(<-over); len(got) != 2 {
					t.Errorf("the neighbour's call was %q", got)
				}
				isUnbroken(t, neighbour, took)
			})
		})
	}
}

// isUnbroken checks that a telephone was sent sound without a gap.
func isUnbroken(t *testing.T, p *telephone, took time.Duration) {
	t.Helper()
	packets, _ := p.packets()
	if wanted := int(took/packetTime) - 2; len(packets) < wanted {
		t.Errorf("%d packets were sent in %v", len(packets), took)
	}
	for i := 1; i < len(packets); i++ {
		before, now := packets[i-1], packets[i]
		if now.Sequence != before.Sequence+1 || now.Timestamp != before.Timestamp+160 || now.Marker {
			t.Fatalf("%+v follows %+v", now.Header, before.Header)
		}
	}
}

// outline returns what was wrong with a call, what was heard, and who ended it.
func outline(events []trace.Stamped) (lines []string) {
	for _, e := range events {
		switch e := e.Event.(type) {
		case trace.Warning:
			if !strings.HasPrefix(e.Code, "SH2") && e.Code != engine.CodePlainStream {
				lines = append(lines, e.Code)
			}
		case trace.Say:
			lines = append(lines, fmt.Sprintf("%q", e.Text))
		case trace.Play:
			lines = append(lines, fmt.Sprintf("%.1f s", e.Seconds))
		case trace.Hangup:
			lines = append(lines, string(e.By))
		}
	}
	return lines
}

// site is a server with telephones.
type site struct {
	t      *testing.T
	office office
	sounds *prompt.Library
	engine *engine.Engine
}

// newSite returns one whose responder has troubles, and a document.
func newSite(t *testing.T, document string) *site {
	handler := http.NewServeMux()
	handler.Handle("/", troubles(t.Context()))
	handler.HandleFunc("/document", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<Response>"+document+"</Response>")
	})
	client := fetch.New(fetch.Options{Dial: pipenet.Serve(t, handler).Dial})
	s := &site{t: t, office: newOffice(t), sounds: prompt.New(prompt.Config{Client: client, Voice: fickleVoice{}})}
	t.Cleanup(s.sounds.Close)
	s.engine = engine.New(engine.Config{Client: client, Prompts: s.sounds})
	return s
}

// call has another telephone call a responder, at a path.
func (s *site) call(path string) (phone *telephone, hangUp context.CancelCauseFunc, over <-chan []trace.Stamped) {
	ctx, hangUp := context.WithCancelCause(s.t.Context())
	caller := s.office.telephone(s.t, media.Rules{Strict: true}, voice.Config{HangUp: hangUp, Sounds: s.sounds})
	done := make(chan []trace.Stamped, 1)
	go func() {
		var events []trace.Stamped
		s.engine.Run(ctx, caller.line, engine.Call{URL: &url.URL{Scheme: "http", Host: "responder.example", Path: path}}, func(e trace.Stamped) {
			events = append(events, e)
		})
		done <- events
	}()
	return caller, hangUp, done
}
