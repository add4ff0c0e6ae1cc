package engine_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/trace"
)

const frameTime = 20 * time.Millisecond

// streamPhone is a desk phone that can carry media streams too. While one is
// joined, the bubble's wall clock goes on.
type streamPhone struct {
	*deskPhone
	says    []string // while a stream is joined
	mute    bool     // the caller's sound is not sent
	hurried bool     // it waits for no program
	step    int      // bytes that are heard at once; 0: a frame
	sound   []byte   // that the program had the caller hear
	forks   []*engine.Media
	sent    byte // the caller's sound: every frame is made of the next byte
}

func newStreamPhone(does ...engine.Input) *streamPhone {
	return &streamPhone{deskPhone: newDeskPhone(does...)}
}

func (p *streamPhone) frame() []byte {
	p.sent++
	return bytes.Repeat([]byte{p.sent}, engine.FrameSize)
}

func (p *streamPhone) Stream(ctx context.Context, media *engine.Media) error {
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	hears := make([]byte, max(p.step, engine.FrameSize))
	for {
		select {
		case <-media.Done():
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		for _, words := range p.says {
			media.Said(words)
		}
		p.says = nil
		for len(p.does) > 0 && p.does[0].At <= p.now {
			media.Key(p.does[0].Key)
			p.does = p.does[1:]
		}
		switch {
		case p.mute:
		case p.hurried:
			media.Offer(engine.Inbound, p.frame())
		default:
			media.FromCaller(ctx, engine.Inbound, p.frame())
		}
		if media.TwoWay {
			p.sound = append(p.sound, hears[:media.Take(hears)]...)
		}
		if p.now += frameTime; p.now >= p.leaves {
			return engine.ErrHungUp
		}
	}
}

func (p *streamPhone) Fork(media *engine.Media) (stop func()) {
	p.forks = append(p.forks, media)
	return func() {
		p.forks = slices.DeleteFunc(p.forks, func(m *engine.Media) bool { return m == media })
	}
}

// Play gives the forks the caller's sound of the time that it takes.
func (p *streamPhone) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	played, err := p.deskPhone.Play(ctx, prompt, listen)
	for range played.Took / frameTime {
		frame := p.frame()
		for _, media := range p.forks {
			media.FromCaller(ctx, engine.Inbound, frame)
			media.FromCaller(ctx, engine.Outbound, frame[:1])
		}
	}
	return played, err
}

var _ engine.Streamer = (*streamPhone)(nil)

// program is the other end of a media stream.
type program struct {
	t    *testing.T
	conn *websocket.Conn
	asks *http.Request
	got  chan map[string]any // the frames that came; closed with the stream
}

// next returns the next frame.
func (p *program) next() map[string]any { return <-p.got }

// until returns the next frame of a kind.
func (p *program) until(event string) map[string]any {
	for frame := range p.got {
		if frame["event"] == event {
			return frame
		}
	}
	p.t.Errorf("the stream ended without the event %q", event)
	return nil
}

// rest returns the events of all frames that still come.
func (p *program) rest() []string {
	var events []string
	for frame := range p.got {
		events = append(events, frame["event"].(string))
	}
	return events
}

func (p *program) send(frame string) {
	if err := p.conn.Write(p.asks.Context(), websocket.MessageText, []byte(frame)); err != nil {
		p.t.Logf("the program could not send: %v", err)
	}
}

func (p *program) play(sound []byte) {
	p.send(`{"event":"media","media":{"payload":"` + base64.StdEncoding.EncodeToString(sound) + `"}}`)
}

// streams is a responder with a program: each path is answered with a document,
// /stream with the WebSocket. ended waits for every program to end.
func streams(t *testing.T, documents responds, talk func(*program)) (handler http.Handler, ended func()) {
	t.Helper()
	var programs sync.WaitGroup
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/stream" {
			documents.ServeHTTP(w, r)
			return
		}
		programs.Add(1)
		defer programs.Done()
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Errorf("accept: %v", err)
			return
		}
		conn.SetReadLimit(-1)
		p := &program{t: t, conn: conn, asks: r, got: make(chan map[string]any, 100_000)}
		var reading sync.WaitGroup
		reading.Go(func() {
			defer close(p.got)
			for {
				_, data, err := conn.Read(context.Background())
				if err != nil {
					return
				}
				var frame map[string]any
				if err := json.Unmarshal(data, &frame); err != nil {
					t.Errorf("frame %q: %v", data, err)
				}
				p.got <- frame
			}
		})
		talk(p)
		_ = conn.Close(websocket.StatusNormalClosure, "")
		reading.Wait()
	}), programs.Wait
}

const (
	connect = `<Response><Connect><Stream url="ws://responder.example/stream"/></Connect><Say>Goodbye.</Say></Response>`
	plain   = "warning SH332: line 1: the media stream is not encrypted; write wss://"
	opened  = "media stream (connect) ws://responder.example/stream"
)

// converse runs a call in a bubble against a program and returns its story,
// without the two lines that all have.
func converse(t *testing.T, document string, line engine.Line, talk func(*program)) (told []string, took time.Duration) {
	t.Helper()
	began := time.Now()
	handler, ended := streams(t, responds{"/start": document, "/next": `<Say>Next.</Say>`}, talk)
	_, events := against(t, handler).place(line)
	took = time.Since(began)
	ended()
	return slices.DeleteFunc(story(events), func(line string) bool { return line == plain || line == opened }), took
}

func TestStreamSpeaksTheProtocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newStreamPhone(engine.Input{Kind: engine.Key, Key: '#', At: 30 * time.Millisecond})
		var frames []map[string]any
		var header http.Header
		document := `<Response><Connect action="next"><Stream url="ws://responder.example/stream?a=b c">` +
			`<Parameter name="caller" value="+1973"/><Parameter name="empty" value=""/></Stream></Connect></Response>`
		handler, ended := streams(t, responds{"/start": document, "/next": `<Say>Next.</Say>`}, func(p *program) {
			header = p.asks.Header
			for len(frames) < 6 {
				frames = append(frames, p.next())
			}
			p.send(`{"event":"mark","mark":{"name":"hello"}}`)
			frames = append(frames, p.until("mark"))
			p.send(`{"event":"stop"}`)
			frames = append(frames, p.until("stop"))
		})
		_, events := against(t, handler).place(line)
		ended()

		id, _ := frames[1]["stream_id"].(string)
		media := func(n int) map[string]any {
			return map[string]any{"event": "media", "stream_id": id, "media": map[string]any{
				"track": "inbound", "payload": base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{byte(n)}, 160)),
				"sequence": float64(n), "timestamp": float64(20 * (n - 1)),
			}}
		}
		want := []map[string]any{
			{"event": "connected"},
			{"event": "start", "stream_id": id, "start": map[string]any{
				"stream_id": id, "customParameters": map[string]any{"caller": "+1973", "empty": ""},
			}},
			media(1), media(2),
			{"event": "dtmf", "stream_id": id, "dtmf": map[string]any{"digit": "#"}},
			media(3),
			{"event": "mark", "stream_id": id, "mark": map[string]any{"name": "hello"}},
			{"event": "stop", "stream_id": id},
		}
		if diff := cmp.Diff(want, frames); diff != "" || len(id) < 16 {
			t.Errorf("id %q, frames (-want +got):\n%s", id, diff)
		}
		if protocol := header.Get("Sec-WebSocket-Protocol"); protocol != "" {
			t.Errorf("the subprotocol %q was asked for", protocol)
		}
		wantEvents := []trace.Stream{{
			Mode: "connect", URL: "ws://responder.example/stream?a=b%20c", Parameters: map[string]string{"caller": "+1973", "empty": ""},
		}}
		if diff := cmp.Diff(wantEvents, of[trace.Stream](events)); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		if line.said() != "Next." {
			t.Errorf("heard %q: a stream that ends hands control to the action", line.said())
		}
	})
}

func TestStreamKeepsTheCallsCookies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cookie string
		handler, ended := streams(t, nil, func(p *program) { cookie = p.asks.Header.Get("Cookie") })
		against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/start" {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: "7", Path: "/"})
				_, _ = io.WriteString(w, connect)
				return
			}
			handler.ServeHTTP(w, r)
		})).place(newStreamPhone())
		if ended(); cookie != "session=7" {
			t.Errorf("cookie %q", cookie)
		}
	})
}

// TestStreamPlaysAllThatIsSent checks that sound of any size, faster than real
// time, is heard in order and at its own pace.
func TestStreamPlaysAllThatIsSent(t *testing.T) {
	sizes := []int{1, 159, 160, 161, 7, 8000, 1, 24_000, 33}
	for _, c := range []struct {
		name string
		end  func(*program)
	}{
		{"then the program stops", func(p *program) { p.send(`{"event":"stop"}`); p.until("stop") }},
		{"then the program closes the stream", func(p *program) { _ = p.conn.Close(websocket.StatusNormalClosure, "bye") }},
		{"then the program leaves the page", func(p *program) { _ = p.conn.Close(websocket.StatusGoingAway, "") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line := newStreamPhone()
				var all []byte
				told, took := converse(t, connect, line, func(p *program) {
					for i, size := range sizes {
						sound := bytes.Repeat([]byte{byte(i + 1)}, size)
						all = append(all, sound...)
						p.play(sound)
					}
					c.end(p)
				})
				if !bytes.Equal(all, line.sound) {
					t.Errorf("heard %d bytes of %d", len(line.sound), len(all))
				}
				if length := time.Duration(len(all)) * time.Second / 8000; took < length || took > length+3*frameTime {
					t.Errorf("took %v to hear %v", took, length)
				}
				if diff := cmp.Diff([]string{`"Goodbye."`, "hangs up: the document ended (end)"}, told); diff != "" {
					t.Errorf("the call (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestStreamKeepsTenMinutes sends twelve minutes at once: the engine
// reads no further than its bound, and drops nothing.
func TestStreamKeepsTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newStreamPhone()
		line.mute, line.step = true, 8000 // a second at once
		line.leaves = never
		minute := bytes.Repeat([]byte{1}, 60*8000)
		var blocked time.Duration
		_, took := converse(t, connect, line, func(p *program) {
			began := time.Now()
			for range 12 {
				p.play(minute)
			}
			blocked = time.Since(began)
			p.send(`{"event":"stop"}`)
		})
		if len(line.sound) != 12*len(minute) {
			t.Errorf("heard %d bytes of %d", len(line.sound), 12*len(minute))
		}
		// Heard at fifty times the pace: a minute of it before the last one fits in.
		if blocked < 60*frameTime || took < 12*60*frameTime {
			t.Errorf("the program was held for %v of %v", blocked, took)
		}
	})
}

func TestClearFlushesWhatIsQueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newStreamPhone()
		var marks []string
		var reached []time.Duration
		_, took := converse(t, connect, line, func(p *program) {
			began := time.Now()
			mark := func(name string) { p.send(`{"event":"mark","mark":{"name":"` + name + `"}}`) }
			reach := func() {
				marks = append(marks, p.until("mark")["mark"].(map[string]any)["name"].(string))
				reached = append(reached, time.Since(began).Truncate(10*time.Millisecond))
			}
			p.play(bytes.Repeat([]byte{1}, 4000))
			mark("half a second")
			p.play(bytes.Repeat([]byte{2}, 80_000))
			mark("ten seconds and a half")
			mark("and once more")
			reach()
			time.Sleep(500 * time.Millisecond) // by the bubble's clock
			p.send(`{"event":"clear"}`)
			reach()
			reach()
			p.play(bytes.Repeat([]byte{3}, 8000))
			mark("another second")
			reach()
			p.send(`{"event":"stop"}`)
		})
		want := []string{"half a second", "ten seconds and a half", "and once more", "another second"}
		if diff := cmp.Diff(want, marks); diff != "" {
			t.Errorf("marks (-want +got):\n%s", diff)
		}
		const s = time.Second
		if diff := cmp.Diff([]time.Duration{500 * ms, s, s, 2 * s}, reached); diff != "" {
			t.Errorf("reached (-want +got):\n%s", diff)
		}
		count := map[byte]int{}
		for _, b := range line.sound {
			count[b]++
		}
		if count[1] != 4000 || count[2] < 3840 || count[2] > 4160 || count[3] != 8000 || took > 2100*ms {
			t.Errorf("heard %v in %v", count, took)
		}
	})
}

func TestEchoedFramesAreHeard(t *testing.T) {
	for _, c := range []struct {
		name string
		echo func(frame map[string]any)
	}{
		{"as they came", func(map[string]any) {}},
		{"with other fields", func(frame map[string]any) {
			frame["streamSid"], frame["sequenceNumber"] = "MZ1", "3"
			media := frame["media"].(map[string]any)
			media["timestamp"], media["chunk"], media["track"], media["sequence"] = "1234", "2", "outbound", map[string]any{"n": "7"}
		}},
		{"without padding", func(frame map[string]any) {
			media := frame["media"].(map[string]any)
			media["payload"] = strings.TrimRight(media["payload"].(string), "=")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				line := newStreamPhone()
				told, _ := converse(t, connect, line, func(p *program) {
					for echoed := 0; echoed < 20; {
						frame := p.next()
						if frame["event"] == "media" {
							c.echo(frame)
							echoed++
						}
						data, err := json.Marshal(frame)
						if err != nil {
							t.Error(err)
						}
						p.send(string(data))
					}
					p.send(`{"event":"stop","stream_id":"x","reason":{}}`)
				})
				want := make([]byte, 0, 20*160)
				for n := range 20 {
					want = append(want, bytes.Repeat([]byte{byte(n + 1)}, 160)...)
				}
				if !bytes.Equal(want, line.sound) {
					t.Errorf("heard %d bytes of %d", len(line.sound), len(want))
				}
				if told[0] != `"Goodbye."` {
					t.Errorf("the call %q", told)
				}
			})
		})
	}
}

func TestHangUpEndsTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := newStreamPhone()
		line.leaves = 200 * time.Millisecond
		var got []string
		told, _ := converse(t, connect, line, func(p *program) {
			p.play(make([]byte, 80_000))
			got = p.rest()
		})
		if diff := cmp.Diff([]string{"hangs up: the caller hung up (caller)"}, told); diff != "" {
			t.Errorf("the call (-want +got):\n%s", diff)
		}
		want := append(append([]string{"connected", "start"}, slices.Repeat([]string{"media"}, 10)...), "stop")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("frames (-want +got):\n%s", diff)
		}
	})
}

func TestHangUpWhileAStreamIsOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		n := &network{handler: http.HandlerFunc(body(connect))}
		dialled := make(chan struct{})
		n.dials = map[string]func(context.Context) (net.Conn, error){"stream.example": func(ctx context.Context) (net.Conn, error) {
			close(dialled)
			return silent(ctx)
		}}
		n.handler = http.HandlerFunc(body(strings.ReplaceAll(connect, "responder.example", "stream.example")))
		go func() {
			<-dialled
			cancel(engine.ErrHungUp)
		}()
		got := over(t, n, engine.Config{}).engine.Run(ctx, newStreamPhone(), engine.Call{URL: at(start), Facts: facts}, func(trace.Stamped) {})
		if diff := cmp.Diff(engine.Outcome{By: trace.ByCaller, Reason: "the caller hung up"}, got); diff != "" {
			t.Errorf("outcome (-want +got):\n%s", diff)
		}
	})
}
