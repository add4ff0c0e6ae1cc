package simulator

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/audio"
	"github.com/switchhook/switchhook/internal/engine"
)

// frameTime is the sound in one frame of a media stream.
const frameTime = 20 * time.Millisecond

// streamPatience is how long a scripted caller with nothing left to do listens
// to a media stream before hanging up.
const streamPatience = 30 * time.Second

// toneTime is how long a key sounds.
const toneTime = 100 * time.Millisecond

// Stream joins the caller and a media stream. The program at the other end
// lives in real time, so here the line's clock goes with it.
func (l *line) Stream(ctx context.Context, media *engine.Media) error {
	listen := &engine.Listening{Keys: true, Speech: true}
	l.attend(listen)
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	var saying audio.Clip // what the caller still has to say
	silence := audio.Silence(frameTime)
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
		case acts && a.speech != "":
			words, length, err := l.render(ctx, engine.Speech{Text: a.speech})
			if err != nil {
				return err
			}
			if words == nil {
				words = audio.Silence(length)
			}
			saying, idle = append(saying, words...), l.now+length
		case acts:
			tone, err := audio.DTMF(string(a.key), toneTime, 0)
			if err != nil {
				return err
			}
			saying, idle = append(saying, tone...), l.now
			media.Key(ctx, a.key)
		case l.now-max(idle, l.busyUntil()) > streamPatience:
			return engine.ErrHungUp
		}
		frame := silence
		if n := min(len(saying), len(silence)); n > 0 {
			frame = append(append(audio.Clip(nil), saying[:n]...), silence[n:]...)
			saying = saying[n:]
		}
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

// Fork copies the caller's sound: silence, as long as the clock goes on.
func (l *line) Fork(media *engine.Media) (stop func()) {
	l.forks = append(l.forks, media)
	return func() {
		for i, m := range l.forks {
			if m == media {
				l.forks = append(l.forks[:i], l.forks[i+1:]...)
				return
			}
		}
	}
}

// feedForks gives the forks the frames up to a moment.
func (l *line) feedForks(ctx context.Context, to time.Duration) {
	if len(l.forks) == 0 {
		return
	}
	frame := audio.AppendMulaw(nil, audio.Silence(frameTime))
	for range int(to/frameTime) - int(l.now/frameTime) {
		for _, media := range l.forks {
			media.FromCaller(ctx, frame)
		}
	}
}
