//go:build unix

package speech_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/fault"
)

// TestAHangingProgramIsStopped: the caller waits as long as the limits say, and
// what was said until then is heard.
func TestAHangingProgramIsStopped(t *testing.T) {
	for name, tt := range map[string]struct {
		speak  string
		limits speech.Limits
		heard  time.Duration
		want   string
	}{
		"before the first sound": {`cat >/dev/null; exec sleep 600`, speech.Limits{FirstSound: 50 * time.Millisecond}, 0, "there was no sound after 50ms"},
		"after it":               {`cat "$here/sound.wav"; exec sleep 600`, speech.Limits{Whole: 500 * time.Millisecond}, time.Second, "it took longer than 500ms"},
		"without reading":        {`exec sleep 600`, speech.Limits{FirstSound: 50 * time.Millisecond}, 0, "there was no sound"},
	} {
		t.Run(name, func(t *testing.T) {
			here := install(t, oneVoice, tt.speak)
			sound(t, here)
			clip, err := say(t.Context(), findEngine(t, speech.EspeakNG, tt.limits), speech.Utterance{Text: strings.Repeat("hello ", 600)})
			if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v", err)
			}
			if clip.Duration() != tt.heard {
				t.Errorf("heard are %v, want %v", clip.Duration(), tt.heard)
			}
		})
	}
}

func TestAKilledProgramIsTold(t *testing.T) {
	install(t, oneVoice, `kill -9 $$`)
	_, err := say(t.Context(), find(t), speech.Utterance{Text: "hello"})
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "killed") {
		t.Errorf("got error %v", err)
	}
}

// TestFewProgramsRunAtOnce: who finds no place waits for one, no longer than for
// a first sound.
func TestFewProgramsRunAtOnce(t *testing.T) {
	here := install(t, oneVoice, `( echo started >"$here/started"; read go <"$here/go" ); cat "$here/sound.wav"`)
	sound(t, here)
	started, let := gates(t, here)
	places := make(speech.Places, 1)
	v := findEngine(t, speech.EspeakNG, speech.Limits{Places: places})
	hurried := findEngine(t, speech.EspeakNG, speech.Limits{FirstSound: 50 * time.Millisecond, Places: places})
	var first sync.WaitGroup
	first.Go(func() {
		if _, err := say(t.Context(), v, speech.Utterance{Text: "hello"}); err != nil {
			t.Error(err)
		}
	})
	started()
	_, err := say(t.Context(), hurried, speech.Utterance{Text: "hello"})
	if fault.CodeOf(err) != fault.Unavailable || !strings.Contains(err.Error(), "all of the 1 that may run at once are at work") {
		t.Errorf("got error %v", err)
	}
	let()
	first.Wait()
	if len(places) != 0 {
		t.Error("the place is taken still")
	}
}

// TestAProgramInheritsNoPriority needs the right to raise one, as root has it.
func TestAProgramInheritsNoPriority(t *testing.T) {
	here := install(t, oneVoice, `cat >/dev/null; nice >"$here/nice"; cat "$here/sound.wav"`)
	sound(t, here)
	v := find(t)
	var err error
	raised := asUrgent(t, func() {
		err = v.Speak(context.Background(), speech.Utterance{Text: "hello"}, audio.NewSound(audio.Rate))
	})
	if !raised {
		t.Skip("this user may not raise a priority")
	}
	if err != nil {
		t.Fatal(err)
	}
	if nice, err := os.ReadFile(filepath.Join(here, "nice")); err != nil || strings.TrimSpace(string(nice)) != "0" {
		t.Errorf("it runs with the nice value %q, %v", nice, err)
	}
}

// TestWordsComeBeforeTheSentenceIsDone: a caller hears how a long sentence begins
// while the rest of it is made. The programs are the real ones, held up on the way.
func TestWordsComeBeforeTheSentenceIsDone(t *testing.T) {
	findFlite(t)
	for engine, lines := range map[speech.Engine]string{
		// What it writes is held up after two seconds of sound.
		speech.EspeakNG: `if [ "$1" = --voices ]; then exec REAL "$@"; fi
			REAL "$@" | { head -c 90000; echo started >"$here/started"; read go <"$here/go"; cat; }`,
		// Its second run is held up.
		speech.Flite: `if [ "$1" != -lv ]; then echo run >>"$here/runs"; fi
			if [ "$(cat "$here/runs" | wc -l)" -eq 2 ]; then echo started >"$here/started"; read go <"$here/go"; fi 2>/dev/null
			exec REAL "$@"`,
	} {
		t.Run(string(engine), func(t *testing.T) {
			command, err := exec.LookPath(string(engine))
			if err != nil {
				t.Fatal(err)
			}
			here := installAs(t, engine, strings.ReplaceAll(lines, "REAL", command))
			started, let := gates(t, here)
			v := findEngine(t, engine, speech.Limits{})
			sound := audio.NewSound(audio.Wideband)
			said := make(chan error, 1)
			go func() { said <- v.Speak(t.Context(), speech.Utterance{Text: longSentence}, sound) }()
			started()
			if err := sound.Wait(t.Context(), audio.Wideband); err != nil { // it comes, or this never ends
				t.Error(err)
			}
			early := sound.Duration()
			let()
			if err := <-said; err != nil {
				t.Error(err)
			}
			if whole := sound.Duration(); early > whole*2/3 {
				t.Errorf("%v of %v had come", early, whole)
			}
		})
	}
}
