package speech

import (
	"context"
	"io"

	"github.com/switchhook/switchhook/internal/call/audio"
)

// espeak speaks with espeak-ng, which writes the sound while it speaks.
type espeak struct {
	program
	voices voices
}

func findEspeak(limits Limits) (engineVoice, error) {
	e := &espeak{program: program{engine: EspeakNG, limits: limits,
		byHand: "try it by hand: echo hello | espeak-ng --stdin --stdout > hello.wav"}}
	list, err := e.find("--voices")
	if err != nil {
		return nil, err
	}
	if e.voices, err = parseVoices(list); err != nil {
		return nil, unusable(EspeakNG, e.path+", the program %s, lacks a voice", err)
	}
	return e, nil
}

// speaks implements engineVoice: what espeak-ng does not know it speaks as English.
func (e *espeak) speaks(string) bool { return true }

// Speak implements Voice.
func (e *espeak) Speak(ctx context.Context, u Utterance, into *audio.Sound) error {
	text, err := speakable(u.Text)
	if err != nil || text == "" {
		return err
	}
	// The text goes in by a pipe, as UTF-8 (-b 1); all that becomes an argument
	// is the name of a voice, out of espeak-ng's own list.
	voice := e.voices.choose(u.Language, u.Voice)
	return e.bounded(ctx, into, func(ctx context.Context) error {
		return e.run(ctx, text, nil, func(out io.Reader) error {
			wav, err := audio.OpenWAV(out)
			if err != nil {
				return err
			}
			return wav.Decode(into)
		}, "-b", "1", "-v", voice, "--stdin", "--stdout")
	})
}
