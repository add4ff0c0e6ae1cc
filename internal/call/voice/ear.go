package voice

import (
	"slices"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/media"
)

// ear hears a track of a leg for all who listen to it, because a leg has one Tap a
// track. One who takes what has come takes it for the others too. Any goroutine
// may use it.
type ear struct {
	leg   *media.Leg
	track media.Track

	mu      sync.Mutex
	hearing *hearing // nil: nobody listens
	hearers []*hearer
}

// hearer is one who listens. One goroutine at a time uses it.
type hearer struct {
	ear    *ear
	pieces []piece // that it has not taken yet; the ear's mu guards them
}

// piece is a piece of sound, and when it was said, by Pool.Now.
type piece struct {
	at  time.Duration
	pcm []int16
}

// maxPieces is how much waits for a hearer who is slow, such as a recording on a
// disk that hangs: ten seconds of packets of 20 ms. What comes then is lost.
const maxPieces = 500

// join begins to listen.
func (e *ear) join() *hearer {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hearing == nil {
		e.hearing = hear(e.leg, e.track)
	}
	h := &hearer{ear: e}
	e.hearers = append(e.hearers, h)
	return h
}

// leave ends join.
func (h *hearer) leave() {
	e := h.ear
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hearers = slices.DeleteFunc(e.hearers, func(other *hearer) bool { return other == h })
	if len(e.hearers) == 0 {
		e.hearing.close()
		e.hearing = nil
	}
}

// ready has a value once something has arrived.
func (h *hearer) ready() <-chan struct{} {
	h.ear.mu.Lock()
	defer h.ear.mu.Unlock()
	return h.ear.hearing.tap.Ready()
}

// take takes what there is to hear by now.
func (h *hearer) take(now time.Duration, each func(at time.Duration, pcm []int16)) {
	h.pass(each, func(l *hearing) { l.take(now, h.ear.share) })
}

// flush takes what waits for its turn too.
func (h *hearer) flush(each func(at time.Duration, pcm []int16)) {
	h.pass(each, func(l *hearing) { l.flush(h.ear.share) })
}

func (h *hearer) pass(each func(at time.Duration, pcm []int16), hear func(*hearing)) {
	h.ear.mu.Lock()
	hear(h.ear.hearing)
	pieces := h.pieces
	h.pieces = nil
	h.ear.mu.Unlock()
	for _, p := range pieces {
		each(p.at, p.pcm)
	}
}

// share gives everybody a piece. The lock is held.
func (e *ear) share(at time.Duration, pcm []int16) {
	p := piece{at, slices.Clone(pcm)}
	for _, h := range e.hearers {
		if len(h.pieces) < maxPieces {
			h.pieces = append(h.pieces, p)
		}
	}
}
