package simulator

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// Stream joins the caller and a media stream.
func (l *line) Stream(ctx context.Context, media *engine.Media) error {
	f := l.open(media, true)
	defer l.close(f, true)
	s := stretch{kind: Streaming, from: l.Now(), to: forever, listen: &engine.Listening{Keys: true, Speech: true}}
	l.showStretch(s)
	defer l.showWaiting()
	sound := l.ear.beginSound()
	defer sound.Stop()
	heard := make([]byte, engine.FrameSize)
	f.after = func(at time.Duration) {
		if !media.TwoWay {
			return
		}
		n := media.Take(heard)
		frame := audio.AppendPCMFromMulaw(nil, heard)
		sound.Write(frame) // its silence too: then the sound keeps its delay
		if n > 0 {
			l.ear.piece.begin(at, frame)
			l.ear.keepHeard(at, at+engine.FrameTime, frame)
		}
	}
	return f.run(ctx, l.clock, s)
}

// Fork gives a media stream the caller's sound, while other methods run.
func (l *line) Fork(media *engine.Media) (stop func()) {
	f := l.open(media, false)
	end := l.clock.fork(f)
	return func() {
		l.close(f, false)
		end()
	}
}

// feed gives a media stream what the caller says, presses and hears, in frames.
type feed struct {
	media   *engine.Media
	live    bool // the time does not wait for a slow program
	handset *Handset
	ear     *ear
	after   func(at time.Duration) // is called after each frame. Optional

	acts   []act         // that the stream has not heard yet; the handset's lock guards them
	saying audio.Clip    // the sound that is still to be sent
	at     time.Duration // up to where it was sent
}

// open begins to feed a media stream; with alone, it is all that the caller
// talks to.
func (l *line) open(media *engine.Media, alone bool) *feed {
	f := &feed{media: media, live: l.clock.live(), handset: l.handset, ear: l.ear, at: l.Now()}
	l.handset.openFeed(f, alone)
	if media.Wants(engine.Outbound) {
		l.ear.piece.join()
	}
	return f
}

// close is the end of open.
func (l *line) close(f *feed, alone bool) {
	l.handset.closeFeed(f, alone)
	if f.media.Wants(engine.Outbound) {
		l.ear.piece.leave()
	}
}

// run feeds the stream until it ends, which is no error: a frame every 20 ms by
// the line's clock, however late it is woken.
func (f *feed) run(ctx context.Context, c clock, s stretch) error {
	ticker := time.NewTicker(engine.FrameTime)
	defer ticker.Stop()
	for {
		select {
		case <-f.media.Done():
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
		now, err := c.frame(ctx, s)
		if err != nil {
			return err
		}
		if err := f.upTo(ctx, now); err != nil {
			return err
		}
	}
}

// upTo sends the frames up to a moment, unless the stream has ended.
func (f *feed) upTo(ctx context.Context, to time.Duration) error {
	if err := f.hear(ctx); err != nil {
		return err
	}
	frame := audio.Silence(engine.FrameTime)
	for ; f.at+engine.FrameTime <= to; f.at += engine.FrameTime {
		n := copy(frame, f.saying)
		clear(frame[n:])
		f.saying = f.saying[n:]
		if !f.give(ctx, engine.Inbound, frame) {
			return nil
		}
		if f.media.Wants(engine.Outbound) {
			f.ear.piece.heard(f.at, frame)
			f.give(ctx, engine.Outbound, frame)
		}
		if f.after != nil {
			f.after(f.at)
		}
	}
	return nil
}

// give gives the stream a frame of a track; false: it has ended.
func (f *feed) give(ctx context.Context, track engine.Track, frame audio.Clip) bool {
	sound := audio.AppendMulaw(make([]byte, 0, engine.FrameSize), frame)
	if f.live {
		f.media.Offer(track, sound)
		return true
	}
	return f.media.FromCaller(ctx, track, sound)
}

// hear takes in what the caller has said and pressed since it was last called.
func (f *feed) hear(ctx context.Context) error {
	for _, a := range f.handset.takeActs(f) {
		sound, err := f.ear.callerSound(ctx, a)
		if err != nil {
			return err
		}
		f.saying = append(f.saying, sound...)
		if a.speech != "" {
			f.media.Said(a.speech)
		}
		if a.key != 0 {
			f.media.Key(a.key)
		}
	}
	return nil
}
