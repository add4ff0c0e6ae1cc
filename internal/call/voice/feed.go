package voice

import (
	"slices"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/rtp"
)

// feed gives a media stream the sound of a call and the caller's keys, from a
// goroutine of its own: a frame every 20 ms by the line's clock, also where
// nothing arrives.
type feed struct {
	line  *Line
	media *engine.Media

	cutters []*cutter
	keys    []byte // that the stream has not got yet; the line's mu guards them
	sound   []byte // of a frame

	left    chan struct{} // closed to end it
	running sync.WaitGroup
}

// feed begins to feed a media stream.
func (l *Line) feed(m *engine.Media) *feed {
	f := &feed{line: l, media: m, left: make(chan struct{})}
	for track, ear := range map[engine.Track]*ear{engine.Inbound: &l.inbound, engine.Outbound: &l.outbound} {
		if m.Wants(track) {
			f.cutters = append(f.cutters, newCutter(track, ear.join(), engine.FrameSize, l.config.Clock()))
		}
	}
	l.mu.Lock()
	l.feeds = append(l.feeds, f)
	l.listenByEar()
	l.mu.Unlock()
	f.running.Go(f.run)
	return f
}

// close ends it, once what was heard so far has been given to the stream.
func (f *feed) close() {
	l := f.line
	l.mu.Lock()
	l.feeds = slices.DeleteFunc(l.feeds, func(other *feed) bool { return other == f })
	l.listenByEar()
	l.mu.Unlock()
	close(f.left)
	f.running.Wait()
}

// press notes a key for the stream. The line's lock is held.
func (f *feed) press(key byte) {
	if len(f.keys) < maxInputs {
		f.keys = append(f.keys, key)
	}
}

func (f *feed) run() {
	ticker := time.NewTicker(engine.FrameTime)
	defer ticker.Stop()
	defer func() {
		for _, c := range f.cutters {
			c.hearer.leave()
		}
	}()
	for {
		select {
		case <-f.media.Done():
			return
		case <-f.left:
			f.step()
			for _, c := range f.cutters {
				c.hearer.flush(c.add)
				c.whole(f.offer)
			}
			return
		case <-ticker.C:
			f.step()
		}
	}
}

// step gives the stream what there is by now.
func (f *feed) step() {
	f.line.collect()
	f.line.mu.Lock()
	keys := f.keys
	f.keys = nil
	f.line.mu.Unlock()
	now := f.line.config.Clock()
	for _, c := range f.cutters {
		c.step(now, f.offer)
	}
	for _, key := range keys {
		f.media.Key(key)
	}
}

func (f *feed) offer(track engine.Track, pcm []int16) {
	f.sound = audio.AppendMulaw(f.sound[:0], pcm)
	f.media.Offer(track, f.sound)
}

// cutter cuts a track into frames of engine.FrameTime, such as those of a media
// stream.
type cutter struct {
	track  engine.Track
	hearer *hearer
	size   int           // samples of a frame
	at     time.Duration // of the next frame, by Pool.Now

	sound  []int16       // that is still to be given
	end    time.Duration // where the last piece ended …
	filled time.Duration // … and how much silence was given since in place of sound
}

func newCutter(track engine.Track, h *hearer, size int, now time.Duration) *cutter {
	return &cutter{track: track, hearer: h, size: size, at: now, end: now}
}

// length returns how long so many samples take.
func (c *cutter) length(samples int) time.Duration {
	return time.Duration(samples) * engine.FrameTime / time.Duration(c.size)
}

// A pause between two pieces that is shorter than minPause is none: it is the
// delay of a filter, or a clock that is a little slower than ours.
const minPause = 10 * time.Millisecond

// patience is for how long a frame waits for its sound: no hearing is later, and it
// may come between two ticks.
const patience = rtp.MaxDepth + engine.FrameTime

// add adds a piece of sound where it belongs. Sound that comes too late is not
// lost: the frames after it are as much later.
func (c *cutter) add(at time.Duration, pcm []int16) {
	if pause := at - c.end - c.filled; pause >= minPause {
		c.sound = append(c.sound, make([]int16, int(pause*time.Duration(c.size)/engine.FrameTime))...)
	}
	c.sound = append(c.sound, pcm...)
	c.end, c.filled = at+c.length(len(pcm)), 0
}

// step gives the frames that are whole, and silence for those that nothing comes
// for.
func (c *cutter) step(now time.Duration, give func(engine.Track, []int16)) {
	c.hearer.take(now, c.add)
	c.whole(give)
	for c.at+patience < now {
		missing := c.size - len(c.sound)
		c.sound = append(c.sound, make([]int16, missing)...)
		c.filled += c.length(missing)
		c.whole(give)
	}
}

// whole gives the frames that are whole.
func (c *cutter) whole(give func(engine.Track, []int16)) {
	rest := c.sound
	for ; len(rest) >= c.size; rest = rest[c.size:] {
		give(c.track, rest[:c.size])
		c.at += engine.FrameTime
	}
	c.sound = c.sound[:copy(c.sound, rest)]
}
