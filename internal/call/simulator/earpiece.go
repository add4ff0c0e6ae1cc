package simulator

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// earpiece gives media streams what the caller hears. It remembers sounds only
// while there are such streams.
type earpiece struct {
	mu      sync.Mutex
	streams int
	sounds  []sounding
}

// sounding is a sound that is heard, or was a moment ago.
type sounding struct {
	from, to time.Duration
	clip     audio.Clip
}

// longAgo is how late a media stream may be, on a machine that is busy with
// something else, and still get what was heard.
const longAgo = 10 * time.Second

// join begins to remember sounds for a media stream; leave ends it.
func (e *earpiece) join() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.streams++
}

func (e *earpiece) leave() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.streams--; e.streams == 0 {
		e.sounds = nil
	}
}

// joined reports whether a media stream gets what is heard.
func (e *earpiece) joined() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.streams > 0
}

// begin begins a sound, which is heard to its end unless stop comes first.
func (e *earpiece) begin(at time.Duration, clip audio.Clip) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.streams == 0 {
		return
	}
	e.sounds = slices.DeleteFunc(e.sounds, func(s sounding) bool { return s.to < at-longAgo })
	e.sounds = append(e.sounds, sounding{at, at + clip.Duration(), clip})
}

// stop stops all that is heard.
func (e *earpiece) stop(at time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.sounds {
		e.sounds[i].to = min(e.sounds[i].to, at)
	}
}

// heard fills frame with what is heard from a moment on.
func (e *earpiece) heard(at time.Duration, frame audio.Clip) {
	e.mu.Lock()
	defer e.mu.Unlock()
	clear(frame)
	first := audio.Samples(at)
	for _, s := range e.sounds {
		from, to := audio.Samples(s.from), audio.Samples(s.to)
		for i := max(from, first); i < min(to, first+len(frame), from+len(s.clip)); i++ {
			frame[i-first] = mixed(frame[i-first], s.clip[i-from])
		}
	}
}

// mixed returns what two samples are together.
func mixed(a, b int16) int16 {
	return int16(max(math.MinInt16, min(math.MaxInt16, int(a)+int(b))))
}
