package simulator

import (
	"context"
	"errors"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// Record records what the person says: the words are sound if there is a voice,
// else silence of their length.
func (l *live) Record(ctx context.Context, rules engine.RecordRules) (engine.Recorded, error) {
	listen := &engine.Listening{Keys: true, Speech: true}
	l.handset.attend(listen)
	defer l.handset.attend(nil)
	defer l.wait()
	if rules.Beep {
		beep := l.ear.begin()
		beep.Write(audio.Beep())
		beep.End()
	}
	from := l.Now()
	end := from + rules.MaxLength
	quiet := min(from+rules.Silence, end)
	var tape soundtrack
	for began := from; ; {
		l.show(Scene{Kind: Recording, From: from, Until: quiet}.wants(listen))
		in, came, err := l.handset.await(ctx, quiet, false)
		if err != nil {
			// If the caller hangs up, what was said is still stored.
			kept, failed := l.recorded(context.WithoutCancel(ctx), tape, l.Now()-from)
			return kept, errors.Join(err, failed)
		}
		if !came {
			return l.recorded(ctx, tape, quiet-from)
		}
		switch in.Kind {
		case engine.SpeechBegan:
			began, quiet = in.At, end
		case engine.SpeechFinal:
			words, length, err := l.speak(ctx, engine.Speech{Text: in.Text})
			if err != nil {
				return engine.Recorded{}, err
			}
			tape.prompt(began-from, began-from+length, words)
			quiet = min(max(in.At, began+length)+rules.Silence, end)
		case engine.Key:
			if containsKey(rules.FinishOnKey, in.Key) {
				return l.recorded(ctx, tape, in.At-from)
			}
			quiet = min(in.At+rules.Silence, end)
		}
	}
}

// recorded hosts a recording of a length.
func (l *live) recorded(ctx context.Context, tape soundtrack, length time.Duration) (engine.Recorded, error) {
	tape.silence(length)
	address, err := l.host(ctx, tape.clip[:audio.Samples(length)])
	return engine.Recorded{URL: address, Length: length}, err
}
