package engine_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// TestAStreamThatHasEndedIsAnEvent checks how it went, and where in the call the
// event stands.
func TestAStreamThatHasEndedIsAnEvent(t *testing.T) {
	const start = `<Start><Stream url="ws://responder.example/stream"/></Start>`
	for _, c := range []struct {
		name, document string
		leaves         time.Duration // the caller; 0: never
		talk           func(*program)
		want           trace.Streamed
		kinds          string // of the events from the stream's beginning on
	}{
		{"by the program", connect, 0, func(p *program) {
			p.play(bytes.Repeat([]byte{1}, 8000))
			p.send(`{"event":"mark","mark":{"name":"a second"}}`)
			p.until("mark")
			p.play(bytes.Repeat([]byte{1}, 8000))
			p.send(`{"event":"mark","mark":{"name":"interrupted"}}`)
			p.send(`{"event":"clear"}`)
			p.until("mark")
			p.send(`{"event":"stop"}`)
		}, trace.Streamed{Mode: "connect", Sent: 1, Heard: 1, Keys: "12", Words: "a table please", Clears: 1, Marks: []string{"a second", "interrupted"}, Ended: trace.StreamByProgram},
			"stream streamed say hangup"},
		{"by the caller", connect, 2 * time.Second, func(p *program) {
			p.play(make([]byte, 80_000))
			p.send(`{"event":"mark","mark":{"name":"never"}}`)
			p.until("stop")
		}, trace.Streamed{Mode: "connect", Sent: 2, Heard: 2, Keys: "12", Words: "a table please", Ended: trace.StreamByCaller}, "stream streamed hangup"},
		{"by an error", connect, 0, func(p *program) {
			time.Sleep(50 * time.Millisecond) // by the bubble's clock
			_ = p.conn.Close(websocket.StatusInternalError, "")
		}, trace.Streamed{Mode: "connect", Sent: 0.04, Keys: "12", Words: "a table please", Ended: trace.StreamByError}, "stream warning streamed say hangup"},
		{"by the end of the call", "<Response>" + start + "<Say>One.</Say></Response>", 0, func(p *program) { p.until("stop") },
			trace.Streamed{Mode: "start", Sent: 2, Ended: trace.StreamByCall}, "stream say streamed hangup"},
		{"by a caller who leaves a prompt", "<Response>" + start + "<Say>One.</Say></Response>", time.Second, func(p *program) { p.until("stop") },
			trace.Streamed{Mode: "start", Sent: 1, Ended: trace.StreamByCaller}, "stream say streamed hangup"},
		{"by a Forward", "<Response>" + start + "<Say>One.</Say><Forward>2001</Forward></Response>", 0, func(p *program) { p.until("stop") },
			trace.Streamed{Mode: "start", Sent: 2, Ended: trace.StreamByCall}, "stream say streamed forward"},
		{"by the program, between two verbs", "<Response>" + start + `<Play>pause.wav</Play><Say>One.</Say></Response>`, 0, func(p *program) { p.send(`{"event":"stop"}`) },
			trace.Streamed{Mode: "start", Ended: trace.StreamByProgram}, "stream warning streamed say hangup"},
		{"by the program, alone", "<Response>" + start + "</Response>", 0, func(p *program) {
			time.Sleep(990 * time.Millisecond) // by the bubble's clock
			p.send(`{"event":"stop"}`)
		}, trace.Streamed{Mode: "start", Sent: 0.98, Keys: "12", Words: "a table please", Ended: trace.StreamByProgram}, "stream streamed hangup"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line := newStreamPhone(keys("12", 0, 0)...)
				line.says = []string{"a table", "please"}
				if c.leaves != 0 {
					line.leaves = c.leaves
				}
				handler, ended := streams(t, responds{"/start": c.document}, c.talk)
				_, events := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/pause.wav" {
						time.Sleep(time.Second) // in which the stream ends
					}
					handler.ServeHTTP(w, r)
				})).place(line)
				ended()
				if diff := cmp.Diff([]trace.Streamed{c.want}, of[trace.Streamed](events)); diff != "" {
					t.Errorf("the event (-want +got):\n%s", diff)
				}
				first := slices.IndexFunc(events, func(e trace.Stamped) bool { return e.Event.Kind() == "stream" })
				kinds := make([]string, 0, len(events))
				for _, e := range events[first:] {
					if e.Event.Kind() != "request" {
						kinds = append(kinds, e.Event.Kind())
					}
				}
				if diff := cmp.Diff(c.kinds, strings.Join(kinds, " ")); diff != "" {
					t.Errorf("the events (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestWhatIsRememberedOfAStreamIsBounded has a caller who does not stop.
func TestWhatIsRememberedOfAStreamIsBounded(t *testing.T) {
	media, program := engine.NewMedia(engine.Streaming{Listens: []engine.Track{engine.Inbound}})
	for range 10_000 {
		media.Key('1')
		media.Said("well")
		program.Mark("m")
	}
	if went := program.Went(); len(went.Keys) != 4096 || len(went.Words) >= 4096 || len(went.Marks) > 250 {
		t.Errorf("%d keys, %d bytes of words, %d marks", len(went.Keys), len(went.Words), len(went.Marks))
	}
}

// TestACallThatGoesElsewhereDoesNotWaitForAProgramsGoodbye has a program that looks
// up no more once it has the call, in a bubble.
func TestACallThatGoesElsewhereDoesNotWaitForAProgramsGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hears := make(chan struct{})
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/stream" {
				responds{"/start": `<Response><Start><Stream url="ws://responder.example/stream"/></Start><Say>One.</Say><Forward>2001</Forward></Response>`}.ServeHTTP(w, r)
				return
			}
			conn, err := websocket.Accept(w, r, nil)
			if err != nil {
				t.Errorf("accept: %v", err)
				return
			}
			<-hears
			_ = conn.CloseNow()
		})
		began := time.Now()
		outcome, _ := against(t, handler).place(newStreamPhone())
		if waited := time.Since(began); !outcome.Forwarded || waited > time.Second {
			t.Errorf("the caller waited %v for the next responder; %+v", waited, outcome)
		}
		close(hears)
	})
}
