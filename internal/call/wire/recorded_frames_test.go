package wire_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/wire"
	"github.com/switchhook/switchhook/test/await"
)

// recordings are calls between a terminal and a Core of version 0.1.0, or of the
// first one that knew media. Their frames are in testdata/frames: > is what the
// terminal sent, < what the Core sent. Terminals and Cores of all versions work
// together, so what is recorded never changes: additions to the protocol get new
// recordings.
var recordings = []recordedCall{
	{"menu", func(t *testing.T) simulator.Options {
		return simulator.Options{From: "+31201234567", To: "2125551212", Answers: answers(t, "1#")}
	}, func(ctx context.Context, line engine.Line, record func(trace.Stamped)) engine.Outcome {
		record(trace.Stamped{Event: trace.Answer{From: "+31201234567", To: "2125551212"}})
		record(trace.Stamped{At: line.Now(), Event: trace.Request{
			Method: "GET", URL: "https://responder.example/", Status: 200, Ms: 12,
			Exchange: &trace.Exchange{
				Sent: "NmsAni=%2B31201234567&NmsDnis=2125551212", URL: "https://responder.example/?NmsAni=%2B31201234567&NmsDnis=2125551212",
				ContentType: "text/xml", Body: []byte(`<Say>Good day &amp; welcome.</Say>`),
			},
		}})
		play(ctx, line, engine.Speech{Text: "Good day & welcome.", Voice: "female", Language: "en-GB"}, nil)
		record(trace.Stamped{Event: trace.Say{Text: "Good day & welcome.", Voice: "female", Language: "en-GB"}})
		first, second := &engine.Listening{Keys: true, SpeechTimeout: time.Second}, &engine.Listening{Keys: true, SpeechTimeout: time.Second}
		play(ctx, line, engine.Recording{URL: "https://responder.example/menu.wav", Sound: audio.SoundOf(audio.Silence(20 * time.Millisecond))}, first)
		listen(ctx, line, first, 5*time.Second)
		listen(ctx, line, first, 5*time.Second)
		listen(ctx, line, second, 2500*time.Millisecond)
		return hangUp(ctx, line, record)
	}, nil},
	{"interrupted", func(t *testing.T) simulator.Options {
		return simulator.Options{Answers: answers(t, "say:the usual", "9"), Barge: true}
	}, func(ctx context.Context, line engine.Line, record func(trace.Stamped)) engine.Outcome {
		words := &engine.Listening{Keys: true, Speech: true, Language: "nl-NL", Hints: "tea, coffee", SpeechTimeout: 2 * time.Second}
		play(ctx, line, engine.Speech{Text: "What shall it be?"}, words)
		listen(ctx, line, words, 5*time.Second)
		listen(ctx, line, words, time.Minute)
		keys := &engine.Listening{Keys: true}
		play(ctx, line, engine.Recording{URL: "https://responder.example/more.wav", Sound: audio.SoundOf(audio.Silence(20 * time.Millisecond))}, keys)
		listen(ctx, line, keys, time.Minute)
		return hangUp(ctx, line, record)
	}, nil},
	{"forward", func(*testing.T) simulator.Options { return simulator.Options{} },
		func(ctx context.Context, line engine.Line, _ func(trace.Stamped)) engine.Outcome {
			_, err := line.(engine.Echoer).Echo(ctx, 3*time.Second)
			_, refused := line.(engine.Forwarder).Forward(ctx, "2125550199", true)
			return engine.Outcome{Forwarded: errors.Join(err, refused) == nil}
		}, nil},
	{"leaving", func(*testing.T) simulator.Options { return simulator.Options{HangupAfter: 7 * time.Second} },
		func(ctx context.Context, line engine.Line, _ func(trace.Stamped)) engine.Outcome {
			_, err := line.(engine.Echoer).Echo(ctx, 0)
			return engine.Outcome{By: trace.ByCaller, Reason: err.Error()}
		}, nil},
	{"mute", func(*testing.T) simulator.Options { return simulator.Options{Hear: true, Voice: mute{}} },
		func(ctx context.Context, line engine.Line, _ func(trace.Stamped)) engine.Outcome {
			_, err := line.Play(ctx, engine.Speech{Text: "Hello."}, nil)
			return engine.Outcome{By: trace.ByEngine, Reason: err.Error(), Failed: true}
		}, nil},
	{"record", func(t *testing.T) simulator.Options {
		return simulator.Options{Script: script(t, "wait 0.05\npress #")}
	},
		func(ctx context.Context, line engine.Line, _ func(trace.Stamped)) engine.Outcome {
			_, _ = line.(engine.Recorder).Record(ctx, engine.RecordRules{MaxLength: time.Minute, Silence: 5 * time.Second, FinishOnKey: "#", Beep: true})
			return engine.Outcome{By: trace.ByEnd}
		}, media},
	{"fork", func(*testing.T) simulator.Options { return simulator.Options{} },
		func(ctx context.Context, line engine.Line, _ func(trace.Stamped)) engine.Outcome {
			stream, _ := engine.NewMedia(engine.Streaming{Listens: []engine.Track{engine.Inbound, engine.Outbound}})
			stop := line.(engine.Streamer).Fork(stream)
			play(ctx, line, engine.Recording{URL: "https://responder.example/short.wav", Sound: audio.SoundOf(audio.Silence(40 * time.Millisecond))}, nil)
			stop()
			return engine.Outcome{By: trace.ByEnd}
		}, media},
	{"stream", func(*testing.T) simulator.Options { return simulator.Options{} },
		func(ctx context.Context, line engine.Line, _ func(trace.Stamped)) engine.Outcome {
			stream, program := engine.NewMedia(engine.Streaming{TwoWay: true, Listens: []engine.Track{engine.Inbound}})
			program.Play(ctx, bytes.Repeat([]byte{1}, engine.FrameSize))
			program.End()
			_ = line.(engine.Streamer).Stream(ctx, stream)
			return engine.Outcome{By: trace.ByEnd}
		}, media},
}

// media is what terminals and Cores that know media agree on.
var media = []string{"media.line.switchhook"}

type recordedCall struct {
	file      string
	caller    func(*testing.T) simulator.Options
	perform   performance // what the Core does
	protocols []string    // that both sides know
}

// performance is an Exchange that does the same to every line. What goes wrong
// shows in the frames.
type performance func(ctx context.Context, line engine.Line, record func(trace.Stamped)) engine.Outcome

func (p performance) Place(ctx context.Context, from, to string, line engine.Line, route func([]string), record func(trace.Stamped)) engine.Outcome {
	route([]string{"from " + from, "to " + to})
	return p(ctx, line, record)
}

func play(ctx context.Context, line engine.Line, prompt engine.Prompt, listen *engine.Listening) {
	_, _ = line.Play(ctx, prompt, listen)
}

func listen(ctx context.Context, line engine.Line, listen *engine.Listening, until time.Duration) {
	_, _ = line.Listen(ctx, listen, until)
}

func hangUp(ctx context.Context, line engine.Line, record func(trace.Stamped)) engine.Outcome {
	_ = line.Hangup(ctx, engine.Normal)
	outcome := engine.Outcome{By: trace.ByResponder, Reason: "the responder hung up"}
	record(trace.Stamped{At: line.Now(), Event: trace.Hangup{By: outcome.By, Reason: outcome.Reason}})
	return outcome
}

// mute is a voice that fails.
type mute struct{}

func (mute) Speak(context.Context, speech.Utterance, *audio.Sound) error {
	return errors.New("no voice")
}

// frames returns a recorded call, one frame a line.
func frames(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "frames", file+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// isMedia reports whether a frame is the caller's sound for a media stream.
func isMedia(frame string) bool { return strings.Contains(frame, `"media":{"stream":`) }

// leftAt is when a person hung up, which differs from run to run.
var leftAt = regexp.MustCompile(`^{"now":\d+,"hungUp":true,"unasked":true`)

// onlyNow is the end of a stream, which differs too.
var onlyNow = regexp.MustCompile(`^{"now":\d+}$`)

// follow plays one side of a recorded call, mine being > or <, and compares what
// the other side sends with what it sent then.
func follow(ctx context.Context, t *testing.T, conn *websocket.Conn, recorded []string, mine string) {
	streamed := false
	for _, line := range recorded {
		side, frame := line[:1], line[2:]
		streamed = streamed || strings.Contains(frame, `"do":"stream"`)
		if side == mine {
			if err := conn.Write(ctx, websocket.MessageText, []byte(frame)); err != nil {
				t.Errorf("send %s: %v", frame, err)
				return
			}
			continue
		}
		kind, got, err := conn.Read(ctx)
		for err == nil && isMedia(string(got)) && !isMedia(frame) { // how long a stream lasts differs by a frame or two
			kind, got, err = conn.Read(ctx)
		}
		if err != nil || kind != websocket.MessageText {
			t.Errorf("instead of %s: %v, %v", frame, kind, err)
			return
		}
		got = leftAt.ReplaceAll(got, []byte(`{"now":0,"hungUp":true,"unasked":true`))
		if streamed {
			frame, got = onlyNow.ReplaceAllString(frame, `{"now":0}`), onlyNow.ReplaceAll(got, []byte(`{"now":0}`))
		}
		if diff := cmp.Diff(frame, string(got)); diff != "" {
			t.Errorf("a frame (-recorded +sent):\n%s", diff)
			return
		}
	}
}

// recordedCore is a Core that sends what was recorded, in its turn.
func recordedCore(t *testing.T, recorded []string, protocols ...string) *wire.Dialer {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/console/line" || r.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("the terminal asks for %s with %q", r.URL, r.Header.Get("Authorization"))
		}
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: protocols})
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.CloseNow() }()
		ctx, cancel := context.WithTimeout(r.Context(), await.Limit)
		defer cancel()
		follow(ctx, t, conn, recorded, "<")
	}))
	t.Cleanup(server.Close)
	return &wire.Dialer{Core: server.URL, Token: token}
}

func TestATerminalSendsTheRecordedFrames(t *testing.T) {
	for _, c := range recordings {
		t.Run(c.file, func(t *testing.T) {
			o := c.caller(t)
			o.Place = recordedCore(t, frames(t, c.file), c.protocols...).Place
			if _, err := simulator.Call(t.Context(), o); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestACoreSendsTheRecordedFrames(t *testing.T) {
	for _, c := range recordings {
		t.Run(c.file, func(t *testing.T) {
			_, _, core := serve(t, c.perform)
			ctx, cancel := context.WithTimeout(t.Context(), await.Limit)
			defer cancel()
			follow(ctx, t, dialAs(t, core, c.protocols...), frames(t, c.file), ">")
		})
	}
}

// TestAPersonSendsTheRecordedFrames has a person who hangs up while a responder
// is asked.
func TestAPersonSendsTheRecordedFrames(t *testing.T) {
	handset := &simulator.Handset{}
	o := simulator.Options{Place: recordedCore(t, frames(t, "person")).Place}
	o.Record = func(event trace.Stamped) {
		if _, answered := event.Event.(trace.Answer); answered {
			handset.Hangup()
		}
	}
	if _, err := simulator.Live(t.Context(), o, handset); err != nil {
		t.Error(err)
	}
}

func TestARouteIsExplainedAsRecorded(t *testing.T) {
	request := httptest.NewRequest(http.MethodGet, "/console/route?from=%2B1&to=2125550100", http.NoBody)
	answer := httptest.NewRecorder()
	(&wire.Routes{Explainer: explainer{}}).ServeHTTP(answer, request)
	if diff := cmp.Diff(`{"steps":["+1","2125550100","now"],"end":"web","reached":true}`+"\n", answer.Body.String()); diff != "" {
		t.Errorf("the answer (-recorded +sent):\n%s", diff)
	}
}
