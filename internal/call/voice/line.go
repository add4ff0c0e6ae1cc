package voice

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
)

// Line is a caller on a telephone.
type Line struct {
	config Config
	began  time.Duration

	answered atomic.Int64 // when, by the line's clock; below 0: it was not

	mu   sync.Mutex
	told []dialog.Event // that the goroutine of the call has not seen
	news chan struct{}  // has a value if there are some

	// What follows belongs to the goroutine that runs the call.
	asked  bool // to be answered
	agreed bool // on a codec:
	codec  audio.Codec

	listen  *engine.Listening
	keys    []engine.Input // that nobody has asked for yet
	presses dialog.Presses
	playing media.PlayID
	played  media.Event // the last that ended
	hearing *hearing    // while the caller is recorded
}

var (
	_ engine.Line     = (*Line)(nil)
	_ engine.Answerer = (*Line)(nil)
	_ engine.Echoer   = (*Line)(nil)
	_ engine.Recorder = (*Line)(nil)
)

// maxKeys is how many keys a caller can press ahead.
const maxKeys = 64

// errQuiet ends a call whose caller may be gone without a word.
var errQuiet = errors.New("no sound has arrived from the caller for too long")

// New returns the Line of a call that has just come.
func New(c Config) *Line {
	l := &Line{config: c, began: c.Clock(), news: make(chan struct{}, 1)}
	l.answered.Store(-1)
	return l
}

// Tell takes what happens to the call. It does not wait, so it can be what a
// dialog.Call tells.
func (l *Line) Tell(e dialog.Event) {
	switch e := e.(type) {
	case dialog.Agreed:
		l.config.Leg.Agree(e.Agreement)
	case dialog.Answered:
		l.config.Leg.Answered()
		l.answered.Store(int64(l.Now()))
	case dialog.Ended:
		l.config.HangUp(engine.ErrHungUp)
	}
	l.mu.Lock()
	l.told = append(l.told, e)
	l.mu.Unlock()
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// Now returns the time since the call came.
func (l *Line) Now() time.Duration { return l.config.Clock() - l.began }

// Answered returns when the call was answered. Any goroutine may ask.
func (l *Line) Answered() (at time.Duration, ok bool) {
	at = time.Duration(l.answered.Load())
	return max(at, 0), at >= 0
}

// answer answers the call, if nobody has, and waits until it is up.
func (l *Line) answer(ctx context.Context) error {
	if !l.asked {
		l.asked = true
		l.config.Call.Answer(l.config.Local)
	}
	return l.wait(ctx, func() bool {
		_, up := l.Answered()
		return up && l.agreed
	})
}

// wait waits for news until done. The error is the cause of the context's end.
func (l *Line) wait(ctx context.Context, done func() bool) error {
	for {
		l.takeNews()
		if done() {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-l.news:
		case <-l.config.Leg.Ready():
		case <-l.heard():
		}
	}
}

// heard has a value if there is something to hear; nil if nobody listens.
func (l *Line) heard() <-chan struct{} {
	if l.hearing == nil {
		return nil
	}
	return l.hearing.tap.Ready()
}

// takeNews takes what has happened.
func (l *Line) takeNews() {
	for {
		e, ok := l.config.Leg.Next()
		if !ok {
			break
		}
		switch e.Kind {
		case media.Key:
			l.press(e.Key, dialog.ByRTP, e.At-l.began)
		case media.Played:
			l.played = e
		case media.Quiet:
			l.config.HangUp(errQuiet)
		}
	}
	l.mu.Lock()
	told := l.told
	l.told = nil
	l.mu.Unlock()
	for _, e := range told {
		switch e := e.(type) {
		case dialog.Agreed:
			l.codec, l.agreed = codecs[e.Codec.Codec], true
		case dialog.Key:
			l.press(e.Key, dialog.ByINFO, l.Now())
			if l.pressed() {
				l.config.Leg.Stop(l.playing)
			}
		}
	}
}

// press notes a key, unless it is known by another way.
func (l *Line) press(key byte, way dialog.Way, at time.Duration) {
	if l.presses.Step(key, way, at) && len(l.keys) < maxKeys {
		l.keys = append(l.keys, engine.Input{Kind: engine.Key, At: max(at, 0), Key: key})
	}
}

// listenFor makes listen what is wanted. Input that came before it was is no
// answer.
func (l *Line) listenFor(listen *engine.Listening) {
	l.takeNews()
	if listen != l.listen {
		l.listen, l.keys = listen, nil
	}
}

// pressed reports whether there is a key that is wanted.
func (l *Line) pressed() bool { return l.listensForKeys() && len(l.keys) > 0 }

func (l *Line) listensForKeys() bool { return l.listen != nil && l.listen.Keys }

// Listen waits for the caller's next input.
func (l *Line) Listen(ctx context.Context, listen *engine.Listening, until time.Duration) (engine.Input, error) {
	l.listenFor(listen)
	if listen == nil && until <= l.Now() {
		return engine.Input{Kind: engine.Silence, At: until}, nil
	}
	if err := l.answer(ctx); err != nil {
		return engine.Input{}, err
	}
	if err := l.waitUntil(ctx, until, l.pressed); err != nil {
		return engine.Input{}, err
	}
	if !l.pressed() {
		return engine.Input{Kind: engine.Silence, At: until}, nil
	}
	in := l.keys[0]
	l.keys = l.keys[1:]
	return in, nil
}

// waitUntil waits until done, or a time of the line's clock.
func (l *Line) waitUntil(ctx context.Context, until time.Duration, done func() bool) error {
	l.config.Leg.Alarm(l.began + until)
	return l.wait(ctx, func() bool { return done() || l.Now() >= until })
}

// Echo lets callers hear themselves.
func (l *Line) Echo(ctx context.Context, limit time.Duration) (time.Duration, error) {
	l.listenFor(nil)
	if err := l.answer(ctx); err != nil {
		return 0, err
	}
	from := l.Now()
	l.config.Leg.Echo(true)
	defer l.config.Leg.Echo(false)
	never := func() bool { return false }
	if limit == 0 {
		err := l.wait(ctx, never)
		return l.Now() - from, err
	}
	if err := l.waitUntil(ctx, from+limit, never); err != nil {
		return l.Now() - from, err
	}
	return limit, nil
}

// Hangup disconnects the caller, or turns the call down.
func (l *Line) Hangup(_ context.Context, cause engine.Cause) error {
	l.config.Call.Hangup(cause)
	return nil
}
