package simulator

import (
	"context"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
)

// ahead is how much of a file that still comes is given to those who hear it
// before its turn: enough for a busy machine, and little to drop where the caller
// interrupts. What has come whole is given whole.
const ahead = 5 * time.Second

// playing is a prompt that is played.
type playing struct {
	ear  *ear
	deaf bool // nobody hears it: only its length counts
	to   Sound

	clip   audio.Clip // of a prompt that is whole …
	length time.Duration
	sound  *audio.Sound // … else what it is while it comes
	from   audio.Reader
	taken  int // samples of it

	until time.Duration // when what was taken will have been heard
	over  bool          // that is all
	heard []sounding    // what is to be stored
}

// begin begins to play a prompt. In a live call a file is played while it comes.
// In others all of it comes first, because their callers act by its length; so
// does a file in wideband, which is brought to the rate of a Clip as a whole.
func (e *ear) begin(ctx context.Context, prompt engine.Prompt, live bool) (*playing, error) {
	p := &playing{ear: e, deaf: e.deaf()}
	if r, ok := prompt.(engine.Recording); ok && live && r.Sound.Rate() == audio.Rate {
		p.sound, p.from = r.Sound, r.Sound.Reader()
	} else {
		var err error
		if p.clip, p.length, err = e.renderPrompt(ctx, prompt); err != nil {
			return nil, err
		}
	}
	p.to = e.beginSound()
	return p, nil
}

// take gives what has come, and is due soon, to those who hear it. It returns when
// to take more, at the latest.
func (p *playing) take(now time.Duration) (again time.Duration) {
	if p.sound == nil {
		p.over = true
		p.give(now, p.clip, p.length)
		return p.until
	}
	ended, _ := p.sound.Ended() // first: what grew before the end counts
	at, due := max(now, p.until), p.sound.Len()-p.taken
	if !ended {
		due = min(due, audio.Samples(now+ahead-at))
	}
	if due > 0 {
		var clip audio.Clip
		if !p.deaf {
			clip = make(audio.Clip, due)
			p.from.Read(clip)
		}
		p.taken += due
		p.give(at, clip, time.Duration(due)*time.Second/audio.Rate)
	}
	switch {
	case ended:
		p.over = true
		return p.until
	case p.sound.Len() > p.taken:
		return p.until - ahead/2
	}
	return forever
}

// give gives a piece of the sound to those who hear it, from a moment on.
func (p *playing) give(at time.Duration, clip audio.Clip, length time.Duration) {
	p.to.Write(clip)
	p.ear.piece.begin(at, clip)
	if p.ear.track != nil {
		p.heard = append(p.heard, sounding{at, at + length, clip})
	}
	p.until = at + length
}

// end ends the prompt at a moment, before its own end where it was stopped.
func (p *playing) end(at time.Duration, stopped bool) {
	if stopped {
		p.to.Stop()
	} else {
		p.to.End()
	}
	p.ear.piece.stop(at)
	for _, s := range p.heard {
		p.ear.keepHeard(min(s.from, at), min(s.to, at), s.clip)
	}
}
