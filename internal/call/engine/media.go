package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// FrameSize is the bytes of one frame of a media stream: 20 ms of µ-law at
// 8000 Hz, one channel.
const FrameSize = 160

// FrameTime is how long a frame sounds.
const FrameTime = 20 * time.Millisecond

// Bounds of a media stream's buffers.
const (
	// maxQueued is how much sound a program can send ahead of time: ten minutes.
	// Beyond it nothing is dropped, but nothing more is read either.
	maxQueued = 10 * 60 * 50 * FrameSize

	// maxUnsent is how much of a track waits for a slow program: five seconds.
	maxUnsent = 5 * 50

	// maxKeys is how many keys wait for a slow program: more than anybody
	// presses in five seconds.
	maxKeys = 64
)

// Track is one direction of a call's sound.
type Track int

// The tracks.
const (
	Inbound  Track = iota // what the caller says
	Outbound              // what the caller hears
	tracks   = 2
)

// String returns the track's name in a stream's protocol.
func (t Track) String() string { return [tracks]string{"inbound", "outbound"}[t] }

// MarshalText returns the track's name.
func (t Track) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the track's name.
func (t *Track) UnmarshalText(name []byte) error {
	switch string(name) {
	case Inbound.String():
		*t = Inbound
	case Outbound.String():
		*t = Outbound
	default:
		return fmt.Errorf("the track %q is not known", name)
	}
	return nil
}

// Media is the Line's side of a media stream: it takes the call's sound and
// gives what the caller is to hear. Program is the other side. Its methods,
// except Done, are called by one goroutine at a time, but Take may have one of
// its own, such as a media thread. But for FromCaller and Said none of them
// waits, for anything, or allocates, so that a thread that serves many calls can
// call them.
type Media struct {
	// TwoWay is false if the stream only listens.
	TwoWay bool

	wants     [tracks]bool
	listening int // to how many tracks
	sound     *ring[heardFrame]
	keys      *ring[heardKey]
	given     [tracks]int  // frames of each that were offered, counting those that were dropped
	next      atomic.Int64 // the number of the next frame, of any track

	backlog *backlog
	heard   atomic.Int64 // bytes of the program's sound that the caller heard
	said    said

	ended  atomic.Bool // the program sends no more, or the line has left
	closed atomic.Bool // the stream has ended and all was heard
	done   chan struct{}

	mark    atomic.Int64  // where the first mark is that was not reached; noMark: there is none
	toSend  chan struct{} // there is something for the program
	sending chan struct{} // the program has taken something
	room    chan struct{} // the caller has heard something
}

// heardFrame is 20 ms of the call's sound for the program.
type heardFrame struct {
	track    Track
	sequence int   // in its track, from 1
	number   int64 // in all tracks, from 0
	passed   int64 // up to where the program's sound had been heard
	size     int
	sound    [FrameSize]byte
}

// heardKey is a key for the program.
type heardKey struct {
	key    byte
	number int64 // of the frame that comes after it
	passed int64 // see heardFrame
}

// Streaming says what a media stream carries.
type Streaming struct {
	TwoWay  bool    // the program is heard
	Listens []Track // what the program hears
}

// NewMedia returns the two sides of a new media stream.
func NewMedia(s Streaming) (*Media, *Program) {
	m := &Media{
		TwoWay: s.TwoWay, listening: len(s.Listens),
		sound: newRing[heardFrame](maxUnsent * len(s.Listens)), keys: newRing[heardKey](maxKeys), backlog: newBacklog(),
		done: make(chan struct{}), toSend: make(chan struct{}, 1), sending: make(chan struct{}, 1), room: make(chan struct{}, 1),
	}
	m.mark.Store(noMark)
	for _, track := range s.Listens {
		m.wants[track] = true
	}
	return m, &Program{media: m}
}

// Done is closed when the stream has ended: the program ended it, or it broke.
// What the program sent before is heard to its end first.
func (m *Media) Done() <-chan struct{} { return m.done }

// Wants reports whether the program hears a track.
func (m *Media) Wants(t Track) bool { return m.wants[t] }

// Offer gives the program a frame of a track that it wants: at most FrameSize
// bytes, µ-law, which are not retained. Where five seconds wait for a slow
// program already, the oldest frame is dropped.
func (m *Media) Offer(t Track, sound []byte) {
	if m.closed.Load() || !m.wants[t] {
		return
	}
	m.given[t]++
	number := m.next.Add(1) - 1
	f := m.sound.next()
	if f == nil {
		return
	}
	f.track, f.sequence, f.number, f.passed = t, m.given[t], number, m.backlog.passed.Load()
	f.size = copy(f.sound[:], sound)
	m.sound.publish()
	notify(m.toSend)
}

// FromCaller is Offer on a Line whose clock is not the wall's: it waits for a
// slow program, and returns false once the stream has ended or the context is
// done.
func (m *Media) FromCaller(ctx context.Context, t Track, sound []byte) bool {
	for m.wants[t] && m.sound.full() && !m.closed.Load() {
		select {
		case <-m.sending:
		case <-m.done:
		case <-ctx.Done():
			return false
		}
	}
	m.Offer(t, sound)
	return !m.closed.Load()
}

// Said notes what the caller has said, for the trace, on a Line that knows it
// without listening.
func (m *Media) Said(text string) { m.said.say(text) }

// Key sends the program a key that the caller pressed.
func (m *Media) Key(key byte) {
	if m.closed.Load() {
		return
	}
	m.said.press(key)
	k := m.keys.next()
	if k == nil {
		return
	}
	*k = heardKey{key, m.next.Load(), m.backlog.passed.Load()}
	m.keys.publish()
	notify(m.toSend)
}

// Take fills buf with what the caller is to hear now, or silence, and returns
// how much of it came from the program. What it returned counts as heard.
func (m *Media) Take(buf []byte) int {
	n := 0
	if !m.closed.Load() {
		before := m.backlog.passed.Load()
		n = m.backlog.take(buf)
		m.heard.Add(int64(n))
		if passed := m.backlog.passed.Load(); passed > before {
			notify(m.room)
			if passed >= m.mark.Load() {
				notify(m.toSend)
			}
		}
		m.finish()
	}
	for i := n; i < len(buf); i++ {
		buf[i] = audio.MulawSilence
	}
	return n
}

// finish closes the stream once the program sends no more and all was heard.
func (m *Media) finish() {
	if m.ended.Load() && m.backlog.left() == 0 {
		m.close()
	}
}

// close ends the stream at once.
func (m *Media) close() {
	m.ended.Store(true)
	if m.closed.CompareAndSwap(false, true) {
		close(m.done)
	}
}

// notify wakes who waits for something, or will. It waits for nobody.
func notify(what chan struct{}) {
	select {
	case what <- struct{}{}:
	default:
	}
}
