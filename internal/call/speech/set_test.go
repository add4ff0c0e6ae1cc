//go:build unix

package speech_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/setting"
)

// Programs that stand in for the engines: they say the sound of their folder, and
// note how they were asked to.
const (
	espeakLists = `[ "$1" = --voices ] && { echo " 2 en-us --/M English gmw/en-US (en 3)"; echo " 5 nl --/M Dutch gmw/nl"; exit; }
`
	fliteLists = `[ "$1" = -lv ] && { echo "Voices available: kal rms slt"; exit; }
`
	espeakSpeaks = espeakLists + `echo "$4" >>"$here/notes"; cat "$here/sound.wav"`
	fliteSpeaks  = fliteLists + `echo "$2" >>"$here/notes"; cat "$here/sound.wav" >/dev/fd/3`
)

// bench is a Set whose engines are stand-ins.
type bench struct {
	*speech.Set
	folders map[speech.Engine]string
	counted []string
}

// newBench makes a Set of programs; an engine without lines is not installed.
func newBench(t *testing.T, s speech.Settings, espeak, flite string) *bench {
	t.Helper()
	path := os.Getenv("PATH")
	b := &bench{folders: map[speech.Engine]string{}}
	empty := t.TempDir()
	t.Setenv("PATH", empty)
	for engine, lines := range map[speech.Engine]string{speech.EspeakNG: espeak, speech.Flite: flite} {
		if lines == "" {
			continue
		}
		// What the lines need is found as before; an engine is not.
		b.folders[engine] = installAs(t, engine, "PATH='"+path+"'\n"+lines)
		sound(t, b.folders[engine])
	}
	var err error
	b.Set, err = speech.Open(s, func(engine speech.Engine, ok bool) { b.counted = append(b.counted, fmt.Sprint(engine, " ", ok)) })
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// notes returns how an engine was asked to speak.
func (b *bench) notes(t *testing.T, engine speech.Engine) []string {
	t.Helper()
	notes, err := os.ReadFile(filepath.Join(b.folders[engine], "notes"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Fields(string(notes))
}

// says has something said, and returns how long its sound is.
func (b *bench) says(u speech.Utterance) (time.Duration, error) {
	into := audio.NewSound(audio.Wideband)
	err := b.Speak(context.Background(), b.Choose(u), into)
	return into.Duration(), err
}

// recorded writes a recording.
func recorded(t *testing.T, d time.Duration) setting.Path {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sorry.wav")
	f, err := os.Create(path)
	if err == nil {
		err = audio.WriteWAV(f, audio.Silence(d))
	}
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	return setting.Path(path)
}

var settings = speech.Settings{
	Engine: speech.EspeakNG, Language: "en-US",
	Domains: []speech.DomainSettings{
		{Name: "nice.example", Engine: speech.Flite, Voice: speech.Male, Language: "en-GB"},
		{Name: "dutch.example", Engine: speech.Flite, Language: "nl", Voice: speech.Female},
	},
}

func TestADomainSpeaksAsItsSettingsSay(t *testing.T) {
	b := newBench(t, settings, espeakSpeaks, fliteSpeaks)
	for _, u := range []speech.Utterance{
		{}, {Domain: "elsewhere.example", Voice: "male"}, {Domain: "dutch.example"}, // espeak-ng
		{Domain: "NICE.example"}, {Domain: "nice.example", Voice: "female"}, // flite
		{Domain: "nice.example", Language: "nl"}, // espeak-ng, for flite does not speak it
	} {
		u.Text = "hello"
		if d, err := b.says(u); err != nil || d != time.Second {
			t.Errorf("%+v takes %v: %v", u, d, err)
		}
	}
	want := map[speech.Engine][]string{
		speech.EspeakNG: {"gmw/en-US", "gmw/en-US+m3", "gmw/nl+f3", "gmw/nl+m3"}, speech.Flite: {"rms", "slt"},
	}
	for engine, notes := range want {
		if diff := cmp.Diff(notes, b.notes(t, engine)); diff != "" {
			t.Errorf("%s is asked for (-want +got):\n%s", engine, diff)
		}
	}
	if b.Choose(speech.Utterance{Text: "a", Domain: "x.example"}) != b.Choose(speech.Utterance{Text: "a", Language: "en-US"}) {
		t.Error("what sounds the same differs")
	}
	if err := b.Missing(); err != nil {
		t.Errorf("missing is %v", err)
	}
}

func TestWhereAnEngineCannotAnotherOneSpeaks(t *testing.T) {
	fails := "echo broken >&2; exit 1"
	for name, tt := range map[string]struct {
		espeak, flite string
		domain        string
		heard         time.Duration
		err           []string // parts of it; none: it is well
		counted       []string
	}{
		"flite fails": {
			espeakSpeaks, fliteLists + fails, "nice.example", time.Second,
			[]string{"espeak-ng spoke the text instead", "flite could not speak the text", "broken"}, []string{"flite false", "espeak-ng true"},
		},
		"flite is not installed": {espeakSpeaks, "", "nice.example", time.Second, nil, []string{"espeak-ng true"}},
		"espeak-ng fails": {
			espeakLists + fails, fliteSpeaks, "", time.Second,
			[]string{"flite spoke the text instead", "espeak-ng could not"}, []string{"espeak-ng false", "flite true"},
		},
		"espeak-ng is not installed": {"", fliteSpeaks, "", time.Second, nil, []string{"flite true"}},
		"both fail": {
			espeakLists + fails, fliteLists + fails, "", 2 * time.Second,
			[]string{"a recording was played instead", "espeak-ng could not"}, []string{"espeak-ng false", "flite false"},
		},
		"none is installed": {"", "", "", 2 * time.Second, []string{"a recording was played instead", "espeak-ng, which speaks text, is not on the PATH"}, nil},
		"flite alone, in Dutch": {
			"", fliteSpeaks, "dutch.example", 2 * time.Second,
			[]string{"a recording was played instead", "espeak-ng, which speaks text, is not on the PATH"}, nil,
		},
		"it breaks off": {
			espeakSpeaks + "; " + fails, fliteSpeaks, "", time.Second, []string{"espeak-ng could not speak the text"}, []string{"espeak-ng false"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings
			s.Fallback = recorded(t, 2*time.Second)
			s.Domains = append([]speech.DomainSettings(nil), s.Domains...)
			for i := range s.Domains {
				s.Domains[i].Fallback = s.Fallback
			}
			b := newBench(t, s, tt.espeak, tt.flite)
			d, err := b.says(speech.Utterance{Text: "hello", Domain: tt.domain})
			if d != tt.heard || (err == nil) != (tt.err == nil) {
				t.Errorf("heard are %v: %v", d, err)
			}
			for _, part := range tt.err {
				if !strings.Contains(fmt.Sprint(err), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
			if diff := cmp.Diff(tt.counted, b.counted); diff != "" {
				t.Errorf("counted are (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutARecordingNothingIsHeard(t *testing.T) {
	b := newBench(t, settings, "", "")
	if d, err := b.says(speech.Utterance{Text: "hello"}); d != 0 || fault.CodeOf(err) != fault.Unsupported {
		t.Errorf("heard are %v: %v", d, err)
	}
	missing := fmt.Sprint(b.Missing())
	if !strings.Contains(missing, "espeak-ng") || !strings.Contains(missing, "flite") {
		t.Errorf("missing is %s", missing)
	}
}

func TestATextThatIsTooLongIsNoReasonForTheRecording(t *testing.T) {
	s := settings
	s.Fallback = recorded(t, time.Second)
	b := newBench(t, s, espeakSpeaks, fliteSpeaks)
	if d, err := b.says(speech.Utterance{Text: strings.Repeat("a", speech.MaxText+1)}); d != 0 || fault.CodeOf(err) != fault.Invalid {
		t.Errorf("heard are %v: %v", d, err)
	}
}

func TestARecordingThatCannotBePlayedIsRefused(t *testing.T) {
	for name, path := range map[string]setting.Path{
		"is not there": "/none/sorry.wav", "is too long": recorded(t, 61*time.Second), "is no sound": "set_test.go", "is a folder": "/",
	} {
		for where, s := range map[string]speech.Settings{
			"speech.fallback":          {Engine: speech.Flite, Fallback: path},
			"speech.domain.0.fallback": {Engine: speech.Flite, Domains: []speech.DomainSettings{{Fallback: path}}},
		} {
			if _, err := speech.Open(s, nil); fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), where) {
				t.Errorf("a recording that %s: got error %v", name, err)
			}
		}
	}
}
