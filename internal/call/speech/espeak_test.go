package speech_test

import (
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/fault"
)

// These tests speak with the real program: what it understands, and how it
// names its voices, cannot be known any other way.
func find(t *testing.T) speech.Voice {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without espeak-ng")
	}
	if _, err := exec.LookPath("espeak-ng"); err != nil {
		t.Fatal("this test needs espeak-ng: install the Debian package espeak-ng (apt-get install espeak-ng, or make deps)")
	}
	return findEngine(t, speech.EspeakNG, speech.Limits{})
}

func findEngine(t *testing.T, engine speech.Engine, limits speech.Limits) speech.Voice {
	t.Helper()
	v, err := speech.Find(engine, limits)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func speak(t *testing.T, e speech.Voice, u speech.Utterance) audio.Clip {
	t.Helper()
	c, err := say(t.Context(), e, u)
	if err != nil {
		t.Fatalf("speak %+v: %v", u, err)
	}
	return c
}

// say returns all that was said, even where it broke off.
func say(ctx context.Context, e speech.Voice, u speech.Utterance) (audio.Clip, error) {
	sound := audio.NewSound(audio.Rate)
	sound.End(e.Speak(ctx, u, sound))
	return sound.Whole(context.Background())
}

// peak returns the loudest sample of c.
func peak(c audio.Clip) int16 {
	loudest := int16(0)
	for _, s := range c {
		loudest = max(loudest, s, -max(s, -32767))
	}
	return loudest
}

func TestSpeakTakesAboutAsLongAsEstimated(t *testing.T) {
	e := find(t)
	for _, u := range []speech.Utterance{
		{Text: "Please hold."},
		{Text: "Your call is important to us. Please stay on the line and someone will be with you shortly."},
		{Text: "Press 1 for sales, 2 for support."},
		{Text: "Your code is 4 8 2 9 1 3."},
		{Text: "We are closed until Monday at 9 AM. If this is an emergency, press one."},
		{Text: "Guten Tag. Bitte wählen Sie die Eins für den Vertrieb.", Language: "de-DE"},
		{Text: "您好，请按一选择中文服务。", Language: "zh-CN"},
		{Text: "Para español, oprima el dos.", Language: "es-US"},
	} {
		c := speak(t, e, u)
		if got, want := c.Duration(), speech.Estimate(u.Text); got < want/2 || got > want*2 {
			t.Errorf("%q takes %v, estimated at %v", u.Text, got, want)
		}
		if peak(c) < 3000 {
			t.Errorf("%q is all but silent: its loudest sample is %d", u.Text, peak(c))
		}
	}
}

func TestSpeakVoices(t *testing.T) {
	e := find(t)
	for _, language := range []string{"", "en-US", "en-GB", "fr-CA", "pt-BR", "es-MX", "de", "nb-NO", "zh-CN"} {
		say := func(voice string) audio.Clip {
			return speak(t, e, speech.Utterance{Text: "one two three", Voice: voice, Language: language})
		}
		usual, male, female := say(""), say("male"), say("female")
		if slices.Equal(usual, male) || slices.Equal(usual, female) || slices.Equal(male, female) {
			t.Errorf("in %q two of the usual, the male and the female voice are the same", language)
		}
		if !slices.Equal(say(" Female "), female) {
			t.Errorf("in %q the spelling of a voice matters", language)
		}
		for _, unknown := range []string{"Polly.Joanna", "en-US-JennyNeural", "8", "+f3", "m3 -w x.wav", "--help"} {
			if !slices.Equal(say(unknown), usual) {
				t.Errorf("in %q the unknown voice %q is not the usual one", language, unknown)
			}
		}
	}
}

func TestSpeakLanguages(t *testing.T) {
	e := find(t)
	say := func(language string) audio.Clip {
		return speak(t, e, speech.Utterance{Text: "water, 74", Language: language})
	}
	same := []struct{ language, as string }{
		{"", "en-US"}, {"en", "en-US"}, {"EN_us", "en-US"}, {" en-US ", "en-US"}, {"en-CA", "en-US"}, {"en-US-x-twang", "en-US"},
		{"en-AU", "en-GB"}, {"en-IN", "en-GB"},
		{"fr-CA", "fr-FR"}, {"fr", "fr-FR"}, {"de-AT", "de"}, {"pt-PT", "pt"}, {"it-IT", "it"},
		{"es-MX", "es-419"}, {"es-US", "es-419"}, {"es-ES", "es"},
		{"no", "nb"}, {"nn-NO", "nb"}, {"iw-IL", "he"},
		{"zh-CN", "cmn"}, {"zh-Hant-TW", "cmn"}, {"zh-HK", "yue"},
		{"tlh", "en-US"}, {"xx-YY", "en-US"}, {"-", "en-US"}, {"../../etc/passwd", "en-US"}, {"--help", "en-US"},
		{"en us", "en-US"}, {strings.Repeat("en-", 10_000), "en-US"},
	}
	for _, tt := range same {
		if !slices.Equal(say(tt.language), say(tt.as)) {
			t.Errorf("language %.40q is not spoken as %q", tt.language, tt.as)
		}
	}
	tongues := []string{"en-US", "en-GB", "fr-FR", "fr-CH", "pt-BR", "pt", "es-419", "es", "de", "nb", "cmn", "yue"}
	for i, a := range tongues {
		for _, b := range tongues[:i] {
			if slices.Equal(say(a), say(b)) {
				t.Errorf("languages %q and %q are spoken the same", a, b)
			}
		}
	}
}

// Whatever stands in a text is read out; none of it is a command.
func TestSpeakReadsTheTextAlone(t *testing.T) {
	e := find(t)
	say := func(text string) audio.Clip { return speak(t, e, speech.Utterance{Text: text}) }
	same := map[string]string{
		"one\n\t  two ":         "one two",
		"one\x00two":            "one two",
		"one\x01250S two":       "one 250S two",
		"one\xFFtwo":            "one two",
		"\u0085one\rtwo\x1B":    "one two",
		"press [[h@l'oU]] now":  "press [ [h@l'oU]] now",
		"press [[[h@l'oU]] now": "press [ [ [h@l'oU]] now",
	}
	for text, as := range same {
		if !slices.Equal(say(text), say(as)) {
			t.Errorf("%q is not read as %q", text, as)
		}
	}
	for _, text := range []string{"--version", "-w out.wav", "$(reboot)", "`id`; ls", "%s %n", "<break time='90s'/>"} {
		if d := say(text).Duration(); d < 300*time.Millisecond || d > 6*time.Second {
			t.Errorf("%q takes %v to read", text, d)
		}
	}
}

func TestSpeakNothing(t *testing.T) {
	e := find(t)
	for _, text := range []string{"", " \n\t", "\x00\x01"} {
		if c := speak(t, e, speech.Utterance{Text: text}); len(c) != 0 {
			t.Errorf("%q takes %v to say", text, c.Duration())
		}
	}
}

func TestSpeakRefusesALongText(t *testing.T) {
	e := find(t)
	longest := strings.Repeat("ü", speech.MaxText)
	if _, err := say(t.Context(), e, speech.Utterance{Text: longest, Language: "de"}); err != nil {
		t.Errorf("the longest text: %v", err)
	}
	_, err := say(t.Context(), e, speech.Utterance{Text: longest + "x"})
	if fault.CodeOf(err) != fault.Invalid || fault.HintOf(err) == "" {
		t.Errorf("one character more: got error %v", err)
	}
}

func TestSpeakForACallerWhoHungUp(t *testing.T) {
	e := find(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := say(ctx, e, speech.Utterance{Text: "hello"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want the context's", err)
	}
}

func TestFindWithoutTheProgram(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := speech.Find(speech.EspeakNG, speech.Limits{})
	if fault.CodeOf(err) != fault.Unsupported {
		t.Errorf("got error %v, want code %q", err, fault.Unsupported)
	}
	if hint := fault.HintOf(err); !strings.Contains(hint, "apt-get install espeak-ng") {
		t.Errorf("the hint does not say what to do: %q", hint)
	}
}

func BenchmarkSpeak(b *testing.B) {
	e, err := speech.Find(speech.EspeakNG, speech.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	sentence := "Your call is important to us. Please stay on the line and someone will be with you shortly. "
	b.ReportAllocs()
	for b.Loop() {
		if _, err := say(b.Context(), e, speech.Utterance{Text: sentence}); err != nil {
			b.Fatal(err)
		}
	}
}
