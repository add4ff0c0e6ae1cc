package simulator

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// line is a telephone line: what is played on it goes to an ear, what the caller
// does comes from a handset, and a clock keeps its time.
type line struct {
	clock   clock
	handset *Handset
	ear     *ear
	host    func(context.Context, audio.Clip) (string, error) // serves a recording at a URL
}

// clock lets time pass on a line.
type clock interface {
	// now returns the time since the answer.
	now() time.Duration

	// live reports whether it goes on by itself.
	live() bool

	// awaitInput lets a stretch pass, until its end or change (false) or the
	// caller's first input that is listened for. With keep, that input stays
	// pending.
	awaitInput(ctx context.Context, s stretch, keep bool) (in engine.Input, came bool, err error)

	// frame is called every engine.FrameTime during a stretch in which a media
	// stream has the caller, and returns the new time.
	frame(ctx context.Context, s stretch) (time.Duration, error)

	// fork gives a media stream the caller's sound as time passes, until stop is
	// called.
	fork(f *feed) (stop func())
}

func (l *line) Now() time.Duration { return l.clock.now() }

// Play plays a prompt, to its end or until the caller does what a Gather wants.
func (l *line) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Played{}, err
	}
	l.handset.listenFor(listen)
	p, err := l.ear.begin(ctx, prompt, l.clock.live())
	if err != nil {
		return engine.Played{}, err
	}
	from := l.Now()
	p.until = from
	defer l.showWaiting()
	in, barged, err := l.hear(ctx, p, stretch{kind: Hearing, from: from, prompt: prompt, listen: listen})
	took := p.until - from
	switch {
	case err != nil:
		took = l.Now() - from
	case barged:
		took = max(0, in.At-from) // the caller may have been faster than the sound
	}
	p.end(from+took, err != nil || barged)
	return engine.Played{Took: took, Barged: barged}, err
}

// hear lets a prompt pass, to its end or the caller's first input. It is shown
// again once it is known when it ends.
func (l *line) hear(ctx context.Context, p *playing, s stretch) (in engine.Input, came bool, err error) {
	for shown := time.Duration(-1); ; {
		if p.sound != nil {
			s.changed = p.sound.Changed()
		}
		again := p.take(l.Now())
		if s.to = forever; p.over {
			s.to, s.changed = p.until, nil // it may have ended in between
		}
		if s.to != shown {
			l.showStretch(s)
			shown = s.to
		}
		s.to = again
		in, came, err = l.clock.awaitInput(ctx, s, true)
		if came || err != nil || p.over {
			return in, came, err
		}
	}
}

// Listen returns the caller's next input, or lets the time pass.
func (l *line) Listen(ctx context.Context, listen *engine.Listening, until time.Duration) (engine.Input, error) {
	l.handset.listenFor(listen)
	if listen == nil && until <= l.Now() {
		return engine.Input{Kind: engine.Silence, At: until}, nil // that was all
	}
	defer l.showWaiting()
	in, came, err := l.awaitInput(ctx, stretch{kind: Collecting, from: l.Now(), to: until, listen: listen}, false)
	if err == nil && !came {
		in = engine.Input{Kind: engine.Silence, At: until}
	}
	return in, err
}

// Echo lets the time pass. What the caller types makes no sound to be played
// back.
func (l *line) Echo(ctx context.Context, limit time.Duration) (time.Duration, error) {
	l.handset.listenFor(nil)
	defer l.showWaiting()
	from := l.Now()
	s := stretch{kind: Echoing, from: from, to: from + limit}
	if limit == 0 {
		s.to = forever
	}
	if _, _, err := l.awaitInput(ctx, s, false); err != nil {
		return l.Now() - from, err
	}
	return limit, nil
}

// Hangup ends the sound of the call.
func (l *line) Hangup(context.Context, engine.Cause) error {
	l.handset.listenFor(nil)
	l.showStretch(stretch{kind: Disconnected, from: l.Now(), to: forever})
	return nil
}

// Forward does nothing more: where the call goes is in the trace.
func (l *line) Forward(ctx context.Context, _ string, _ bool) (engine.Forwarded, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Forwarded{}, err
	}
	return engine.Forwarded{}, l.Hangup(ctx, engine.Normal)
}

// awaitInput shows a stretch and lets it pass.
func (l *line) awaitInput(ctx context.Context, s stretch, keep bool) (in engine.Input, came bool, err error) {
	l.showStretch(s)
	return l.clock.awaitInput(ctx, s, keep)
}

func (l *line) showStretch(s stretch) {
	if l.handset.Watch != nil {
		l.handset.Watch(s.scene())
	}
}

// showWaiting shows that the line has done what it was asked to.
func (l *line) showWaiting() { l.showStretch(stretch{kind: Waiting, from: l.Now(), to: forever}) }
