package speech_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/fault"
)

// longSentence is one sentence, as a document may have it.
const longSentence = "Your call is important to us, and we would like to thank you for waiting so patiently; please stay on the line " +
	"while we connect you to the next member of our team, who will be with you shortly, as soon as one of the calls before yours has come to its end."

func findFlite(t *testing.T) speech.Voice {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: without flite")
	}
	if _, err := exec.LookPath("flite"); err != nil {
		t.Fatal("this test needs flite: install the Debian package flite (apt-get install flite, or make deps)")
	}
	return findEngine(t, speech.Flite, speech.Limits{})
}

func TestFliteSpeaksEnglish(t *testing.T) {
	v := findFlite(t)
	for _, u := range []speech.Utterance{
		{Text: "Please hold."},
		{Text: longSentence, Language: "en-GB"},
		{Text: "We are closed until Monday at 9 AM. If this is an emergency, press one.", Language: "EN_us"},
	} {
		c := speak(t, v, u)
		if got, want := c.Duration(), speech.Estimate(u.Text); got < want/2 || got > want*2 {
			t.Errorf("%q takes %v, estimated at %v", u.Text, got, want)
		}
		if peak(c) < 3000 {
			t.Errorf("%q is all but silent: its loudest sample is %d", u.Text, peak(c))
		}
	}
	woman, man := speak(t, v, speech.Utterance{Text: "one two"}), speak(t, v, speech.Utterance{Text: "one two", Voice: " Male"})
	if slices.Equal(woman, man) {
		t.Error("the male voice is the usual one")
	}
	if !slices.Equal(woman, speak(t, v, speech.Utterance{Text: "one two", Voice: "-o /tmp/x"})) {
		t.Error("an unknown voice is not the usual one")
	}
}

func TestFliteSpeaksNothingElse(t *testing.T) {
	v := findFlite(t)
	for _, language := range []string{"nl", "fr-CA", "eng-x", "e", strings.Repeat("x", 1000)} {
		_, err := say(t.Context(), v, speech.Utterance{Text: "hello", Language: language})
		if fault.CodeOf(err) != fault.Unsupported || len(err.Error()) > 200 {
			t.Errorf("in %.20q got error %v", language, err)
		}
	}
}

func TestFliteReadsTheTextAlone(t *testing.T) {
	v := findFlite(t)
	say := func(text string) audio.Clip { return speak(t, v, speech.Utterance{Text: text}) }
	for text, as := range map[string]string{"one\n\n\t two": "one two", "one\x00two": "one two", "one\xFFtwo": "one two"} {
		if !slices.Equal(say(text), say(as)) {
			t.Errorf("%q is not read as %q", text, as)
		}
	}
	for _, text := range []string{"--help", "-o out.wav", "$(reboot)", "`id`; ls", "%s %n", "this & that", "<speak>one</speak>", "/etc/passwd"} {
		if d := say(text).Duration(); d < 300*time.Millisecond || d > 6*time.Second {
			t.Errorf("%q takes %v to read", text, d)
		}
	}
	if slices.Equal(say("this & that"), say("this that")) {
		t.Error("& is left out")
	}
	for _, text := range []string{"", " \n", "\x00"} {
		if c := say(text); len(c) != 0 {
			t.Errorf("%q takes %v to say", text, c.Duration())
		}
	}
}

func TestTextIsCutAtPauses(t *testing.T) {
	short := "Dr. Smith is at 12.5 Main St. now"
	for text, want := range map[string][]string{
		"":    nil,
		short: {short},
		longSentence: {
			"Your call is important to us,",
			"and we would like to thank you for waiting so patiently; please stay on the line while we connect you to the next member of our team,",
			"who will be with you shortly, as soon as one of the calls before yours has come to its end.",
		},
		"This is a sentence of more than forty letters. And another. And so on.": {
			"This is a sentence of more than forty letters.", "And another. And so on.",
		},
	} {
		if got := speech.Pieces(text); !slices.Equal(got, want) {
			t.Errorf("%q is cut into %q", text, got)
		}
	}
}

func TestPiecesAreTheWholeText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(strings.Fields(rapid.StringMatching(`([a-zé]{1,9}[.,;:!?]? ){0,90}`).Draw(t, "text")), " ")
		pieces := speech.Pieces(text)
		if got := strings.Join(pieces, " "); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		for _, piece := range pieces {
			if n := utf8.RuneCountInString(piece); n > 260 {
				t.Fatalf("a piece has %d characters", n)
			}
		}
	})
}

func TestFindWithoutFlite(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := speech.Find(speech.Flite, speech.Limits{})
	if fault.CodeOf(err) != fault.Unsupported || !strings.Contains(fault.HintOf(err), "apt-get install flite") || !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("got error %v, hint %q", err, fault.HintOf(err))
	}
}
