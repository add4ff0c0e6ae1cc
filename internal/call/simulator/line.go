package simulator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// longestCall is how long a scripted caller with nothing left to do stays: an
// Echo without a limit must end too.
const longestCall = time.Hour

// line is a telephone line on a virtual clock: it takes no time to play a
// prompt of a minute, but the clock shows a minute more.
type line struct {
	now    time.Duration
	caller caller
	sound  *soundtrack // nil if the call's sound is not wanted
	host   func(context.Context, audio.Clip) (string, error)

	listen  *engine.Listening
	pending []engine.Input // of listen, not yet listened to
	forks   []*engine.Media
	saying  audio.Clip // what the forks still have to hear of the caller
}

var (
	_ engine.Line      = (*line)(nil)
	_ engine.Forwarder = (*line)(nil)
	_ engine.Echoer    = (*line)(nil)
	_ engine.Recorder  = (*line)(nil)
	_ engine.Streamer  = (*line)(nil)
)

func (l *line) Now() time.Duration { return l.now }

// pass lets the time pass up to a moment.
func (l *line) pass(ctx context.Context, to time.Duration) {
	if to <= l.now {
		return
	}
	l.feedForks(ctx, to)
	l.now = to
}

// Play plays a prompt: its whole length passes, or as much of it as the caller
// listens to.
func (l *line) Play(ctx context.Context, prompt engine.Prompt, listen *engine.Listening) (engine.Played, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Played{}, err
	}
	l.attend(listen)
	clip, length, err := l.render(ctx, prompt)
	if err != nil {
		return engine.Played{}, err
	}
	from, to := l.now, l.now+length
	s := stretch{from: from, to: to, heard: textOf(prompt), listen: listen}
	for {
		a, acts := l.caller.act(s)
		if !acts {
			l.pass(ctx, to)
			l.sound.prompt(from, to, clip)
			return engine.Played{Took: length}, nil
		}
		l.reach(ctx, a)
		if a.hangup {
			l.sound.prompt(from, a.at, clip)
			return engine.Played{Took: a.at - from}, engine.ErrHungUp
		}
		if l.input(a) {
			l.sound.prompt(from, a.at, clip)
			return engine.Played{Took: a.at - from, Barged: true}, nil
		}
		s.from = a.at // the input was not listened for
	}
}

// render returns a prompt's sound, if it is wanted, and its length.
func (l *line) render(ctx context.Context, prompt engine.Prompt) (audio.Clip, time.Duration, error) {
	switch p := prompt.(type) {
	case engine.Recording:
		return p.Clip, p.Clip.Duration(), nil
	case engine.Speech:
		clip, err := l.sound.speak(ctx, p)
		if err != nil {
			return nil, 0, err
		}
		if clip == nil {
			return nil, speech.Estimate(p.Text), nil
		}
		return clip, clip.Duration(), nil
	}
	return nil, 0, fmt.Errorf("prompt %T is not known", prompt)
}

func textOf(prompt engine.Prompt) string {
	switch p := prompt.(type) {
	case engine.Speech:
		return p.Text
	case engine.Recording:
		return p.URL
	}
	return ""
}

// attend begins to listen for a Gather; input for another one is forgotten.
func (l *line) attend(listen *engine.Listening) {
	if listen != l.listen {
		l.listen, l.pending = listen, nil
	}
}

// input takes what the caller did and reports whether anybody listens for it.
func (l *line) input(a act) bool {
	if a.speech != "" {
		if l.listen == nil || !l.listen.Speech {
			return false
		}
		spoken := a.at + speech.Estimate(a.speech)
		l.pending = append(l.pending,
			engine.Input{Kind: engine.SpeechBegan, At: a.at},
			engine.Input{Kind: engine.SpeechFinal, At: spoken + l.listen.SpeechTimeout, Text: a.speech})
		return true
	}
	l.sound.key(a.at, a.key)
	if l.listen == nil || !l.listen.Keys {
		return false
	}
	l.pending = append(l.pending, engine.Input{Kind: engine.Key, At: a.at, Key: a.key})
	return true
}

// Listen returns the caller's next input, or lets the time pass.
func (l *line) Listen(ctx context.Context, listen *engine.Listening, until time.Duration) (engine.Input, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Input{}, err
	}
	l.attend(listen)
	for {
		if len(l.pending) > 0 {
			in := l.pending[0]
			if left := l.passSpeaking(ctx, min(in.At, until)); left {
				return engine.Input{}, engine.ErrHungUp
			}
			if in.At > until {
				break
			}
			l.pending = l.pending[1:]
			return in, nil
		}
		a, acts := l.caller.act(stretch{from: l.now, to: until, listen: listen})
		if !acts {
			break
		}
		l.reach(ctx, a)
		if a.hangup {
			return engine.Input{}, engine.ErrHungUp
		}
		l.input(a)
	}
	l.pass(ctx, until)
	return engine.Input{Kind: engine.Silence, At: until}, nil
}

// passSpeaking lets the time pass in which the caller speaks, and reports
// whether they hung up before its end.
func (l *line) passSpeaking(ctx context.Context, to time.Duration) (left bool) {
	if to > l.now {
		a, acts := l.caller.act(stretch{from: l.now, to: to - 1, listen: l.listen, speaking: true})
		if left = acts && a.hangup; left {
			to = a.at
		}
	}
	l.pass(ctx, to)
	return left
}

// Hangup does nothing: there is no wire.
func (l *line) Hangup(context.Context) error { return nil }

// Forward does nothing more: where the call goes is in the trace.
func (l *line) Forward(context.Context, string, bool) error { return nil }

// Echo lets the time pass.
func (l *line) Echo(ctx context.Context, limit time.Duration) (time.Duration, error) {
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	l.attend(nil)
	from := l.now
	s := stretch{from: from, to: from + limit}
	if limit == 0 {
		s.to = forever // the caller loses patience sooner
	}
	for {
		a, acts := l.caller.act(s)
		switch {
		case !acts:
			l.pass(ctx, s.to)
			return l.now - from, nil
		case a.hangup:
			l.reach(ctx, a)
			return l.now - from, engine.ErrHungUp
		}
		l.reach(ctx, a)
		l.input(a)
		s.from = l.now
	}
}

// Record records what the caller says: the words are sound if there is a voice,
// else silence of their length.
func (l *line) Record(ctx context.Context, rules engine.RecordRules) (engine.Recorded, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Recorded{}, err
	}
	if rules.Beep && l.sound != nil {
		l.sound.mix(l.now, audio.Beep())
	}
	listen := &engine.Listening{Keys: true, Speech: true}
	l.attend(listen)
	from := l.now
	end := from + rules.MaxLength
	s := stretch{listen: listen, open: true}
	var clip audio.Clip
	for {
		s.from, s.to = l.now, min(l.now+rules.Silence, end)
		a, acts := l.caller.act(s)
		if !acts {
			l.pass(ctx, s.to)
			return l.recorded(ctx, clip, l.now-from, nil)
		}
		l.reach(ctx, a)
		switch {
		case a.hangup:
			return l.recorded(ctx, clip, l.now-from, engine.ErrHungUp)
		case a.speech != "":
			words, length, err := l.render(ctx, engine.Speech{Text: a.speech})
			if err != nil {
				return engine.Recorded{}, err
			}
			clip = append(clip, audio.Silence(l.now-from-clip.Duration())...)
			clip = append(clip, words...)
			if l.passSpeaking(ctx, min(l.now+length, end)) {
				return l.recorded(ctx, clip, l.now-from, engine.ErrHungUp)
			}
		case containsKey(rules.FinishOnKey, a.key):
			l.sound.key(a.at, a.key)
			return l.recorded(ctx, clip, l.now-from, nil)
		default:
			l.sound.key(a.at, a.key)
		}
	}
}

// recorded hosts a recording of a length. A caller who hangs up still leaves
// one.
func (l *line) recorded(ctx context.Context, clip audio.Clip, length time.Duration, ended error) (engine.Recorded, error) {
	clip = append(clip, audio.Silence(length-clip.Duration())...)
	address, err := l.host(ctx, clip[:min(len(clip), audio.Samples(length))])
	return engine.Recorded{URL: address, Length: length}, errors.Join(err, ended)
}

func containsKey(keys string, key byte) bool {
	for i := range len(keys) {
		if keys[i] == key {
			return true
		}
	}
	return false
}
