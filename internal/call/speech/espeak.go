// Package speech turns text into sound.
//
// [Find] finds the program that speaks, [Espeak.Speak] has it say something, and
// [Estimate] returns how long that takes without saying it, for calls on a
// virtual clock.
package speech

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// MaxText is the longest text that is spoken, in characters: about five
	// minutes, which no caller listens to.
	MaxText = 4000

	// runLimit is how long one run of espeak-ng may take. A caller waits for
	// it in silence; a sentence takes 10 ms, the longest text that is spoken
	// about a second.
	runLimit = 10 * time.Second

	// lastWords is how long the pipes of a stopped espeak-ng stay open, which a
	// child process of it could hold for ever. Only the caller that hung up
	// waits for it.
	lastWords = time.Second
)

// program is the name of the command that speaks.
const program = "espeak-ng"

// hintInstall is what to do when the program is not there, or not whole.
const hintInstall = "install it: apt-get install espeak-ng on Debian and Ubuntu, brew install espeak-ng on macOS, " +
	"github.com/espeak-ng/espeak-ng/releases on Windows"

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
}

// Espeak speaks with the program espeak-ng. It is safe for concurrent use. Make it
// with Find.
type Espeak struct {
	path   string
	voices voices
	places chan struct{} // one for each run that may go on at once
}

// Find looks for espeak-ng on the PATH and asks it for its voices. When it is
// not there, or does not work, the error is a *fault.Error of code Unsupported
// whose hint says how to install it.
func Find() (*Espeak, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, unusable("espeak-ng, which speaks text, is not on the PATH", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), runLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--voices") //nolint:gosec // the path of a fixed name
	cmd.WaitDelay = lastWords
	list, err := cmd.Output()
	if err != nil {
		return nil, unusable(path+" cannot say which voices it has", err)
	}
	known, err := parseVoices(list)
	if err != nil {
		return nil, unusable(path+" lacks a voice", err)
	}
	return &Espeak{
		path:   path,
		voices: known,
		places: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}, nil
}

func unusable(message string, err error) error {
	return &fault.Error{Code: fault.Unsupported, Message: message, Hint: hintInstall, Err: err}
}

// Speak says u into a Sound, as the program says it; a text with nothing in it has
// no samples. The Sound is not ended.
//
// The error is a *fault.Error of code Invalid when the text is longer than
// MaxText, and Unavailable when espeak-ng failed or took too long, with what
// it said; it wraps ctx's when ctx ended first.
func (e *Espeak) Speak(ctx context.Context, u Utterance, into *audio.Sound) error {
	text, err := speakable(u.Text)
	if err != nil || text == "" {
		return err
	}
	return e.run(ctx, e.voices.choose(u.Language, u.Voice), text, into)
}

// speakable returns text as espeak-ng is to read it: on one line, so that the
// layout of a document is not heard, and without what the program takes for
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

// run has espeak-ng say a text, once there is a place for one more run.
func (e *Espeak) run(ctx context.Context, voice, text string, into *audio.Sound) error {
	select {
	case e.places <- struct{}{}:
		defer func() { <-e.places }()
	case <-ctx.Done():
		return fmt.Errorf("wait for espeak-ng: %w", ctx.Err())
	}
	limited, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()

	// The text goes in by a pipe, as UTF-8 (-b 1); all that becomes an
	// argument is the name of a voice, out of espeak-ng's own list.
	cmd := exec.CommandContext(limited, e.path, "-b", "1", "-v", voice, "--stdin", "--stdout") //nolint:gosec // found by Find, no shell, nobody's text
	cmd.WaitDelay = lastWords
	cmd.Stdin = strings.NewReader(text)
	var said excerpt
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return failed(err, "")
	}
	if err := cmd.Start(); err != nil {
		return failed(err, "")
	}
	wav, readErr := audio.OpenWAV(out)
	if readErr == nil {
		readErr = wav.Decode(into)
	}
	// What is left, after a sound that could not be read, is drained, so that
	// the program ends by itself and can say why.
	_, drainErr := io.Copy(io.Discard, out)
	waitErr := cmd.Wait()

	err = cmp.Or(waitErr, readErr, drainErr)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("speak: %w", ctx.Err())
	case limited.Err() != nil:
		err = fmt.Errorf("it took longer than %v", runLimit)
	}
	return failed(err, said.String())
}

// failed is the error for a run that went wrong by err, with what the program
// said on its standard error.
func failed(err error, said string) error {
	if said != "" {
		err = fmt.Errorf("%w: %s", err, said)
	}
	return &fault.Error{
		Code:    fault.Unavailable,
		Message: "espeak-ng could not speak the text",
		Hint:    "try it by hand: echo hello | espeak-ng --stdin --stdout > hello.wav",
		Err:     err,
	}
}

// excerpt keeps the beginning of what is written to it, enough to see what
// went wrong.
type excerpt struct {
	text []byte
}

const maxExcerpt = 1 << 10

func (e *excerpt) Write(b []byte) (int, error) {
	e.text = append(e.text, b[:min(len(b), maxExcerpt-len(e.text))]...)
	return len(b), nil
}

// String returns the excerpt on one line.
func (e *excerpt) String() string { return strings.Join(strings.Fields(string(e.text)), " ") }
