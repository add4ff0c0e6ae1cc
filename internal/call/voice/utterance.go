package voice

import (
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// utterance follows what a caller says, from the first sound to the words: by their
// voice, and by what a recogniser makes of it. It is a value; now is the line's
// clock.
type utterance struct {
	silence time.Duration // that ends it

	activity audio.Activity
	begun    bool          // somebody speaks, or did
	voice    time.Duration // when they did so last
	asked    time.Duration // since when the recogniser is to tell the rest; 0: it is not

	final   string // what it has told so far …
	interim string // … and what may change
}

// wordsWithin is how long a recogniser has for the last words, once the caller is
// silent. A second is slow for a service; callers take two for a breakdown.
const wordsWithin = 2 * time.Second

// hear takes in the next 20 ms of sound, which was said until a time: it may have
// come late.
func (u *utterance) hear(pcm []int16, until time.Duration) {
	if u.activity.Listen(pcm) {
		u.speaks(until)
	}
}

func (u *utterance) speaks(at time.Duration) {
	u.begun, u.voice, u.asked = true, at, 0
}

// take takes in what the recogniser has heard, and reports whether the caller has
// said all. It hears voices that are too quiet for us.
func (u *utterance) take(h speech.Heard, now time.Duration) (over bool) {
	switch h.Kind {
	case speech.Began:
		u.speaks(now)
	case speech.Interim:
		if h.Text != u.interim && u.asked == 0 {
			u.speaks(now)
		}
		u.interim = h.Text
	case speech.Final:
		u.final = strings.TrimSpace(u.final + " " + h.Text)
		u.interim = ""
		if u.final != "" && !u.begun {
			u.speaks(now)
		}
	case speech.Ended:
		return u.begun
	}
	return false
}

// step says what is due: to ask the recogniser for the last words, or to go without
// those it has not told.
func (u *utterance) step(now time.Duration) (ask, over bool) {
	switch {
	case !u.begun:
	case u.asked > 0:
		return false, now >= u.asked+wordsWithin
	case now >= u.voice+max(0, u.silence-audio.VoiceLasts):
		u.asked = max(now, 1)
		return true, false
	}
	return false, false
}

// end returns the words, none for a cough, and waits for the next.
func (u *utterance) end() (words string) {
	words = strings.TrimSpace(u.final + " " + u.interim)
	*u = utterance{silence: u.silence, activity: u.activity}
	return words
}
