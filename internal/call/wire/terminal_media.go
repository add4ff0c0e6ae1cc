package wire

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// errNoStream: the Core gave an order for a stream without saying which, or
// forgot the rules of a recording.
var errNoStream = errors.New("the order lacks what it is about")

// carryMedia carries out an order of mediaProtocol.
func (t *terminal) carryMedia(ctx context.Context, o order) (took time.Duration, err error) {
	switch {
	case o.Do == doRecord && o.Record != nil:
		var recorded engine.Recorded
		recorded, err = t.call.Line.Record(ctx, *o.Record)
		return recorded.Length, err
	case o.Stream == nil || o.Do == doRecord:
		return 0, errNoStream
	case o.Do == doStream:
		s := t.carry(o.Stream)
		defer t.leave(s)
		return 0, t.call.Line.Stream(ctx, s.media)
	case o.Do == doFork:
		s := t.carry(o.Stream)
		s.stop = t.call.Line.Fork(s.media)
	case o.Do == doUnfork:
		if s := t.stream(o.Stream.ID); s != nil {
			t.leave(s)
		}
	}
	return 0, nil
}

// upload gives the Core a recording, which it serves.
func (t *terminal) upload(_ context.Context, clip audio.Clip) (string, error) {
	for piece := range slices.Chunk(audio.AppendMulaw(nil, clip), maxPiece) {
		if err := writeMessage(t.wire, t.conn, reply{Media: &media{Sound: piece}}); err != nil {
			return "", err
		}
	}
	return "", nil
}

// carriedStream is a media stream of the Core's on the caller's line.
type carriedStream struct {
	terminal *terminal
	id       int
	media    *engine.Media
	program  *engine.Program
	stop     func() // of a fork; else nil
	sending  sync.WaitGroup

	mu sync.Mutex // of who takes from program
}

// carry begins to send the Core what comes for a stream.
func (t *terminal) carry(o *streaming) *carriedStream {
	if before := t.stream(o.ID); before != nil {
		t.leave(before) // no Core does that
	}
	s := &carriedStream{terminal: t, id: o.ID}
	s.media, s.program = engine.NewMedia(engine.Streaming{TwoWay: o.TwoWay, Listens: o.Tracks})
	t.mu.Lock()
	t.streams[s.id] = s
	t.mu.Unlock()
	s.sending.Go(func() {
		for {
			select {
			case <-s.program.Pending():
				s.flush()
			case <-s.media.Done():
				s.flush()
				return
			}
		}
	})
	return s
}

// flush sends what has come so far.
func (s *carriedStream) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var f engine.Frame
	for s.program.Next(&f) {
		m := media{Stream: s.id, Track: f.Track, Sound: f.Sound}
		if f.Kind == engine.KeyFrame {
			m.Key = string(f.Key)
		}
		s.send(m)
	}
	if words := s.program.NewWords(); words != "" {
		s.send(media{Stream: s.id, Words: words})
	}
}

func (s *carriedStream) send(m media) {
	if writeMessage(s.terminal.wire, s.terminal.conn, reply{Media: &m}) != nil {
		s.program.Close() // the line is broken: the reader says so
	}
}

// leave ends a stream once all that came for it was sent.
func (t *terminal) leave(s *carriedStream) {
	if s.stop != nil {
		s.stop()
	}
	s.program.Close()
	s.sending.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.streams, s.id)
}

// leaveAll ends the streams that the Core has left open.
func (t *terminal) leaveAll() {
	for _, s := range t.carried() {
		t.leave(s)
	}
}

// flush sends what has come for all streams, which belongs before a reply.
func (t *terminal) flush() {
	for _, s := range t.carried() {
		s.flush()
	}
}

// stream returns a stream; nil: there is none of this number any more.
func (t *terminal) stream(id int) *carriedStream {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.streams[id]
}

func (t *terminal) carried() []*carriedStream {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]*carriedStream, 0, len(t.streams))
	for _, s := range t.streams {
		all = append(all, s)
	}
	return all
}

// tellStream passes on a notice for a media stream; false: it is none.
func (t *terminal) tellStream(notice order) bool {
	if notice.Do != doSound && notice.Do != doEnded {
		return false
	}
	if notice.Stream == nil {
		return true
	}
	s := t.stream(notice.Stream.ID)
	switch {
	case s == nil: // it has ended here
	case notice.Do == doSound:
		s.program.Play(t.wire, notice.Stream.Sound)
	default:
		s.program.End()
	}
	return true
}
