package simulator

import (
	"context"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// Live runs a call in real time, to its end: a person has the handset. The
// options that script a caller are ignored. The error says that the call could
// not begin.
func Live(ctx context.Context, o Options, h *Handset) (*Result, error) {
	hosted := &recordings{}
	defer hosted.close()
	ctx, hangup := context.WithCancelCause(ctx)
	defer hangup(nil)

	l := &live{handset: h, voice: o.Voice, ear: newEar(o.Hear, h.Speaker), host: hosted.add}
	h.pickUp(hangup, l.ear)
	defer h.putDown()
	if o.HangupAfter > 0 {
		defer time.AfterFunc(o.HangupAfter, h.Hangup).Stop()
	}
	record := o.Record
	o.Record = func(event trace.Stamped) {
		if _, ok := event.Event.(trace.Gather); ok {
			h.attend(nil) // it has what it wanted; later input is not listened for
		}
		if record != nil {
			record(event)
		}
	}
	result, err := o.run(ctx, l)
	if err != nil {
		return nil, err
	}
	result.Heard = l.ear.end(h.Now())
	return result, nil
}

// live is a telephone line on the wall clock: a prompt takes as long as its
// sound, and what the caller does comes from a Handset.
type live struct {
	handset *Handset
	voice   Voice // nil: nothing can be spoken
	ear     *ear
	host    func(context.Context, audio.Clip) (string, error)
}

var (
	_ engine.Line      = (*live)(nil)
	_ engine.Forwarder = (*live)(nil)
	_ engine.Echoer    = (*live)(nil)
	_ engine.Recorder  = (*live)(nil)
	_ engine.Streamer  = (*live)(nil)
)

func (l *live) Now() time.Duration { return l.handset.Now() }

// Play plays a prompt: for as long as it takes, or until the caller does what
// a Gather wants.
func (l *live) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Played{}, err
	}
	l.handset.attend(listen)
	clip, length, err := l.render(ctx, prompt)
	if err != nil {
		return engine.Played{}, err
	}
	from := l.Now()
	l.show(Scene{Kind: Hearing, From: from, Until: from + length, Prompt: prompt}.wants(listen))
	defer l.wait()
	sound := l.ear.begin()
	sound.Write(clip)
	in, barged, err := l.handset.await(ctx, from+length, true)
	switch {
	case err != nil:
		sound.Stop()
		took := l.Now() - from
		l.ear.keep(from, from+took, clip)
		return engine.Played{Took: took}, err
	case barged:
		sound.Stop()
		took := max(0, in.At-from) // the caller may have been faster than the sound
		l.ear.keep(from, from+took, clip)
		return engine.Played{Took: took, Barged: true}, nil
	}
	sound.End()
	l.ear.keep(from, from+length, clip)
	return engine.Played{Took: length}, nil
}

// render returns a prompt's sound, if it is wanted, and its length.
func (l *live) render(ctx context.Context, prompt engine.Prompt) (audio.Clip, time.Duration, error) {
	switch p := prompt.(type) {
	case engine.Recording:
		return p.Clip, p.Clip.Duration(), nil
	case engine.Speech:
		if l.ear.deaf() {
			return nil, speech.Estimate(p.Text), nil
		}
		return l.speak(ctx, p)
	}
	return nil, 0, fmt.Errorf("prompt %T is not known", prompt)
}

// speak returns text as sound, none without a voice, and its length.
func (l *live) speak(ctx context.Context, p engine.Speech) (audio.Clip, time.Duration, error) {
	if l.voice == nil {
		return nil, speech.Estimate(p.Text), nil
	}
	clip, err := l.voice.Speak(ctx, speech.Utterance{Text: p.Text, Voice: p.Voice, Language: p.Language})
	return clip, clip.Duration(), err
}

// Listen waits for the caller's next input, or lets the time pass.
func (l *live) Listen(ctx context.Context, listen *engine.Listening, until time.Duration) (engine.Input, error) {
	l.handset.attend(listen)
	l.show(Scene{Kind: Collecting, From: l.Now(), Until: until}.wants(listen))
	defer l.wait()
	in, came, err := l.handset.await(ctx, until, false)
	if err == nil && !came {
		in = engine.Input{Kind: engine.Silence, At: until}
	}
	return in, err
}

// Hangup ends the sound of the call.
func (l *live) Hangup(context.Context) error {
	l.handset.attend(nil)
	l.show(Scene{Kind: Disconnected, From: l.Now()})
	return nil
}

// Forward does nothing more: where the call goes is in the trace.
func (l *live) Forward(ctx context.Context, _ string, _ bool) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return l.Hangup(ctx)
}

// Echo lets the time pass. What a person types makes no sound to be played
// back.
func (l *live) Echo(ctx context.Context, limit time.Duration) (time.Duration, error) {
	l.handset.attend(nil)
	from := l.Now()
	scene := Scene{Kind: Echoing, From: from}
	until := forever
	if limit != 0 {
		until = from + limit
		scene.Until = until
	}
	l.show(scene)
	defer l.wait()
	if _, _, err := l.handset.await(ctx, until, false); err != nil {
		return l.Now() - from, err
	}
	return limit, nil
}

// forever is past the end of every call, with room to add to it.
const forever = 1 << 62 * time.Nanosecond

func (l *live) show(scene Scene) {
	if l.handset.Watch != nil {
		l.handset.Watch(scene)
	}
}

// wait shows that the line has done what it was asked to.
func (l *live) wait() { l.show(Scene{Kind: Waiting, From: l.Now()}) }
