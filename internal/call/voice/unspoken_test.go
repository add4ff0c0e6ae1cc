package voice_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// brokenVoice says a second of a text, and then why it says no more.
type brokenVoice struct{ why error }

func (v brokenVoice) Speak(_ context.Context, _ speech.Utterance, into *audio.Sound) error {
	into.Append(audio.Silence(time.Second))
	return v.why
}

// warnings returns the warnings of a call.
func warnings(events []trace.Stamped) (texts []string) {
	for _, e := range events {
		if w, ok := e.Event.(trace.Warning); ok {
			texts = append(texts, w.Code+" "+w.Text)
		}
	}
	return texts
}

// TestWhatWasHeardInsteadOfATextIsTold: the caller hears it to its end.
func TestWhatWasHeardInsteadOfATextIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		voice := brokenVoice{errors.New("a recording was played instead of the text")}
		events := placeWith(t, voice, enginetest.Call{Documents: enginetest.Documents{"/": `<Say>Good day.</Say><Hangup/>`}})
		want := []string{"SH321 the text was not spoken as it should be: a recording was played instead of the text"}
		if diff := cmp.Diff(want, warnings(events)); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
		if took := time.Since(began); took < time.Second-aPacketOrTwo {
			t.Errorf("it was heard for %v", took)
		}
	})
}

// attentiveVoice notes for whom it speaks.
type attentiveVoice struct{ domains []string }

func (v *attentiveVoice) Speak(ctx context.Context, u speech.Utterance, into *audio.Sound) error {
	v.domains = append(v.domains, u.Domain)
	return silentVoice{}.Speak(ctx, u, into)
}

func TestATextIsSpokenAsTheDomainOfItsCallHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		voice := &attentiveVoice{}
		placeWith(t, voice, enginetest.Call{Documents: enginetest.Documents{"/": `<Say>Good day.</Say><Hangup/>`}})
		if diff := cmp.Diff([]string{"example.net"}, voice.domains); diff != "" {
			t.Errorf("domains (-want +got):\n%s", diff)
		}
	})
}

// TestATelephoneIsNotUnderstood, but its keys are.
func TestATelephoneIsNotUnderstood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := place(t, enginetest.Call{
			Documents: enginetest.Documents{"/": `<Gather input="speech" numDigits="1" action="/next"/>`, "/next": `<Hangup/>`},
			Acts:      []enginetest.Act{{At: time.Second, Key: '7'}},
		})
		want := []string{"SH322 this line does not understand what callers say: the Gather takes keys alone"}
		if diff := cmp.Diff(want, warnings(events)); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
	})
}
