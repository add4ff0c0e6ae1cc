package wire

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// mediaLine is the line of a terminal that records and carries media streams too.
type mediaLine struct {
	*remoteLine
	recordings *Recordings
}

var (
	_ engine.Recorder = (*mediaLine)(nil)
	_ engine.Streamer = (*mediaLine)(nil)
)

// Record has the terminal record its caller. The sound comes in pieces, before
// the reply. A call that is taken away leaves what was said so far.
func (l *mediaLine) Record(ctx context.Context, rules engine.RecordRules) (engine.Recorded, error) {
	rules.MaxLength = min(rules.MaxLength, maxRecording)
	l.incoming.tape(audio.Samples(rules.MaxLength))
	done, err := l.do(ctx, order{Do: doRecord, Record: &rules})
	left := l.left
	if left {
		_ = l.settle() // the next request says what broke
	}
	sound := l.incoming.taped()
	switch {
	case left && len(sound) > 0:
		done.Took = time.Duration(len(sound)) * (time.Second / audio.Rate) // a byte of µ-law is a sample
	case err != nil && (!errors.Is(err, engine.ErrHungUp) || len(sound) == 0):
		return engine.Recorded{}, err
	}
	return engine.Recorded{URL: l.recordings.keep(sound), Length: done.Took}, err
}

// Stream joins the terminal's caller and a media stream.
func (l *mediaLine) Stream(ctx context.Context, media *engine.Media) error {
	s := l.incoming.join(media)
	defer l.leave(s)
	if err := l.ask(ctx, order{Do: doStream, Stream: s.order()}); err != nil {
		return err
	}
	l.watch(s)
	_, err := l.answer(ctx)
	return err
}

// Fork gives a media stream the sound of the terminal's call. If the line is
// broken, the next request says so.
func (l *mediaLine) Fork(media *engine.Media) (stop func()) {
	s := l.incoming.join(media)
	if _, err := l.do(l.call, order{Do: doFork, Stream: s.order()}); err != nil {
		return func() { l.leave(s) }
	}
	l.watch(s)
	return func() {
		defer l.leave(s)
		_, _ = l.do(l.call, order{Do: doUnfork, Stream: &streaming{ID: s.id}}) // its reply comes after all that was said
	}
}

// watch tells the terminal when a media stream that it has been asked to carry
// has ended.
func (l *mediaLine) watch(s *remoteStream) {
	s.watching.Go(func() {
		select {
		case <-s.media.Done():
			s.mu.Lock() // after the last sound
			defer s.mu.Unlock()
			_ = l.send(order{Do: doEnded, Stream: &streaming{ID: s.id}})
		case <-s.left:
		}
	})
}

// leave is the end of incoming.join and watch.
func (l *mediaLine) leave(s *remoteStream) {
	l.incoming.leave(s)
	close(s.left)
	s.watching.Wait()
}

// remoteStream is a media stream that a terminal carries.
type remoteStream struct {
	id       int
	media    *engine.Media
	mu       sync.Mutex // for the order of what the terminal is sent
	left     chan struct{}
	watching sync.WaitGroup
}

// order returns the stream as an order has it.
func (s *remoteStream) order() *streaming {
	o := &streaming{ID: s.id, TwoWay: s.media.TwoWay}
	for _, track := range []engine.Track{engine.Inbound, engine.Outbound} {
		if s.media.Wants(track) {
			o.Tracks = append(o.Tracks, track)
		}
	}
	return o
}

// hear passes on what has come from the terminal by itself. A stream on a clock of
// the line's own waits for a slow program, as it would on that line.
func (l *remoteLine) hear(m *media) {
	if m.Stream == 0 {
		l.incoming.record(m.Sound)
		return
	}
	s := l.incoming.stream(m.Stream)
	if s == nil {
		return // it has ended
	}
	if m.Key != "" {
		s.media.Key(m.Key[0])
	}
	if m.Words != "" {
		s.media.Said(m.Words)
	}
	if len(m.Sound) == 0 {
		return
	}
	if l.live {
		s.media.Offer(m.Track, m.Sound)
	} else {
		s.media.FromCaller(l.call, m.Track, m.Sound)
	}
	if !s.media.TwoWay || m.Track != engine.Inbound {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sound := make([]byte, len(m.Sound)) // the terminal keeps the time: as much as has passed there
	if n := s.media.Take(sound); n > 0 {
		_ = l.send(order{Do: doSound, Stream: &streaming{ID: s.id, Sound: sound[:n]}}) // the next request says what broke
	}
}

// incoming is where what comes from a terminal by itself goes.
type incoming struct {
	mu      sync.Mutex
	last    int // the number of the stream that was joined last
	streams map[int]*remoteStream
	sound   []byte // of the recording that is being made
	room    int    // bytes that it may still have; 0 where none is made
}

// tape begins a recording of so many bytes at most.
func (i *incoming) tape(most int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sound, i.room = nil, most
}

// taped ends a recording.
func (i *incoming) taped() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	sound := i.sound
	i.sound, i.room = nil, 0
	return sound
}

// record adds a piece to the recording, or what fits of it.
func (i *incoming) record(piece []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := min(len(piece), i.room)
	i.sound = append(i.sound, piece[:n]...)
	i.room -= n
}

func (i *incoming) join(media *engine.Media) *remoteStream {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last++
	s := &remoteStream{id: i.last, media: media, left: make(chan struct{})}
	if i.streams == nil {
		i.streams = map[int]*remoteStream{}
	}
	i.streams[s.id] = s
	return s
}

func (i *incoming) leave(s *remoteStream) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.streams, s.id)
}

// stream returns a stream that was joined; nil: it has ended.
func (i *incoming) stream(id int) *remoteStream {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.streams[id]
}
