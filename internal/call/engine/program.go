package engine

import (
	"context"
	"math"
	"sync"
)

// Program is the program's side of a media stream. One goroutine calls Next and
// another Play, Clear, Mark and End; the rest may be called by any.
type Program struct {
	media *Media

	// Of Next's goroutine: what was taken from the Line and not yet given.
	frame       heardFrame
	key         heardKey
	held, keyed bool

	mu      sync.Mutex // the Line's side never locks it
	marks   []mark     // in the order of their places
	reached []string   // marks that are still to be given
	names   []string   // marks that were ever reached
	clears  int
	broke   bool
}

// mark is a place in what the program has sent; the program is notified when it
// is reached.
type mark struct {
	name string
	at   int64 // reached when so many bytes were heard or cleared
}

// noMark is further than any program sends.
const noMark = math.MaxInt64

// Frame is what goes to the program: sound, a key or a mark that was reached.
type Frame struct {
	Kind     FrameKind
	Track    Track  // of Sound
	Sequence int    // of Sound: in its track, from 1. What was dropped is counted
	Sound    []byte // until the next call
	Key      byte
	Mark     string
}

// FrameKind is the kind of a Frame.
type FrameKind int

// The kinds of frames.
const (
	SoundFrame FrameKind = iota
	KeyFrame
	MarkFrame
)

// Pending gets a value when there may be something for Next.
func (p *Program) Pending() <-chan struct{} { return p.media.toSend }

// Next moves the next frame for the program into f, in the order in which
// things happened; false: there is none yet. It does not wait.
func (p *Program) Next(f *Frame) bool {
	// In this order: whatever came before what is seen here is seen too.
	passed := p.media.backlog.passed.Load()
	p.keyed = p.keyed || p.media.keys.take(&p.key)
	p.held = p.held || p.media.sound.take(&p.frame)
	if p.held && !p.keyed {
		p.keyed = p.media.keys.take(&p.key)
	}
	key := p.keyed && (!p.held || p.key.number <= p.frame.number)
	switch {
	case key:
		passed = p.key.passed
	case p.held:
		passed = p.frame.passed
	}
	if name, ok := p.nextMark(passed); ok {
		*f = Frame{Kind: MarkFrame, Mark: name}
		return true
	}
	switch {
	case key:
		*f = Frame{Kind: KeyFrame, Key: p.key.key}
		p.keyed = false
	case p.held:
		*f = Frame{Kind: SoundFrame, Track: p.frame.track, Sequence: p.frame.sequence, Sound: p.frame.sound[:p.frame.size]}
		p.held = false
		notify(p.media.sending)
	default:
		return false
	}
	return true
}

// nextMark returns the next mark that is reached where so much was heard.
func (p *Program) nextMark(passed int64) (name string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reach(passed)
	if len(p.reached) == 0 {
		return "", false
	}
	name, p.reached = p.reached[0], p.reached[1:]
	return name, true
}

// reach moves the marks up to a place to those that are reached. The lock is
// held.
func (p *Program) reach(passed int64) {
	n := 0
	for n < len(p.marks) && p.marks[n].at <= passed {
		p.reached = append(p.reached, p.marks[n].name)
		if len(p.names) < maxUnsent {
			p.names = append(p.names, p.marks[n].name)
		}
		n++
	}
	p.marks = p.marks[n:]
	first := int64(noMark)
	if len(p.marks) > 0 {
		first = p.marks[0].at
	}
	p.media.mark.Store(first)
}

// Play adds sound for the caller, µ-law, which becomes the stream's. It waits
// while ten minutes are queued.
func (p *Program) Play(ctx context.Context, sound []byte) {
	m := p.media
	if !m.TwoWay {
		return
	}
	for !m.backlog.fits(len(sound)) {
		select {
		case <-m.room:
		case <-m.done:
			return
		case <-ctx.Done():
			return
		}
	}
	m.backlog.put(sound)
}

// Clear drops what is queued: the caller has interrupted. Its marks count as
// reached.
func (p *Program) Clear() {
	p.media.backlog.clear()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clears++
	p.reach(noMark)
	notify(p.media.toSend)
}

// Mark asks for a notice once what is queued so far was heard. Of a program that
// asks for hundreds at once, those are forgotten that come after the first ones.
func (p *Program) Mark(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.marks)+len(p.reached) >= maxUnsent {
		return
	}
	p.marks = append(p.marks, mark{name, p.media.backlog.sent.Load()})
	p.reach(p.media.backlog.sent.Load() - p.media.backlog.left())
	notify(p.media.toSend)
}

// End says that the program sends no more: the stream is over once what it sent
// was heard.
func (p *Program) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.media.ended.Store(true)
	p.media.finish()
}

// BreakOff ends the stream of a program that has gone without a word, unless
// it had ended already, and calls tell before anybody can see that it ended.
// The rest of what the program sent is dropped.
func (p *Program) BreakOff(tell func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.media.ended.Load() {
		return
	}
	tell()
	p.broke = true
	p.media.close()
}

// Close ends the stream at once, whatever was still to be heard.
func (p *Program) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.media.close()
}
