package engine

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/trace"
	"github.com/switchhook/switchhook/responder"
)

// Limits of a media stream.
const (
	streamConnectTimeout = 5 * time.Second // the caller hears nothing meanwhile
	streamWriteTimeout   = 5 * time.Second // a program that takes nothing for so long is gone
	maxStreamMessage     = 8 << 20         // ten minutes of sound in one message
)

// stream is a media stream to a program: its WebSocket and two goroutines that
// end with it.
type stream struct {
	id    string
	media *Media
	conn  *websocket.Conn
	warn  func(code, format string, args ...any)

	cancel context.CancelFunc
	work   sync.WaitGroup
}

// connect talks to a program until the stream ends, then hands control to the
// action.
func (r *run) connect(ctx context.Context, a answer, i int, v responder.Connect) (*ask, error) {
	at := a.parsed.VerbPosition(i).Line
	if v.Stream.URL == "" {
		return r.action(a, v.Action, "")
	}
	streamer, ok := r.line.(Streamer)
	if !ok {
		r.warn(CodeLine, at, "this line cannot carry media streams")
		return r.action(a, v.Action, "")
	}
	s, err := r.openStream(ctx, a, "connect", v.Stream, at)
	if err != nil {
		if r.over(ctx, err) != nil {
			return nil, err
		}
		last := i == len(a.parsed.Document.Verbs)-1 && v.Action == "" && a.parsed.Document.Action == ""
		if last {
			return nil, &failure{code: CodeStream, text: err.Error(), err: err} // or the caller would hear nothing at all
		}
		r.warn(CodeStream, at, "%v", err)
		return r.action(a, v.Action, "")
	}
	err = streamer.Stream(ctx, s.media)
	s.close()
	if err != nil {
		return nil, err
	}
	return r.action(a, v.Action, "")
}

// start copies the caller's sound to a program while the next verbs run.
func (r *run) start(ctx context.Context, a answer, v responder.Stream, at int) error {
	if v.URL == "" {
		return nil
	}
	streamer, ok := r.line.(Streamer)
	if !ok {
		r.warn(CodeLine, at, "this line cannot carry media streams")
		return nil
	}
	s, err := r.openStream(ctx, a, "start", v, at)
	if err != nil {
		if r.over(ctx, err) != nil {
			return err
		}
		r.warn(CodeStream, at, "%v", err)
		return nil
	}
	stop := streamer.Fork(s.media)
	r.forks = append(r.forks, &fork{stream: s, stop: stop})
	return nil
}

// fork is a stream that runs beside the verbs.
type fork struct {
	stream *stream
	stop   func()
}

func (f *fork) end() {
	f.stop()
	f.stream.close()
}

// endStreams ends what still runs beside the verbs.
func (r *run) endStreams() {
	for _, f := range r.forks {
		f.end()
	}
	r.forks = nil
}

// waitStreams waits for the goroutines of all streams of the call. It comes
// after the hang-up: a program that is slow to say goodbye holds nobody.
func (r *run) waitStreams() {
	for _, s := range r.streams {
		s.work.Wait()
	}
}

// stay keeps the call up after a document that ends with Start, until the
// stream ends or the caller hangs up.
func (r *run) stay(ctx context.Context, document responder.Document) error {
	if len(document.Verbs) == 0 || len(r.forks) == 0 {
		return nil
	}
	if _, ok := document.Verbs[len(document.Verbs)-1].(responder.Start); !ok {
		return nil
	}
	last := r.forks[len(r.forks)-1]
	r.forks = r.forks[:len(r.forks)-1]
	last.stop()
	err := r.line.(Streamer).Stream(ctx, last.stream.media)
	last.stream.close()
	return err
}

// openStream connects to a program and says which call this is.
func (r *run) openStream(ctx context.Context, a answer, mode string, v responder.Stream, at int) (*stream, error) {
	target, err := streamURL(a.url, v.URL)
	if err != nil {
		return nil, err
	}
	if target.Scheme == "ws" {
		r.warn(CodePlainStream, at, "the media stream is not encrypted; write wss://")
	}
	dialCtx, cancelDial := context.WithTimeout(ctx, streamConnectTimeout)
	defer cancelDial()
	conn, _, err := websocket.Dial(dialCtx, target.String(), &websocket.DialOptions{HTTPClient: r.engine.config.Client.HTTP(r.cookies)}) //nolint:bodyclose // the library closes it
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, streamError(target, err)
	}
	conn.SetReadLimit(maxStreamMessage)
	streamCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &stream{id: rand.Text(), media: newMedia(mode == "connect"), conn: conn, cancel: cancel}
	s.warn = func(code, format string, args ...any) { r.warn(code, at, format, args...) }

	parameters := make(map[string]string, len(v.Parameters))
	for _, p := range v.Parameters {
		parameters[p.Name] = p.Value
	}
	r.emit(trace.Stream{Mode: mode, URL: target.String(), Parameters: parameters})
	r.streams = append(r.streams, s)
	s.work.Go(func() { s.write(streamCtx, parameters) })
	s.work.Go(func() { s.read(streamCtx) })
	return s, nil
}

func streamURL(base *url.URL, address string) (*url.URL, error) {
	target, err := base.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the stream's url %q is not a URL", address)
	}
	switch target.Scheme {
	case "https":
		target.Scheme = "wss"
	case "http":
		target.Scheme = "ws"
	}
	return target, nil
}

func streamError(target *url.URL, err error) error {
	text := err.Error()
	if failed, ok := errors.AsType[*fetch.Error](err); ok {
		text = failed.Message
	} else if errors.Is(err, context.DeadlineExceeded) {
		text = fmt.Sprintf("no answer in %d s", int(streamConnectTimeout.Seconds()))
	}
	return fmt.Errorf("the media stream to %s cannot be opened: %s", target.Redacted(), text)
}

// close ends the stream, whatever is still to be heard.
func (s *stream) close() { s.media.end(true) }

// message is one frame of the stream's protocol, in either direction.
type message struct {
	Event    string        `json:"event"`
	StreamID string        `json:"stream_id,omitempty"`
	Start    *messageStart `json:"start,omitempty"`
	Media    *messageMedia `json:"media,omitempty"`
	Mark     *messageMark  `json:"mark,omitempty"`
	DTMF     *messageDTMF  `json:"dtmf,omitempty"`
}

type messageStart struct {
	StreamID   string            `json:"stream_id"`
	Parameters map[string]string `json:"customParameters"`
}

type messageMedia struct {
	Track     string `json:"track,omitempty"`
	Payload   string `json:"payload"`
	Sequence  int    `json:"sequence,omitempty"`  // from 1
	Timestamp int64  `json:"timestamp,omitempty"` // milliseconds of sound since the start
}

type messageMark struct {
	Name string `json:"name"`
}

type messageDTMF struct {
	Digit string `json:"digit"`
}

// write sends what the Line gives, until the stream has ended.
func (s *stream) write(ctx context.Context, parameters map[string]string) {
	defer s.cancel()
	defer func() { _ = s.conn.Close(websocket.StatusNormalClosure, "") }()
	ok := s.send(ctx, message{Event: "connected"}) &&
		s.send(ctx, message{Event: "start", StreamID: s.id, Start: &messageStart{s.id, parameters}})
	for sequence := 0; ok; {
		select {
		case f := <-s.media.out:
			if f.sound != nil {
				sequence++
			}
			ok = s.send(ctx, s.messageOf(f, sequence))
		case <-s.media.done:
			for len(s.media.out) > 0 { // what the caller said last
				f := <-s.media.out
				if f.sound != nil {
					sequence++
				}
				if !s.send(ctx, s.messageOf(f, sequence)) {
					return
				}
			}
			s.send(ctx, message{Event: "stop", StreamID: s.id})
			return
		case <-ctx.Done():
			return
		}
	}
}

func (s *stream) messageOf(f frame, sequence int) message {
	m := message{StreamID: s.id}
	switch {
	case f.sound != nil:
		m.Event = "media"
		m.Media = &messageMedia{
			Track: "inbound", Payload: base64.StdEncoding.EncodeToString(f.sound),
			Sequence: sequence, Timestamp: int64(sequence-1) * 20,
		}
	case f.key != 0:
		m.Event, m.DTMF = "dtmf", &messageDTMF{string(f.key)}
	default:
		m.Event, m.Mark = "mark", &messageMark{f.mark}
	}
	return m
}

// send writes one frame and reports whether the stream still stands.
func (s *stream) send(ctx context.Context, m message) bool {
	text, err := json.Marshal(m)
	if err != nil {
		s.warn(CodeStream, "the media stream broke: %v", err)
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, streamWriteTimeout)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, text); err != nil {
		s.media.end(true)
		return false
	}
	return true
}

// read takes what the program sends, until it ends the stream.
func (s *stream) read(ctx context.Context) {
	defer s.media.end(false)
	told := map[string]bool{}
	odd := func(what string) {
		if !told[what] && len(told) < 5 {
			told[what] = true
			s.warn(CodeStreamFrame, "the media stream sent %s; it is ignored", what)
		}
	}
	for {
		kind, data, err := s.conn.Read(ctx)
		if err != nil {
			s.broke(ctx, err)
			return
		}
		var m message
		if kind != websocket.MessageText {
			odd("a binary frame")
			continue
		}
		if err := json.Unmarshal(data, &m); err != nil {
			odd("a frame that is not JSON of the protocol")
			continue
		}
		switch m.Event {
		case "media":
			if m.Media == nil {
				odd("media without sound")
				continue
			}
			sound, err := base64.StdEncoding.DecodeString(strings.TrimSpace(m.Media.Payload))
			if err != nil {
				odd("media that is not base64")
				continue
			}
			if s.media.TwoWay {
				s.media.enqueue(ctx, sound)
			}
		case "clear":
			s.media.clear()
		case "mark":
			if m.Mark != nil {
				s.media.mark(m.Mark.Name)
			}
		case "stop":
			return
		case "connected", "start", "dtmf":
			// Echoed frames of ours.
		default:
			odd(fmt.Sprintf("the event %q", m.Event))
		}
	}
}

// broke tells of a stream that ended in another way than by a close or a stop.
func (s *stream) broke(ctx context.Context, err error) {
	status := websocket.CloseStatus(err)
	if ctx.Err() != nil || status == websocket.StatusNormalClosure || status == websocket.StatusGoingAway || status == websocket.StatusNoStatusRcvd {
		return
	}
	select {
	case <-s.media.done: // ours
	default:
		s.warn(CodeStream, "the media stream broke: %v", err)
	}
}
