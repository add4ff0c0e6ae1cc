package enginetest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// programPath is where Documents have a program at the other end of media streams,
// in place of a document: what it does, such as
//
//	say 1s, mark first, await mark first, await key 7, hear inbound 2s, clear, stop
//
// It does one after the other. "hear" waits until so much sound of a track has come
// since the stream began. A program that has done all listens on.
const programPath = "/stream"

// step is one thing that a program does.
type step struct {
	does   string
	what   string        // a mark, a key or a track
	length time.Duration // of sound
}

// programOf reads what a program does.
func programOf(text string) (steps []step, err error) {
	for part := range strings.SplitSeq(text, ",") {
		does, what, _ := strings.Cut(strings.TrimSpace(part), " ")
		s := step{does: does, what: what}
		switch does {
		case "say":
			s.length, err = time.ParseDuration(what)
		case "hear":
			track, length, _ := strings.Cut(what, " ")
			s.what = track
			s.length, err = time.ParseDuration(length)
		case "await":
			s.does, s.what, _ = strings.Cut(what, " ")
			s.does = "await " + s.does
		case "mark", "clear", "stop":
		case "":
			continue
		default:
			err = fmt.Errorf("a program cannot %q", does)
		}
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// checkPrograms fails where the program of Documents cannot be read.
func (d Documents) checkPrograms(t *testing.T) {
	t.Helper()
	if _, err := programOf(d[programPath]); err != nil {
		t.Fatal(err)
	}
}

// converse is a program's end of a stream.
func (d Documents) converse(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // it was no stream, and was answered so
	}
	defer func() { _ = conn.CloseNow() }()
	steps, _ := programOf(d[programPath]) // was checked
	p := &program{heard: map[string]time.Duration{}, ctx: context.WithoutCancel(r.Context()), conn: conn}
	for _, s := range steps {
		p.do(s)
	}
	for p.listen() {
	}
}

// program is a stream that a program talks on.
type program struct {
	ctx  context.Context //nolint:containedctx // of one stream, which is one call of a handler
	conn *websocket.Conn

	heard map[string]time.Duration // of each track
	marks []string                 // that came back
	keys  string
}

// do does one thing. What the stream's end prevents shows in the call's events.
func (p *program) do(s step) {
	switch s.does {
	case "say":
		p.send(frame{Event: "media", Media: &media{Payload: soundOf(s.length)}})
	case "mark":
		p.send(frame{Event: "mark", Mark: &mark{s.what}})
	case "clear", "stop":
		p.send(frame{Event: s.does})
	case "hear":
		p.until(func() bool { return p.heard[s.what] >= s.length })
	case "await mark":
		p.until(func() bool { return strings.Contains(strings.Join(p.marks, " "), s.what) })
	case "await key":
		p.until(func() bool { return strings.Contains(p.keys, s.what) })
	}
}

// soundOf returns a tone as a stream carries it.
func soundOf(length time.Duration) string {
	tone, err := audio.DTMF("5", length, 0)
	if err != nil {
		panic(err) // there is that key
	}
	return base64.StdEncoding.EncodeToString(audio.AppendMulaw(nil, tone))
}

// frame is one of a stream's protocol, as far as programs know it.
type frame struct {
	Event string `json:"event"`
	Media *media `json:"media,omitempty"`
	Mark  *mark  `json:"mark,omitempty"`
	DTMF  *dtmf  `json:"dtmf,omitempty"`
}

type media struct {
	Track   string `json:"track,omitempty"`
	Payload string `json:"payload"`
}

type mark struct {
	Name string `json:"name"`
}

type dtmf struct {
	Digit string `json:"digit"`
}

func (p *program) send(f frame) {
	text, err := json.Marshal(f)
	if err != nil {
		panic(err) // it has texts alone
	}
	_ = p.conn.Write(p.ctx, websocket.MessageText, text) // the call may be over
}

func (p *program) until(done func() bool) {
	for !done() && p.listen() {
	}
}

// listen takes the next frame; false: the stream is over.
func (p *program) listen() bool {
	_, text, err := p.conn.Read(p.ctx)
	if err != nil {
		return false
	}
	var f frame
	if err := json.Unmarshal(text, &f); err != nil {
		return false
	}
	switch {
	case f.Media != nil:
		p.heard[f.Media.Track] += engine.FrameTime
	case f.Mark != nil:
		p.marks = append(p.marks, f.Mark.Name)
	case f.DTMF != nil:
		p.keys += f.DTMF.Digit
	}
	return true
}
