package simulator

import (
	"context"
	"slices"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// frameTime is the sound in one frame of a media stream.
const frameTime = 20 * time.Millisecond

// streamPatience is how long a scripted caller with nothing left to do listens
// to a media stream before hanging up.
const streamPatience = 30 * time.Second

// toneTime is how long a key sounds.
const toneTime = 100 * time.Millisecond

// Stream joins the caller and a media stream. The program at the other end lives
// in real time, so the line's clock follows it.
func (l *line) Stream(ctx context.Context, media *engine.Media) error {
	listen := &engine.Listening{Keys: true, Speech: true}
	l.attend(listen)
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	var saying audio.Clip // what the caller still has to say
	frame := audio.Silence(frameTime)
	sent, heard := make([]byte, 0, engine.FrameSize), make([]byte, engine.FrameSize)
	idle := l.now
	for {
		select {
		case <-media.Done():
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		a, acts := l.caller.act(stretch{from: l.now, to: l.now + frameTime, listen: listen, open: true, frame: true})
		switch {
		case acts && a.hangup:
			l.pass(ctx, a.at)
			return engine.ErrHungUp
		case acts:
			sound, err := l.utter(ctx, a)
			if err != nil {
				return err
			}
			saying, idle = append(saying, sound...), l.now+sound.Duration()
			if a.key != 0 {
				l.sound.key(a.at, a.key)
				media.Key(ctx, a.key)
			}
			l.tellForks(ctx, a, sound)
		case l.now-max(idle, l.busyUntil()) > streamPatience:
			return engine.ErrHungUp
		}
		n := copy(frame, saying)
		clear(frame[n:])
		saying = saying[n:]
		media.FromCaller(ctx, audio.AppendMulaw(sent[:0], frame))
		if media.TwoWay && media.ToCaller(heard) > 0 {
			l.sound.prompt(l.now, l.now+frameTime, audio.AppendPCMFromMulaw(nil, heard))
		}
		l.pass(ctx, l.now+frameTime)
	}
}

// busyUntil returns how long the caller's script still waits.
func (l *line) busyUntil() time.Duration {
	if c, ok := l.caller.(interface{ busyUntil() time.Duration }); ok {
		return c.busyUntil()
	}
	return 0
}

// utter returns the sound of what the caller does: without a voice, words are
// silence of their length.
func (l *line) utter(ctx context.Context, a act) (audio.Clip, error) {
	if a.speech == "" {
		return audio.DTMF(string(a.key), toneTime, 0)
	}
	words, length, err := l.render(ctx, engine.Speech{Text: a.speech})
	if words == nil {
		words = audio.Silence(length)
	}
	return words, err
}

// Fork copies the caller's sound as long as the clock goes on.
func (l *line) Fork(media *engine.Media) (stop func()) {
	if len(l.forks) == 0 {
		l.saying = nil
	}
	l.forks = append(l.forks, media)
	return func() {
		l.forks = slices.DeleteFunc(l.forks, func(m *engine.Media) bool { return m == media })
	}
}

// reach lets the time pass up to what the caller does, and the forks hear it. A
// voice that fails then is silent: the error is reported where it is needed
// next.
func (l *line) reach(ctx context.Context, a act) {
	l.pass(ctx, a.at)
	if len(l.forks) == 0 || a.hangup {
		return
	}
	if sound, err := l.utter(ctx, a); err == nil {
		l.tellForks(ctx, a, sound)
	}
}

func (l *line) tellForks(ctx context.Context, a act, sound audio.Clip) {
	if len(l.forks) == 0 {
		return
	}
	l.saying = append(l.saying, sound...)
	if a.key == 0 {
		return
	}
	for _, media := range l.forks {
		media.Key(ctx, a.key)
	}
}

// feedForks gives the forks the frames up to a moment.
func (l *line) feedForks(ctx context.Context, to time.Duration) {
	if len(l.forks) == 0 {
		return
	}
	frame, sent := audio.Silence(frameTime), make([]byte, 0, engine.FrameSize)
	for range int(to/frameTime) - int(l.now/frameTime) {
		n := copy(frame, l.saying)
		clear(frame[n:])
		l.saying = l.saying[n:]
		sent = audio.AppendMulaw(sent[:0], frame)
		for _, media := range l.forks {
			media.FromCaller(ctx, sent)
		}
	}
}
