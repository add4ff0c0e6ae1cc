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

	// awaitInput lets a stretch pass, until its end (false) or the caller's first
	// input that is listened for. With keep, that input stays pending.
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
	clip, length, err := l.ear.renderPrompt(ctx, prompt)
	if err != nil {
		return engine.Played{}, err
	}
	from := l.Now()
	sound := l.ear.beginSound()
	sound.Write(clip)
	l.ear.piece.begin(from, clip)
	defer l.showWaiting()
	in, barged, err := l.awaitInput(ctx, stretch{kind: Hearing, from: from, to: from + length, prompt: prompt, listen: listen}, true)
	took := length
	switch {
	case err != nil:
		took = l.Now() - from
		sound.Stop()
	case barged:
		took = max(0, in.At-from) // the caller may have been faster than the sound
		sound.Stop()
	default:
		sound.End()
	}
	l.ear.piece.stop(from + took)
	l.ear.keepHeard(from, from+took, clip)
	return engine.Played{Took: took, Barged: barged}, err
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
