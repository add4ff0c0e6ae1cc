package wire_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/test/await"
)

// later delays each answer.
func later(d time.Duration, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
			h.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

// held answers each request once answers is closed.
func held(answers <-chan struct{}, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-answers:
			h.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

// silent is a responder that never answers and reports when a request comes and
// when its client leaves.
type silent struct{ asked, left chan struct{} }

func (s silent) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	close(s.asked)
	<-r.Context().Done()
	close(s.left)
}

func TestACallerHangsUpWhileTheResponderIsAsked(t *testing.T) {
	responder := silent{make(chan struct{}), make(chan struct{})}
	core := start(t, responder)
	handset := &simulator.Handset{}
	go func() { // ends with the responder, which gets a request or the test fails
		<-responder.asked
		handset.Hangup()
	}()
	result, err := simulator.Live(t.Context(), simulator.Options{Place: core.dialer().Place}, handset)
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome.By != trace.ByCaller || result.Outcome.Failed {
		t.Errorf("the call ended so: %+v", result.Outcome)
	}
	await.From(t, "an end of asking the responder", responder.left)
}

func TestACallerHangsUpOnAPrompt(t *testing.T) {
	for name, document := range map[string]string{
		"a prompt": `<Play>60s.wav</Play>`,
		"a Gather": `<Gather timeout="60" action="/never"/>`,
		"an Echo":  `<Echo/>`,
	} {
		t.Run(name, func(t *testing.T) {
			core := start(t, documents{"/": document})
			handset := &simulator.Handset{}
			handset.Watch = func(scene simulator.Scene) {
				switch scene.Kind {
				case simulator.Hearing, simulator.Collecting, simulator.Echoing:
					go handset.Hangup() // ends at once
				}
			}
			result, err := simulator.Live(t.Context(), simulator.Options{Place: core.dialer().Place}, handset)
			if err != nil {
				t.Fatal(err)
			}
			if result.Outcome.By != trace.ByCaller || result.Outcome.Failed {
				t.Errorf("the call ended so: %+v", result.Outcome)
			}
		})
	}
}

// TestATerminalThatIsStoppedHangsUp cancels a call without a reason.
func TestATerminalThatIsStoppedHangsUp(t *testing.T) {
	core := start(t, documents{"/": `<Echo/>`})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	handset := &simulator.Handset{Watch: func(scene simulator.Scene) {
		if scene.Kind == simulator.Echoing {
			stop()
		}
	}}
	result, err := simulator.Live(ctx, simulator.Options{Place: core.dialer().Place}, handset)
	if err != nil {
		t.Fatal(err)
	}
	if result.Outcome.By != trace.ByCaller {
		t.Errorf("the call ended so: %+v", result.Outcome)
	}
}

func TestATerminalThatVanishesHangsUp(t *testing.T) {
	for name, document := range map[string]string{
		"while it plays":   `<Play>60s.wav</Play>`,
		"while it listens": `<Gather timeout="60" action="/never"/>`,
		"while it echoes":  `<Echo/>`,
	} {
		t.Run(name, func(t *testing.T) {
			core := start(t, documents{"/": document})
			conn := core.dial(t)
			write(t, conn, `{"from":"+12125550123","to":"2125551212"}`)
			readUntil(t, conn, `"do":"event"`)
			_ = conn.CloseNow()
			if outcome := core.ended(t); outcome.By != trace.ByCaller || outcome.Failed {
				t.Errorf("the call ended so: %+v", outcome)
			}
		})
	}
	t.Run("while the responder is asked", func(t *testing.T) {
		responder := silent{make(chan struct{}), make(chan struct{})}
		core := start(t, responder)
		conn := core.dial(t)
		write(t, conn, `{"from":"+12125550123","to":"2125551212"}`)
		<-responder.asked
		_ = conn.CloseNow()
		if outcome := core.ended(t); outcome.By != trace.ByCaller {
			t.Errorf("the call ended so: %+v", outcome)
		}
		<-responder.left
	})
}
