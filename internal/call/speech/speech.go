// Package speech turns text into sound, and sound into text.
//
// [Open] returns a [Set], which speaks as settings say and goes on where a program
// cannot. [Find] finds one program, whose [Voice] says something. [Estimate] returns
// how long a text takes without saying it, for calls on a virtual clock.
//
// A [Recogniser] turns sound into text; [Script] is one that is told the words.
package speech

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/setting"
)

// MaxText is the longest text that is spoken, in characters: about five minutes,
// which no caller listens to.
const MaxText = 4000

// An Utterance is one thing to say.
type Utterance struct {
	Text string

	// Voice is "male" or "female". Any other name, and none, is the usual
	// voice of the language.
	Voice string

	// Language is a BCP-47 tag such as "fr-CA". A variety that espeak-ng does
	// not know is spoken as its language; a language it does not know, and an
	// empty tag, as American English.
	Language string

	// Domain is that of the phone system that the caller is heard in. A Set goes by
	// its settings; optional.
	Domain string

	engine   Engine       // that a Set has chosen
	fallback setting.Path // that a Set plays where no engine can
}

// Voice speaks a text into a Sound, as the words come, and returns when it has
// said it; a text with nothing in it has no samples. The Sound is not ended.
//
// The error is a *fault.Error: Invalid where the text is longer than MaxText,
// Unsupported where the Voice does not speak the language, Unavailable where its
// program failed or took too long, with what it said. It wraps ctx's error where
// ctx ended first. What was said before an error stays in the Sound.
type Voice interface {
	Speak(ctx context.Context, u Utterance, into *audio.Sound) error
}

// Engine is a program that speaks, by the name of its command.
type Engine string

// The engines.
const (
	EspeakNG Engine = "espeak-ng" // some hundred languages, of the sound of a machine
	Flite    Engine = "flite"     // English alone, and nicer
)

// Choices returns the engines.
func (Engine) Choices() []string { return setting.Words(EspeakNG, Flite) }

// Find looks for an engine on the PATH and asks it for its voices. Where it is not
// there, or does not work, the error is a *fault.Error of code Unsupported whose
// hint says how to install it.
func Find(engine Engine, limits Limits) (Voice, error) {
	return find(engine, limits.orDefaults())
}

func find(engine Engine, limits Limits) (engineVoice, error) {
	if engine == Flite {
		return findFlite(limits)
	}
	return findEspeak(limits)
}

// speakable returns text as a program is to read it: on one line, so that the
// layout of a document is not heard, and without what espeak-ng takes for
// commands instead of words (control characters, and "[[" before phonemes).
func speakable(text string) (string, error) {
	if n := utf8.RuneCountInString(text); n > MaxText {
		return "", fault.Newf(fault.Invalid, "a text of %d characters is too long to speak; %d can be", n, MaxText).
			WithHint("split it into several Say verbs")
	}
	text = strings.ReplaceAll(strings.ToValidUTF8(text, " "), "[", " [")
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	return strings.Join(words, " "), nil
}

// tagOf returns a language tag as both programs are asked by: in lower case, with
// dashes.
func tagOf(language string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(language), "_", "-"))
}

// unusable is the error of a program that is not there, or not whole.
func unusable(engine Engine, why string, err error) error {
	hint := "install it: apt-get install flite on Debian and Ubuntu, brew install flite on macOS"
	if engine == EspeakNG {
		hint = "install it: apt-get install espeak-ng on Debian and Ubuntu, brew install espeak-ng on macOS, " +
			"github.com/espeak-ng/espeak-ng/releases on Windows"
	}
	return &fault.Error{Code: fault.Unsupported, Message: fmt.Sprintf(why, engine), Hint: hint, Err: err}
}
