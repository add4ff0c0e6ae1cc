package voice

import (
	"context"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/recording"
)

// Recordings keep what callers record.
type Recordings interface {
	// Begin begins a recording of the person who has a number; empty, or a word:
	// somebody who has none.
	Begin(number string) (recording.Writer, error)
}

// maxRecording is the longest recording: 58 MB. Somebody who leaves a message is
// done sooner; a call that hangs is not.
const maxRecording = time.Hour

// Record records the caller, until a key, silence, or its length ends it.
func (l *Line) Record(ctx context.Context, rules engine.RecordRules) (engine.Recorded, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Recorded{}, err
	}
	rules.MaxLength = min(rules.MaxLength, maxRecording)
	l.listenFor(&engine.Listening{Keys: true})
	defer l.listenFor(nil)
	if err := l.answer(ctx); err != nil {
		return engine.Recorded{}, err
	}
	if rules.Beep {
		if _, err := l.playPart(ctx, audio.SoundOf(audio.Beep()), 0); err != nil {
			return engine.Recorded{}, err
		}
	}
	out, err := l.config.Recordings.Begin(l.config.Number)
	if err != nil {
		return engine.Recorded{}, err
	}
	t := &tape{line: l, rules: rules, out: out, from: l.Now()}
	return t.record(ctx)
}

// tape is a recording that is being made.
type tape struct {
	line    *Line
	rules   engine.RecordRules
	out     recording.Writer
	from    time.Duration // when it began, by the line's clock
	samples int           // that were written
	err     error         // of a write: the rest is lost

	activity audio.Activity
	frame    []int16       // of what activity hears next
	speaking bool          // somebody, as far as activity knows
	voice    time.Duration // when somebody spoke last
	pressed  time.Duration // when somebody pressed a key last
	ended    time.Duration // when the recording ended by a key; 0: not yet
}

func (t *tape) record(ctx context.Context) (engine.Recorded, error) {
	l := t.line
	l.taping = l.inbound.join()
	defer func() {
		l.taping.leave()
		l.taping = nil
	}()
	t.voice = t.from
	var err error
	for t.ended == 0 && l.Now() < t.end() && err == nil {
		err = l.waitUntil(ctx, t.end(), func() bool {
			t.hear()
			return t.ended > 0
		})
	}
	length := min(t.end(), l.Now()) - t.from
	if t.ended > 0 {
		length = t.ended - t.from
	}
	l.taping.flush(t.write)
	return t.keep(length, err)
}

// end returns when the recording ends, if nothing happens until then.
func (t *tape) end() time.Duration {
	return min(max(t.voice, t.pressed)+t.rules.Silence, t.from+t.rules.MaxLength)
}

// hear takes what the caller says and presses.
func (t *tape) hear() {
	l := t.line
	l.taping.take(l.config.Clock(), t.write)
	for _, in := range l.inputs {
		if strings.IndexByte(t.rules.FinishOnKey, in.Key) >= 0 {
			t.ended = max(in.At, t.from)
			break
		}
		t.pressed = max(t.pressed, in.At)
	}
	l.inputs = nil
}

// write records a piece of sound where it belongs.
func (t *tape) write(at time.Duration, pcm []int16) {
	at -= t.line.began + t.from
	t.follow(t.from+at+audio.Clip(pcm).Duration(), pcm)
	t.pad(at)
	if skip := t.samples - audio.Samples(at); skip < len(pcm) {
		t.add(pcm[max(skip, 0):])
	}
}

// follow notes when somebody spoke last, in a piece of sound that ends at a time. That
// they have stopped is known later, but silence counts from their last word on.
func (t *tape) follow(end time.Duration, pcm []int16) {
	was := t.speaking
	t.speaking = t.speaks(pcm)
	switch {
	case t.speaking:
		t.voice = end
	case was:
		t.voice = end - min(audio.VoiceLasts, t.rules.Silence)
	}
}

// frameTime is what audio.Activity hears at a time.
const frameTime = 20 * time.Millisecond

// speaks reports whether somebody speaks at the end of a piece of sound.
func (t *tape) speaks(pcm []int16) bool {
	speaks := t.speaking // for as long as no frame is whole
	t.frame = append(t.frame, pcm...)
	size := audio.Samples(frameTime)
	for len(t.frame) >= size {
		speaks = t.activity.Listen(t.frame[:size])
		t.frame = t.frame[:copy(t.frame, t.frame[size:])]
	}
	return speaks
}

// pad records silence up to a time since the recording began.
func (t *tape) pad(until time.Duration) {
	if n := audio.Samples(until) - t.samples; n > 0 {
		t.add(make([]int16, n))
	}
}

func (t *tape) add(pcm []int16) {
	room := audio.Samples(t.rules.MaxLength) - t.samples
	pcm = pcm[:max(0, min(len(pcm), room))]
	if t.err == nil && len(pcm) > 0 {
		t.err = t.out.Write(pcm)
	}
	t.samples += len(pcm)
}

// keep ends the recording. A caller who hangs up still leaves one.
func (t *tape) keep(length time.Duration, ended error) (engine.Recorded, error) {
	t.pad(length)
	if t.err != nil {
		t.out.Discard()
		return engine.Recorded{}, firstError(ended, t.err)
	}
	url, err := t.out.Keep()
	if err != nil {
		return engine.Recorded{}, firstError(ended, err)
	}
	return engine.Recorded{URL: url, Length: length}, ended
}

// firstError returns the first that is one: the end of a call matters more than
// what became of its recording.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
