package simulator

import (
	"context"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// mouth is what a person says and presses, on its way to a media stream.
type mouth struct {
	mu   sync.Mutex
	acts []act
}

func (m *mouth) add(a act) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.acts = append(m.acts, a)
}

func (m *mouth) take() []act {
	m.mu.Lock()
	defer m.mu.Unlock()
	acts := m.acts
	m.acts = nil
	return acts
}

// Stream joins the person and a media stream.
func (l *live) Stream(ctx context.Context, media *engine.Media) error {
	m := &mouth{}
	l.handset.open(m, true)
	defer l.handset.close(m, true)
	l.show(Scene{Kind: Streaming, From: l.Now(), Keys: true, Speech: true})
	defer l.wait()
	sound := l.ear.begin()
	defer sound.Stop()
	heard := make([]byte, engine.FrameSize)
	return l.feed(ctx, media, m, func(at time.Duration) {
		if !media.TwoWay {
			return
		}
		n := media.ToCaller(heard)
		frame := audio.AppendPCMFromMulaw(nil, heard)
		sound.Write(frame) // its silence too: then the sound keeps its delay
		if n > 0 {
			l.ear.keep(at, at+frameTime, frame)
		}
	})
}

// Fork gives a media stream the person's sound, while other methods run.
func (l *live) Fork(media *engine.Media) (stop func()) {
	m := &mouth{}
	l.handset.open(m, false)
	ctx, cancel := context.WithCancel(context.Background())
	var fed sync.WaitGroup
	fed.Go(func() { _ = l.feed(ctx, media, m, func(time.Duration) {}) }) // it ends by either end's wish
	return func() {
		l.handset.close(m, false)
		cancel()
		fed.Wait()
	}
}

// feed gives a media stream the caller's sound, a frame every 20 ms by the
// line's clock, however late it is woken, and calls each with the time of the
// frame. It returns nil when the stream has ended.
func (l *live) feed(ctx context.Context, media *engine.Media, m *mouth, each func(at time.Duration)) error {
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	var saying audio.Clip // what is still to be sent
	frame, sent := audio.Silence(frameTime), make([]byte, 0, engine.FrameSize)
	for at := l.Now(); ; {
		select {
		case <-media.Done():
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		for _, a := range m.take() {
			sound, err := l.utter(ctx, a)
			if err != nil {
				return err
			}
			saying = append(saying, sound...)
			if a.key != 0 {
				media.Key(ctx, a.key)
			}
		}
		for ; at+frameTime <= l.Now(); at += frameTime {
			n := copy(frame, saying)
			clear(frame[n:])
			saying = saying[n:]
			if !media.FromCaller(ctx, audio.AppendMulaw(sent[:0], frame)) {
				break // it has ended: the select above says how
			}
			each(at)
		}
	}
}

// utter returns the sound of what the caller does: without a voice, words are
// silence of their length.
func (l *live) utter(ctx context.Context, a act) (audio.Clip, error) {
	if a.speech == "" {
		return audio.DTMF(string(a.key), toneTime, 0)
	}
	clip, length, err := l.speak(ctx, engine.Speech{Text: a.speech})
	if clip == nil {
		clip = audio.Silence(length)
	}
	return clip, err
}
