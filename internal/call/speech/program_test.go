//go:build unix

package speech_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/fault"
)

// install puts a program of the name espeak-ng first on the PATH that lists the
// voices and speaks by the given lines of shell, and returns its folder, which
// the lines find in $here.
func install(t *testing.T, voices, speak string) string {
	t.Helper()
	return installAs(t, speech.EspeakNG, "if [ \"$1\" = --voices ]; then cat <<'END'\n"+voices+"\nEND\nexit\nfi\n"+speak)
}

// installAs puts lines of shell first on the PATH in place of an engine.
func installAs(t *testing.T, engine speech.Engine, lines string) string {
	t.Helper()
	here := t.TempDir()
	script := "#!/bin/sh\nhere='" + here + "'\n" + lines + "\n"
	if err := os.WriteFile(filepath.Join(here, string(engine)), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", here+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return here
}

// sound writes a WAV file of a second for the program to say.
func sound(t *testing.T, here string) {
	t.Helper()
	f, err := os.Create(filepath.Join(here, "sound.wav"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(audio.WriteWAV(f, audio.Silence(time.Second)), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// runs returns how often the program was run, by the file where it notes it.
func runs(t *testing.T, here string) int {
	t.Helper()
	notes, err := os.ReadFile(filepath.Join(here, "runs"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Count(string(notes), "\n")
}

// gates makes two pipes: the program says on the first that it was started, and
// waits for a go-ahead on the second.
func gates(t *testing.T, here string) (started, let func()) {
	t.Helper()
	for _, name := range []string{"started", "go"} {
		if err := syscall.Mkfifo(filepath.Join(here, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	started = func() {
		if _, err := os.ReadFile(filepath.Join(here, "started")); err != nil {
			t.Error(err)
		}
	}
	let = func() {
		if err := os.WriteFile(filepath.Join(here, "go"), []byte("go\n"), 0o600); err != nil {
			t.Error(err)
		}
	}
	return started, let
}

// A program that espeak-ng starts keeps its pipes when espeak-ng is killed.
func TestSpeakEndsThoughAnotherProgramGoesOn(t *testing.T) {
	here := install(t, oneVoice, `( echo started >"$here/started"; read go <"$here/go" ) & wait`)
	started, let := gates(t, here)
	e := find(t)

	ctx, hangUp := context.WithCancel(t.Context())
	var caller sync.WaitGroup
	caller.Go(func() {
		if _, err := say(ctx, e, speech.Utterance{Text: "hello"}); !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want the context's", err)
		}
	})
	started()
	hangUp()
	caller.Wait()
	let() // the other program ends
}

func TestSpeakSaysWhatWentWrong(t *testing.T) {
	tests := map[string]struct {
		speak string
		want  []string // parts of the error
	}{
		"the program says so":   {`echo "Error: no such" >&2; echo "voice" >&2; exit 3`, []string{"exit status 3", "Error: no such voice"}},
		"it says nothing":       {`exit 1`, []string{"exit status 1"}},
		"it says far too much":  {`yes why | head -c 100000 >&2; exit 1`, []string{"exit status 1: why why"}},
		"no sound":              {`true`, []string{"the sound is empty"}},
		"not a sound":           {`echo "hello"`, []string{"this is not a WAV file"}},
		"not a sound, and more": {`yes hello | head -c 1000000`, []string{"this is not a WAV file"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			install(t, oneVoice, tt.speak)
			_, err := say(t.Context(), find(t), speech.Utterance{Text: "hello"})
			if fault.CodeOf(err) != fault.Unavailable {
				t.Fatalf("got error %v, want code %q", err, fault.Unavailable)
			}
			for _, part := range append(tt.want, "espeak-ng could not speak the text") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %.300q does not say %q", err, part)
				}
			}
			if len(err.Error()) > 2000 {
				t.Errorf("the error has %d characters", len(err.Error()))
			}
		})
	}
}

func TestAFailedRunIsTriedAgain(t *testing.T) {
	here := install(t, oneVoice, `echo run >>"$here/runs"; [ -e "$here/sound.wav" ] && cat "$here/sound.wav"`)
	e := find(t)
	if _, err := say(t.Context(), e, speech.Utterance{Text: "hello"}); err == nil {
		t.Fatal("a program without a sound spoke")
	}
	sound(t, here)
	if _, err := say(t.Context(), e, speech.Utterance{Text: "hello"}); err != nil {
		t.Error(err)
	}
	if got := runs(t, here); got != 2 {
		t.Errorf("the program ran %d times, want 2", got)
	}
}

func TestSpeakPassesTheTextByPipe(t *testing.T) {
	here := install(t, oneVoice, `printf '%s\n' "$@" >"$here/arguments"; cat >"$here/text"; cat "$here/sound.wav"`)
	sound(t, here)
	if _, err := say(t.Context(), find(t), speech.Utterance{Text: "it's -v \"me\"", Voice: "female", Language: "-v"}); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{"text": "it's -v \"me\"", "arguments": "-b\n1\n-v\ngmw/en-US+f3\n--stdin\n--stdout\n"} {
		if got, err := os.ReadFile(filepath.Join(here, file)); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v; want %q", file, got, err, want)
		}
	}
}

func TestFindAProgramThatDoesNotWork(t *testing.T) {
	tests := map[string]string{
		"no voices":       "",
		"another voice":   " 5  af              --/M      Afrikaans          gmw/af",
		"a voice as flag": " 2  en-us           --/M      English_(America)  -w/etc/passwd            (en 3)",
		"a spaced voice":  " 2  en-us           --/M      English_(America)  $(id)            (en 3)",
		"it fails":        "END\nexit 1\ncat <<END",
	}
	for name, voices := range tests {
		t.Run(name, func(t *testing.T) {
			install(t, voices, "exit 1")
			_, err := speech.Find(speech.EspeakNG, speech.Limits{})
			if fault.CodeOf(err) != fault.Unsupported || !strings.Contains(fault.HintOf(err), "apt-get install espeak-ng") {
				t.Errorf("got error %v, hint %q", err, fault.HintOf(err))
			}
		})
	}
}
