package speech

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/fault"
)

// The voices of flite, all of 16 kHz: slt is a woman's, rms a man's.
const (
	fliteUsual = "slt"
	fliteMale  = "rms"
)

// flite speaks English with flite. It writes the sound of a piece of text when it
// has made all of it, so it gets a long text piece by piece.
type flite struct {
	program
	male string
}

func findFlite(limits Limits) (engineVoice, error) {
	f := &flite{program: program{engine: Flite, limits: limits,
		byHand: "try it by hand: echo hello > hello.txt; flite -voice slt -f hello.txt -o hello.wav"}}
	list, err := f.find("-lv")
	if err != nil {
		return nil, err
	}
	// "Voices available: kal awb_time kal16 awb rms slt"
	voices := strings.Fields(string(list))
	if !slices.Contains(voices, fliteUsual) {
		return nil, unusable(Flite, f.path+", the program %s, lacks its voice "+fliteUsual, errors.New("it is not in its list"))
	}
	f.male = fliteUsual
	if slices.Contains(voices, fliteMale) {
		f.male = fliteMale
	}
	return f, nil
}

// speaks implements engineVoice.
func (f *flite) speaks(tag string) bool {
	return tag == "" || tag == "en" || strings.HasPrefix(tag, "en-")
}

// Speak implements Voice.
func (f *flite) Speak(ctx context.Context, u Utterance, into *audio.Sound) error {
	text, err := speakable(u.Text)
	if err != nil || text == "" {
		return err
	}
	if !f.speaks(tagOf(u.Language)) {
		return fault.Newf(fault.Unsupported, "flite speaks English alone, not %.*q", maxTag, u.Language)
	}
	voice := fliteUsual
	if strings.EqualFold(strings.TrimSpace(u.Voice), "male") {
		voice = f.male
	}
	return f.bounded(ctx, into, func(ctx context.Context) error {
		for piece := range pieces(text) {
			if err := f.piece(ctx, voice, piece, into); err != nil {
				return err
			}
		}
		return nil
	})
}

// piece says one piece. flite goes back in what it has written, which it cannot
// in a pipe: it writes to a file that nobody else can open.
func (f *flite) piece(ctx context.Context, voice, text string, into *audio.Sound) error {
	file, err := scratch()
	if err != nil {
		return fmt.Errorf("make a file for the sound: %w", err)
	}
	defer file.Close() //nolint:errcheck // nothing of it is kept
	nothing := func(io.Reader) error { return nil }
	if err := f.run(ctx, text, file, nothing, "-voice", voice, "-f", "/dev/stdin", "-o", "/dev/fd/3"); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	wav, err := audio.OpenWAV(file)
	if err != nil {
		return err
	}
	return wav.Decode(into)
}

// From how many characters on a piece of text may end, at the end of a sentence,
// at a pause, at a comma and between words. Where one ends the voice falls and
// pauses, so short texts stay whole; a piece of the longest takes 0.15 s to make.
// The first one, which a caller waits for, ends at the first pause after a few words.
const (
	pieceFirst    = 25
	pieceSentence = 40
	piecePause    = 60
	pieceComma    = 90
	pieceWords    = 240
)

// pieces cuts a text of one line into pieces that are made one after the other.
func pieces(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		words, length, begin := strings.Fields(text), 0, 0
		for i, word := range words {
			length += utf8.RuneCountInString(word) + 1
			last, _ := utf8.DecodeLastRuneInString(word)
			enough := pieceWords
			switch last {
			case '.', '!', '?':
				enough = pieceSentence
			case ';', ':', '–', '—':
				enough = piecePause
			case ',':
				enough = pieceComma
			}
			if begin == 0 && strings.ContainsRune(",;:–—", last) {
				enough = pieceFirst
			}
			if length < enough {
				continue
			}
			if !yield(strings.Join(words[begin:i+1], " ")) {
				return
			}
			begin, length = i+1, 0
		}
		if begin < len(words) {
			yield(strings.Join(words[begin:], " "))
		}
	}
}
