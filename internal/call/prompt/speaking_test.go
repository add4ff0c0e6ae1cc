package prompt_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// slow is a voice that says a second of sound each second, three in all.
type slow struct {
	runs   atomic.Int32
	breaks error // after the first second
}

func (s *slow) Speak(ctx context.Context, _ speech.Utterance, into *audio.Sound) error {
	s.runs.Add(1)
	for range 3 {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
		into.Append(audio.Silence(time.Second))
		if s.breaks != nil {
			return s.breaks
		}
	}
	return nil
}

// speaking runs a test with a Library that has a voice.
func speaking(t *testing.T, v speech.Voice, test func(t *testing.T, l *prompt.Library)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := prompt.New(prompt.Config{Voice: v})
		defer l.Close()
		test(t, l)
	})
}

var hello = speech.Utterance{Text: "hello"}

func TestCallersWhoHearTheSameShareOneRun(t *testing.T) {
	v := &slow{}
	speaking(t, v, func(t *testing.T, l *prompt.Library) {
		began := time.Now()
		var callers sync.WaitGroup
		for i := range 20 {
			callers.Go(func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				sound, release, err := l.Say(t.Context(), hello)
				if err != nil {
					t.Error(err)
					return
				}
				defer release()
				if waited := time.Since(began); waited > 2*time.Second {
					t.Errorf("caller %d waits %v for the first word", i, waited)
				}
				if clip, err := sound.Whole(t.Context()); err != nil || clip.Duration() != 3*time.Second {
					t.Errorf("caller %d hears %v: %v", i, clip.Duration(), err)
				}
			})
		}
		callers.Wait()
		synctest.Wait()
		if _, release, err := l.Say(t.Context(), hello); err != nil { // what was said is kept
			t.Error(err)
		} else {
			release()
		}
		for _, other := range []speech.Utterance{{Text: "Hello"}, {Text: "hello", Voice: "female"}, {Text: "hello", Language: "en-GB"}} {
			_, release, err := l.Say(t.Context(), other)
			if err != nil {
				t.Fatal(err)
			}
			release()
		}
		if got := v.runs.Load(); got != 4 {
			t.Errorf("it spoke %d times, want once for each that differs", got)
		}
	})
}

func TestSpeakingGoesOnWithoutTheOneWhoHangsUp(t *testing.T) {
	v := &slow{}
	speaking(t, v, func(t *testing.T, l *prompt.Library) {
		ctx, hangUp := context.WithCancelCause(t.Context())
		gone := errors.New("the caller has hung up")
		time.AfterFunc(500*time.Millisecond, func() { hangUp(gone) })
		var other sync.WaitGroup
		other.Go(func() {
			sound, release, err := l.Say(t.Context(), hello)
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			if clip, err := sound.Whole(t.Context()); err != nil || clip.Duration() != 3*time.Second {
				t.Errorf("the other hears %v: %v", clip.Duration(), err)
			}
		})
		if _, _, err := l.Say(ctx, hello); !errors.Is(err, gone) {
			t.Errorf("the one who hung up got error %v", err)
		}
		other.Wait()
		// Where nobody is left, it ends.
		ctx, hangUp = context.WithCancelCause(t.Context())
		hangUp(gone)
		began := time.Now()
		if _, _, err := l.Say(ctx, speech.Utterance{Text: "nobody"}); !errors.Is(err, gone) {
			t.Errorf("a caller who has gone already got error %v", err)
		}
		l.Close()
		if time.Since(began) > 0 {
			t.Errorf("it went on for %v", time.Since(began))
		}
	})
}

func TestAVoiceThatBreaksOffIsHeardUntilThere(t *testing.T) {
	v := &slow{breaks: errors.New("it was killed")}
	speaking(t, v, func(t *testing.T, l *prompt.Library) {
		for range 2 { // and it is tried again
			sound, release, err := l.Say(t.Context(), hello)
			if err != nil {
				t.Fatal(err)
			}
			if clip, err := sound.Whole(t.Context()); clip.Duration() != time.Second || !errors.Is(err, v.breaks) {
				t.Errorf("heard are %v: %v", clip.Duration(), err)
			}
			release()
			synctest.Wait()
		}
		if got := v.runs.Load(); got != 2 {
			t.Errorf("it spoke %d times", got)
		}
	})
}

// dumb is a voice that cannot.
type dumb struct{ err error }

func (d dumb) Speak(context.Context, speech.Utterance, *audio.Sound) error { return d.err }

func TestAVoiceThatCannotSaysWhy(t *testing.T) {
	why := errors.New("no voice")
	speaking(t, dumb{why}, func(t *testing.T, l *prompt.Library) {
		if _, _, err := l.Say(t.Context(), hello); !errors.Is(err, why) {
			t.Errorf("got error %v", err)
		}
	})
	speaking(t, dumb{}, func(t *testing.T, l *prompt.Library) {
		sound, release, err := l.Say(t.Context(), speech.Utterance{})
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		if clip, err := sound.Whole(t.Context()); len(clip) > 0 || err != nil {
			t.Errorf("a text with nothing in it is %v: %v", clip.Duration(), err)
		}
	})
}
