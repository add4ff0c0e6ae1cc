package voice

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
)

// tones hears the keys of a caller whose telephone can only send them as sound.
// The line's lock guards it.
type tones struct {
	line     *Line
	hearer   *hearer
	detector audio.DTMFDetector
}

// certain is how long after its beginning a key is known by ear.
const certain = 35 * time.Millisecond

// listenByEar begins to listen for keys in the sound, or ends it: only while
// somebody wants keys and the telephone sends none otherwise, because there is
// speech that sounds like keys. The lock is held.
func (l *Line) listenByEar() {
	wanted := l.latest.agreed && !l.latest.events && (l.wantsKeys || len(l.feeds) > 0)
	switch {
	case wanted && l.tones == nil:
		l.tones = &tones{line: l, hearer: l.inbound.join(), detector: audio.NewDTMFDetector(audio.Rate)}
	case !wanted && l.tones != nil:
		l.tones.hearer.leave()
		l.tones = nil
	}
}

// hear takes what has come.
func (t *tones) hear() { t.hearer.take(t.line.config.Clock(), t.listen) }

// listen listens to a piece of sound, 20 ms at a time.
func (t *tones) listen(at time.Duration, pcm []int16) {
	for len(pcm) > 0 {
		n := min(len(pcm), audio.Samples(frameTime))
		at += audio.Clip(pcm[:n]).Duration()
		if key := t.detector.Listen(pcm[:n]); key != 0 {
			t.line.press(key, dialog.ByTone, at-certain-t.line.began)
		}
		pcm = pcm[n:]
	}
}
