package simulator

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// Record records what the caller says: the words are sound if there is a voice,
// else silence of their length.
func (l *line) Record(ctx context.Context, rules engine.RecordRules) (engine.Recorded, error) {
	if err := context.Cause(ctx); err != nil {
		return engine.Recorded{}, err
	}
	listen := &engine.Listening{Keys: true, Speech: true}
	l.handset.listenFor(listen)
	defer l.handset.listenFor(nil)
	defer l.showWaiting()
	if rules.Beep {
		l.ear.beep(l.Now())
	}
	t := tape{line: l, from: l.Now()}
	end := t.from + rules.MaxLength
	quiet := min(t.from+rules.Silence, end) // when there was silence for long enough
	for {
		s := stretch{kind: Recording, from: l.Now(), to: quiet, listen: listen}
		if spoken := min(t.spoken, quiet); s.from < spoken {
			s.to, s.speaking = spoken, true
		}
		in, came, err := l.awaitInput(ctx, s, false)
		switch {
		case err != nil:
			return t.end(context.WithoutCancel(ctx), l.Now(), err)
		case !came && s.speaking:
		case !came:
			return t.end(ctx, quiet, nil)
		case in.Kind == engine.SpeechBegan:
			t.began, quiet = in.At, end
		case in.Kind == engine.SpeechFinal:
			if err := t.say(ctx, in.Text); err != nil {
				return engine.Recorded{}, err
			}
			quiet = min(max(in.At, t.spoken)+rules.Silence, end)
		case strings.IndexByte(rules.FinishOnKey, in.Key) >= 0:
			return t.end(ctx, in.At, nil)
		default:
			quiet = min(in.At+rules.Silence, end)
		}
	}
}

// keepRecordings has somebody else serve what is recorded.
func (l *line) keepRecordings(keep func(context.Context, audio.Clip) (string, error)) { l.host = keep }

// tape is a recording that is made.
type tape struct {
	line   *line
	from   time.Duration
	began  time.Duration // when the caller began to say what they said last
	spoken time.Duration // when they were done
	sound  soundtrack
}

// say adds words.
func (t *tape) say(ctx context.Context, text string) error {
	words, length, err := t.line.ear.speak(ctx, engine.Speech{Text: text})
	t.spoken = t.began + length
	t.sound.prompt(t.began-t.from, t.spoken-t.from, words)
	return err
}

// end hosts the recording up to a moment. What the caller is in the middle of
// saying is on it, and a caller who hangs up still leaves one.
func (t *tape) end(ctx context.Context, at time.Duration, ended error) (engine.Recorded, error) {
	if text := t.line.handset.beingSaid(); text != "" {
		if err := t.say(ctx, text); err != nil {
			return engine.Recorded{}, errors.Join(err, ended)
		}
	}
	length := at - t.from
	t.sound.silence(length)
	address, err := t.line.host(ctx, t.sound.clip[:audio.Samples(length)])
	return engine.Recorded{URL: address, Length: length}, errors.Join(err, ended)
}
