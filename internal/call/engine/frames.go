package engine

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Limits of what passes over a media stream.
const (
	streamWriteTimeout = 5 * time.Second // a program that takes nothing for so long is gone
	maxStreamMessage   = 8 << 20         // ten minutes of sound in one message
	maxOddities        = 5               // kinds of odd frames that are reported
)

// message is one frame of the stream's protocol that goes to the program.
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
	Track     string `json:"track"`
	Payload   string `json:"payload"`
	Sequence  int    `json:"sequence"`  // in its track, from 1; what was dropped is counted
	Timestamp int64  `json:"timestamp"` // milliseconds of the track's sound since the start
}

type messageMark struct {
	Name string `json:"name"`
}

type messageDTMF struct {
	Digit string `json:"digit"`
}

// received has the fields that count of a frame from the program. Whatever else
// it holds, and of whatever type, is the program's own affair: many send a frame
// of ours back with another payload.
type received struct {
	Event string `json:"event"`
	Media *struct {
		Payload string `json:"payload"`
	} `json:"media"`
	Mark *messageMark `json:"mark"`
}

// write sends what the Line gives, until the stream has ended. A program that
// closed the stream properly is still heard to its end: until then the caller's
// sound is dropped.
func (s *stream) write(ctx context.Context, parameters map[string]string) {
	defer s.cancel()
	defer func() { _ = s.conn.Close(websocket.StatusNormalClosure, "") }()
	standing := true
	reading := s.reading
	var lost error // why nothing can be sent; read may know better
	send := func(m message) {
		if !standing {
			return
		}
		switch err := s.send(ctx, m); {
		case err == nil:
			return
		case errors.Is(err, net.ErrClosed):
			lost = err
		default:
			s.broke(err)
		}
		standing = false
	}
	give := func() {
		var f Frame
		for s.program.Next(&f) {
			send(s.messageOf(&f))
		}
	}
	send(message{Event: "connected"})
	send(message{Event: "start", StreamID: s.id, Start: &messageStart{s.id, parameters}})
	for {
		if lost != nil && reading == nil {
			s.broke(lost)
			lost = nil
		}
		select {
		case <-s.program.Pending():
			give()
		case <-reading:
			reading = nil
		case <-s.media.done:
			give() // what the caller said last
			send(message{Event: "stop", StreamID: s.id})
			return
		}
	}
}

func (s *stream) messageOf(f *Frame) message {
	m := message{StreamID: s.id}
	switch f.Kind {
	case SoundFrame:
		m.Event = "media"
		m.Media = &messageMedia{
			Track: f.Track.String(), Payload: base64.StdEncoding.EncodeToString(f.Sound),
			Sequence: f.Sequence, Timestamp: int64(f.Sequence-1) * FrameTime.Milliseconds(),
		}
	case KeyFrame:
		m.Event, m.DTMF = "dtmf", &messageDTMF{string(f.Key)}
	case MarkFrame:
		m.Event, m.Mark = "mark", &messageMark{f.Mark}
	}
	return m
}

// send writes one frame.
func (s *stream) send(ctx context.Context, m message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, streamWriteTimeout)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// read takes what the program sends, until it ends the stream.
func (s *stream) read(ctx context.Context) {
	defer close(s.reading)
	told := map[string]bool{}
	for {
		kind, data, err := s.conn.Read(ctx)
		switch {
		case err != nil && isGoodbye(err):
			s.program.End()
			return
		case errors.Is(err, net.ErrClosed):
			return // write has met the end of it, and reports it
		case err != nil:
			s.broke(err)
			return
		}
		odd, stop := s.take(ctx, kind, data)
		if odd != "" && !told[odd] && len(told) < maxOddities {
			told[odd] = true
			s.warn(CodeStreamFrame, "the media stream sent %s; it is ignored", odd)
		}
		if stop {
			s.program.End()
			return
		}
	}
}

// take carries out one frame from the program. It returns what is odd about it
// and whether it ends the stream.
func (s *stream) take(ctx context.Context, kind websocket.MessageType, data []byte) (odd string, stop bool) {
	if kind != websocket.MessageText {
		return "a binary frame", false
	}
	var m received
	if err := json.Unmarshal(data, &m); err != nil {
		return "a frame that is not JSON of the protocol", false
	}
	switch m.Event {
	case "media":
		return s.takeMedia(ctx, m), false
	case "clear":
		s.program.Clear()
	case "mark":
		if m.Mark == nil {
			return "a mark without a name", false
		}
		s.program.Mark(m.Mark.Name)
	case "stop":
		return "", true
	case "connected", "start", "dtmf":
		// Frames of ours that come back.
	default:
		return fmt.Sprintf("the event %.40q", m.Event), false
	}
	return "", false
}

func (s *stream) takeMedia(ctx context.Context, m received) (odd string) {
	if m.Media == nil {
		return "media without sound"
	}
	// With or without the = at the end: encoders differ.
	sound, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(m.Media.Payload), "="))
	if err != nil {
		return "media that is not base64"
	}
	s.program.Play(ctx, sound)
	return ""
}

// isGoodbye reports whether the program closed the stream properly.
func isGoodbye(err error) bool {
	switch websocket.CloseStatus(err) {
	case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
		return true
	}
	return false
}

// broke ends a stream that broke, with a warning, unless it had ended already.
func (s *stream) broke(err error) {
	s.program.BreakOff(func() { s.warn(CodeStream, "the media stream broke: %s", brokenText(err)) })
}

// brokenText says in words how a WebSocket broke.
func brokenText(err error) string {
	if closed, ok := errors.AsType[websocket.CloseError](err); ok {
		if closed.Reason == "" {
			return fmt.Sprintf("the program closed it with status %d", closed.Code)
		}
		return fmt.Sprintf("the program closed it with status %d (%q)", closed.Code, closed.Reason)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("the program took nothing for %d s", int(streamWriteTimeout.Seconds()))
	case errors.Is(err, websocket.ErrMessageTooBig):
		return fmt.Sprintf("the program sent a message of more than %d MiB", maxStreamMessage>>20)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the program went away without closing it"
	case errors.Is(err, net.ErrClosed):
		return "the connection was closed"
	}
	return err.Error()
}
