package voice

import (
	"context"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// Recognises implements engine.Recogniser.
func (l *Line) Recognises() bool { return l.config.Recogniser != nil }

// recognition has a recogniser listen to the caller for one Gather, from a goroutine
// of its own: a frame every 20 ms by the line's clock, also where nothing arrives,
// because a telephone may send nothing while nobody speaks.
type recognition struct {
	line      *Line
	session   speech.Session
	cutter    *cutter
	utterance utterance

	stop    context.CancelFunc
	stopped <-chan struct{}
	running sync.WaitGroup
}

// recognise begins to understand the caller, if that is wanted.
func (l *Line) recognise() {
	if l.recognition != nil || l.listen == nil || !l.listen.Speech || l.config.Recogniser == nil {
		return
	}
	rate := l.news.codec.Rate()
	ctx, stop := context.WithCancel(context.Background())
	r := &recognition{
		line: l, stop: stop, stopped: ctx.Done(), utterance: utterance{silence: l.listen.SpeechTimeout},
		session: l.config.Recogniser.Listen(ctx, speech.Recognition{
			Language: l.listen.Language, Hints: l.listen.Hints, Rate: rate, Silence: l.listen.SpeechTimeout,
		}),
		cutter: newCutter(engine.Inbound, l.inbound.joinAt(rate), engine.FrameSize*rate/audio.Rate, l.config.Clock()),
	}
	l.recognition = r
	r.running.Go(r.run)
}

// stopRecognising ends recognise for this Gather. What was understood until then
// has come.
func (l *Line) stopRecognising() {
	if l.recognition != nil {
		l.recognition.stop()
		l.recognition.running.Wait()
	}
}

func (r *recognition) run() {
	defer r.cutter.hearer.leave()
	defer r.session.Close()
	ticker := time.NewTicker(engine.FrameTime)
	defer ticker.Stop()
	for {
		select {
		case <-r.stopped:
			return
		case <-ticker.C:
			r.step()
		case h, ok := <-r.session.Heard():
			if !ok {
				r.lose()
				return
			}
			r.do(func(now time.Duration) bool { return r.utterance.take(h, now) })
		}
	}
}

// step passes on what there is to hear by now.
func (r *recognition) step() {
	r.do(func(now time.Duration) bool {
		r.cutter.step(r.line.config.Clock(), func(_ engine.Track, pcm []int16) {
			r.utterance.hear(pcm, r.cutter.at+engine.FrameTime-r.line.began)
			r.session.Write(pcm)
		})
		ask, over := r.utterance.step(now)
		if ask {
			r.session.Finish()
		}
		return over
	})
}

// do does something that may begin or end what the caller says, and tells that.
func (r *recognition) do(what func(now time.Duration) (over bool)) {
	now, before := r.line.Now(), r.utterance.begun
	over := what(now)
	if r.utterance.begun && !before {
		r.tell(engine.Input{Kind: engine.SpeechBegan, At: now})
	}
	if over {
		r.tell(engine.Input{Kind: engine.SpeechFinal, At: now, Text: r.utterance.end()})
	}
}

// lose tells that the caller is not understood any more.
func (r *recognition) lose() {
	why := "the recogniser has ended"
	if err := r.session.Err(); err != nil {
		why = err.Error()
	}
	r.tell(engine.Input{Kind: engine.SpeechLost, At: r.line.Now(), Text: why})
}

func (r *recognition) tell(in engine.Input) {
	r.line.mu.Lock()
	r.line.add(in)
	r.line.mu.Unlock()
	r.line.wake()
}
