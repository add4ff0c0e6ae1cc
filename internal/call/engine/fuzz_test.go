package engine_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// FuzzCall runs calls whose responder answers with anything, and checks what is
// true of every call: it ends, once, by one party; if the responder failed the
// caller hears the apology; the line is hung up unless the caller left or the
// call went elsewhere; times do not run backwards.
func FuzzCall(f *testing.F) {
	f.Add([]byte(`<Response><Say voice="x">Hello & goodbye.</Say><Play>a.wav</Play></Response>`), "12#")
	f.Add([]byte(`<Gather input="dtmf speech" numDigits="2" finishOnKey="*" timeout="0.5" action="?x" method="POST"><Say action="y">One</Say><Play>b</Play></Gather>`), "1*")
	f.Add([]byte(`<Response action="/"><Start><Stream url="wss://a/b"><Parameter name="c" value="d"/></Stream></Start><Echo timeout="3"/><Record maxLength="2"/></Response>`), "")
	f.Add([]byte(`<Forward ByCaller="">http://other/x</Forward>`), "#")
	f.Add([]byte(`<Connect action="//h/p"><Stream url="ws://a"/></Connect>`), "0")
	f.Add([]byte("<Response><Gather action='%'/><Hangup/>"), "ABCD")
	f.Add([]byte("<Forward>sip:\x1b[0m@*</Forward>"), "*")
	f.Fuzz(func(t *testing.T, document []byte, pressed string) {
		requests := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch requests++; {
			case requests > 8:
				_, _ = io.WriteString(w, `<Hangup/>`)
			case r.URL.Path == "/a.wav":
				_, _ = io.WriteString(w, sound)
			default:
				_, _ = w.Write(document)
			}
		})
		var does []engine.Input
		for i := range min(len(pressed), 20) {
			if bytes.IndexByte([]byte("0123456789*#ABCD"), pressed[i]) >= 0 {
				does = append(does, engine.Input{Kind: engine.Key, Key: pressed[i], At: time.Duration(i) * 700 * time.Millisecond})
			}
		}
		line := newDeskPhone(does...)
		line.leaves, line.recorded = time.Hour, engine.Recorded{URL: "http://core/1.wav", Length: s}
		outcome, events := over(t, &network{handler: handler}, engine.Config{MaxDocuments: 10}).place(line)

		last := events[len(events)-1].Event
		hangup, ended := last.(trace.Hangup)
		_, forwarded := last.(trace.Forward)
		switch {
		case len(of[trace.Hangup](events)) > 1, !ended && !forwarded, outcome.Forwarded != forwarded:
			t.Fatalf("outcome %+v, %q", outcome, story(events))
		case ended && (hangup.By != outcome.By || hangup.Reason != outcome.Reason):
			t.Fatalf("outcome %+v, %+v", outcome, hangup)
		case outcome.Failed && outcome.By == trace.ByEngine && line.heard[len(line.heard)-1] != apology:
			t.Fatalf("the caller hears %q", line.heard)
		}
		if wants := ended && outcome.By != trace.ByCaller; wants != (line.hungUp == 1) {
			t.Fatalf("outcome %+v, the line was hung up %d times", outcome, line.hungUp)
		}
		for _, e := range events {
			if _, err := e.AppendJSON(nil); err != nil || e.At < 0 || e.At > line.now {
				t.Fatalf("%v: event %+v at %v of %v", err, e.Event, e.At, line.now)
			}
		}
	})
}

// FuzzStreamFrames has a program send anything, and checks that the stream ends
// when the program closes it and the call goes on.
func FuzzStreamFrames(f *testing.F) {
	f.Add([]byte(`{"event":"media","media":{"payload":"AAAA"}}`), true)
	f.Add([]byte(`{"event":"media","stream_id":7,"media":{"payload":"=","track":{}}}`), true)
	f.Add([]byte(`{"event":"mark","mark":{"name":"x"}}`), true)
	f.Add([]byte(`{"event":"clear"}`), false)
	f.Add([]byte(`{"event":"stop"}`), true)
	f.Add([]byte("\xff\x00"), true)
	f.Fuzz(func(t *testing.T, frame []byte, text bool) {
		synctest.Test(t, func(t *testing.T) {
			line := newStreamPhone()
			line.step = 1 << 20 // whatever is sent is heard at once
			told, took := converse(t, connect, line, func(p *program) {
				kind := websocket.MessageBinary
				if text {
					kind = websocket.MessageText
				}
				for range 2 {
					if p.conn.Write(p.asks.Context(), kind, frame) != nil {
						return // it was a stop
					}
				}
				_ = p.conn.Close(websocket.StatusNormalClosure, "")
			})
			if end := told[len(told)-2:]; end[0] != `"Goodbye."` || end[1] != "hangs up: the document ended (end)" || took > 10*time.Second {
				t.Fatalf("after %v: %q", took, told)
			}
		})
	})
}
