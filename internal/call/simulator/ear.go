package simulator

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// Speaker makes audible what the caller of a live call hears. Its methods and
// those of its Sounds return at once, whatever plays the sound.
type Speaker interface {
	// Begin begins a sound. Sounds may be heard at the same time.
	Begin() Sound
}

// Sound is something that is heard. It begins with the first Write, of which
// there may be none; either End or Stop is its last method.
type Sound interface {
	// Write adds a clip, to be heard after those before it.
	Write(clip audio.Clip)

	// End says that nothing more is written. What was written is heard.
	End()

	// Stop stops the sound where it is.
	Stop()
}

// toneTime is how long a key sounds.
const toneTime = 100 * time.Millisecond

// ear is the caller's: what they hear is played, stored, or neither.
type ear struct {
	spoken  *prompt.Library // optional: without it, speech is silence of its length
	speaker Speaker         // optional
	piece   earpiece

	mu    sync.Mutex
	track *soundtrack // nil: what is heard is not stored
}

func newEar(spoken *prompt.Library, speaker Speaker, store bool) *ear {
	e := &ear{spoken: spoken, speaker: speaker}
	if store {
		e.track = &soundtrack{}
	}
	return e
}

// deaf reports whether the sound goes nowhere.
func (e *ear) deaf() bool { return e.speaker == nil && e.track == nil && !e.piece.joined() }

// renderPrompt returns a prompt's sound, if anybody hears it, and its length.
func (e *ear) renderPrompt(ctx context.Context, prompt engine.Prompt) (audio.Clip, time.Duration, error) {
	switch p := prompt.(type) {
	case engine.Recording:
		if err := p.Await(ctx); err != nil {
			return nil, 0, err
		}
		if e.deaf() {
			return nil, p.Sound.Duration(), nil
		}
		clip := p.Sound.Clip()
		return clip, clip.Duration(), nil
	case engine.Speech:
		if e.deaf() {
			return nil, speech.Estimate(p.Text), nil
		}
		return e.speak(ctx, p)
	}
	return nil, 0, fmt.Errorf("prompt %T is not known", prompt)
}

// speak returns text as sound, none without a voice, and its length.
func (e *ear) speak(ctx context.Context, p engine.Speech) (audio.Clip, time.Duration, error) {
	if e.spoken == nil {
		return nil, speech.Estimate(p.Text), nil
	}
	sound, release, err := e.spoken.Say(ctx, speech.Utterance{Text: p.Text, Voice: p.Voice, Language: p.Language})
	if err != nil {
		return nil, 0, err
	}
	defer release()
	clip, err := sound.Whole(ctx)
	return clip, clip.Duration(), err
}

// callerSound returns the sound of what the caller says or presses.
func (e *ear) callerSound(ctx context.Context, a act) (audio.Clip, error) {
	if a.speech == "" {
		return audio.DTMF(string(a.key), toneTime, 0)
	}
	clip, length, err := e.speak(ctx, engine.Speech{Text: a.speech})
	if clip == nil {
		clip = audio.Silence(length)
	}
	return clip, err
}

// beginSound begins a sound for the speaker.
func (e *ear) beginSound() Sound {
	if e.speaker == nil {
		return mute{}
	}
	return e.speaker.Begin()
}

// keepHeard stores what was heard of a clip between two moments.
func (e *ear) keepHeard(from, to time.Duration, clip audio.Clip) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.track.prompt(from, to, clip)
}

// tone is heard when the caller presses a key: their own telephone makes it.
func (e *ear) tone(at time.Duration, key byte) {
	if e.deaf() {
		return
	}
	if tone, err := audio.DTMF(string(key), toneTime, 0); err == nil {
		e.mix(at, tone)
	}
}

// beep is heard before a recording.
func (e *ear) beep(at time.Duration) {
	e.piece.begin(at, audio.Beep())
	e.mix(at, audio.Beep())
}

// mix plays a whole clip from a moment on, on top of what else is heard.
func (e *ear) mix(at time.Duration, clip audio.Clip) {
	e.mu.Lock()
	e.track.mix(at, clip)
	e.mu.Unlock()
	sound := e.beginSound()
	sound.Write(clip)
	sound.End()
}

// allHeard returns all that was stored of a call of a length.
func (e *ear) allHeard(length time.Duration) audio.Clip {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.track == nil {
		return nil
	}
	e.track.silence(length)
	return e.track.clip
}

// mute is a sound that is not played.
type mute struct{}

func (mute) Write(audio.Clip) {}
func (mute) End()             {}
func (mute) Stop()            {}

// soundtrack is sound, from the answer on. A nil soundtrack is silent.
type soundtrack struct{ clip audio.Clip }

// prompt adds a sound that was heard between two moments.
func (s *soundtrack) prompt(from, to time.Duration, clip audio.Clip) {
	if s == nil {
		return
	}
	s.mix(from, clip[:min(len(clip), audio.Samples(to-from))])
	s.silence(to)
}

// mix adds a sound to what is heard from a moment on: a key's tone comes while
// a prompt is played.
func (s *soundtrack) mix(at time.Duration, clip audio.Clip) {
	if s == nil {
		return
	}
	from := audio.Samples(at)
	s.silence(at + clip.Duration())
	for i, sample := range clip {
		s.clip[from+i] = mixed(s.clip[from+i], sample)
	}
}

// silence fills up to a moment.
func (s *soundtrack) silence(to time.Duration) {
	if missing := audio.Samples(to) - len(s.clip); missing > 0 {
		s.clip = append(s.clip, make(audio.Clip, missing)...)
	}
}
