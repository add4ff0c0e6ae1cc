package engine

import (
	"context"
	"sync"
)

// FrameSize is the bytes of one frame of a media stream: 20 ms of µ-law at
// 8000 Hz, one channel.
const FrameSize = 160

// Bounds of a media stream's buffers.
const (
	// maxQueued is how much sound a program can send ahead of time: ten minutes.
	// Beyond it nothing is dropped, but nothing more is read either.
	maxQueued = 10 * 60 * 50 * FrameSize

	// maxUnsent is how much of the caller's sound waits for a slow program:
	// five seconds. Then the Line waits.
	maxUnsent = 5 * 50
)

// muLawSilence is what µ-law calls zero.
const muLawSilence = 0xFF

// Media is the Line's side of a media stream: it takes the caller's sound and
// gives what the caller is to hear.
type Media struct {
	// TwoWay is false if the stream only listens.
	TwoWay bool

	out  chan frame    // to the program
	done chan struct{} // closed when the stream has ended and all was heard

	mu     sync.Mutex
	queue  []byte // µ-law that the caller is to hear
	played int    // bytes of the queue that were heard, since the stream began
	queued int    // bytes that were ever queued
	marks  []mark // in the order of their places
	ended  bool   // the program sends no more, or the line has left
	closed bool   // done is closed
	room   chan struct{}
}

// frame is what goes to the program: sound, a key or a mark that was reached.
type frame struct {
	sound []byte
	key   byte
	mark  string
}

// mark is a place in the queue; the program is notified when it is reached.
type mark struct {
	name string
	at   int // reached when so many bytes were played
}

func newMedia(twoWay bool) *Media {
	return &Media{TwoWay: twoWay, out: make(chan frame, maxUnsent), done: make(chan struct{}), room: make(chan struct{}, 1)}
}

// Done is closed when the stream has ended: the program ended it, or it broke.
// What the program sent before is heard to its end first.
func (m *Media) Done() <-chan struct{} { return m.done }

// FromCaller gives the program FrameSize bytes of the caller's sound, µ-law.
// It waits while the program lags, and returns false once the stream has ended
// or the context is done. frame is not retained.
func (m *Media) FromCaller(ctx context.Context, sound []byte) bool {
	return m.send(ctx, frame{sound: append([]byte(nil), sound...)})
}

// Key sends the program a key that the caller pressed.
func (m *Media) Key(ctx context.Context, key byte) bool { return m.send(ctx, frame{key: key}) }

func (m *Media) send(ctx context.Context, f frame) bool {
	select {
	case <-m.done:
		return false
	default:
	}
	select {
	case m.out <- f:
		return true
	case <-m.done:
	case <-ctx.Done():
	}
	return false
}

// ToCaller fills buf with what the caller is to hear now, or silence, and
// returns how much of it came from the program. What it returned counts as
// heard.
func (m *Media) ToCaller(buf []byte) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := copy(buf, m.queue)
	for i := n; i < len(buf); i++ {
		buf[i] = muLawSilence
	}
	m.queue = m.queue[n:]
	m.played += n
	m.reached()
	if n > 0 {
		select {
		case m.room <- struct{}{}:
		default:
		}
	}
	m.finish()
	return n
}

// reached sends the program the marks up to here. If a program does not read
// them, they are dropped rather than stop the sound.
func (m *Media) reached() {
	for len(m.marks) > 0 && m.marks[0].at <= m.played {
		select {
		case m.out <- frame{mark: m.marks[0].name}:
		default:
		}
		m.marks = m.marks[1:]
	}
}

// finish closes done once the program sends no more and all was heard.
func (m *Media) finish() {
	if m.ended && !m.closed && (len(m.queue) == 0 || !m.TwoWay) {
		m.closed = true
		close(m.done)
	}
}

// enqueue adds sound from the program. It waits while the queue is full.
func (m *Media) enqueue(ctx context.Context, sound []byte) {
	for {
		m.mu.Lock()
		if len(m.queue) == 0 || len(m.queue)+len(sound) <= maxQueued {
			m.queue = append(m.queue, sound...)
			m.queued += len(sound)
			m.mu.Unlock()
			return
		}
		m.mu.Unlock()
		select {
		case <-m.room:
		case <-ctx.Done():
			return
		}
	}
}

// clear drops what is queued: the caller has interrupted. Its marks count as
// reached.
func (m *Media) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.played += len(m.queue)
	m.queue = nil
	m.reached()
}

// mark asks for a notice once what is queued so far was heard.
func (m *Media) mark(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.marks) < maxUnsent {
		m.marks = append(m.marks, mark{name, m.queued})
	}
	m.reached()
}

// end says that the program sends no more: the stream is over once what it sent
// was heard.
func (m *Media) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	m.finish()
}

// breakOff ends the stream of a program that has gone without a word, unless
// it had ended already, and calls tell before anybody can see that it ended.
// The rest of what the program sent is dropped.
func (m *Media) breakOff(tell func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return
	}
	tell()
	m.ended, m.queue = true, nil
	m.finish()
}

// close ends the stream at once, whatever was still to be heard.
func (m *Media) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended, m.queue = true, nil
	m.finish()
}
