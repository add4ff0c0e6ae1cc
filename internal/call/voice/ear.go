package voice

import (
	"slices"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
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
	up     *audio.Resampler // nil: it hears audio.Rate, else audio.Wideband
	pieces []piece          // that it has not taken yet; the ear's mu guards them
}

// piece is a piece of sound, and when it was said, by Pool.Now.
type piece struct {
	at   time.Duration
	pcm  []int16
	wide []int16 // the same at audio.Wideband, where the codec has that; else nil
}

// maxPieces is how much waits for a hearer who is slow, such as a recording on a
// disk that hangs: ten seconds of packets of 20 ms. What comes then is lost.
const maxPieces = 500

// join begins to listen.
func (e *ear) join() *hearer { return e.joinAt(audio.Rate) }

// joinAt begins to listen at audio.Rate or audio.Wideband.
func (e *ear) joinAt(rate int) *hearer {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hearing == nil {
		e.hearing = hear(e.leg, e.track)
	}
	h := &hearer{ear: e}
	if rate == audio.Wideband {
		h.up, _ = audio.NewResampler(audio.Rate, audio.Wideband) // there is one for the rates of codecs
	}
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
		each(p.at, h.hears(p))
	}
}

// hears returns a piece of sound at the hearer's rate.
func (h *hearer) hears(p piece) []int16 {
	switch {
	case h.up == nil:
		return p.pcm
	case p.wide == nil: // the codec has changed
		return h.up.Append(nil, p.pcm)
	}
	return p.wide
}

// share gives everybody a piece. The lock is held.
func (e *ear) share(heard piece) {
	p := piece{heard.at, slices.Clone(heard.pcm), slices.Clone(heard.wide)}
	for _, h := range e.hearers {
		if len(h.pieces) < maxPieces {
			h.pieces = append(h.pieces, p)
		}
	}
}
