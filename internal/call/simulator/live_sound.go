package simulator

import (
	"sync"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// Speaker makes audible what the caller of a live call hears. Its methods and
// those of its Sounds return at once, whatever plays the sound.
type Speaker interface {
	// Begin begins a sound. Sounds may be heard at the same time.
	Begin() Sound
}

// Sound is something that is heard. It begins with the first Write; either End
// or Stop is its last method, and nothing needs to be written at all.
type Sound interface {
	// Write adds a clip, to be heard after those before it.
	Write(clip audio.Clip)

	// End says that nothing more is written. What was written is heard.
	End()

	// Stop stops the sound where it is.
	Stop()
}

// ear is where that goes which the caller hears.
type ear struct {
	speaker Speaker // nil: nowhere

	mu    sync.Mutex
	track *soundtrack // nil: it is not kept
}

func newEar(keep bool, speaker Speaker) *ear {
	e := &ear{speaker: speaker}
	if keep {
		e.track = &soundtrack{}
	}
	return e
}

// deaf reports whether the sound goes nowhere.
func (e *ear) deaf() bool { return e.speaker == nil && e.track == nil }

// begin begins a sound for the speaker.
func (e *ear) begin() Sound {
	if e.speaker == nil {
		return mute{}
	}
	return e.speaker.Begin()
}

// keep keeps what was heard of a clip between two moments.
func (e *ear) keep(from, to time.Duration, clip audio.Clip) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.track.prompt(from, to, clip)
}

// tone is heard when the caller presses a key: their own telephone makes it.
func (e *ear) tone(at time.Duration, key byte) {
	e.mu.Lock()
	e.track.key(at, key)
	e.mu.Unlock()
	if e.speaker == nil {
		return
	}
	if tone, err := audio.DTMF(string(key), toneTime, 0); err == nil {
		sound := e.speaker.Begin()
		sound.Write(tone)
		sound.End()
	}
}

// end returns all that was kept of a call of a length.
func (e *ear) end(length time.Duration) audio.Clip {
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
