package voice_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/prompt"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/responder"
	"github.com/switchhook/switchhook/test/pipenet"
)

// quietAfter is how long a caller may send nothing.
const quietAfter = time.Minute

// aPacketOrTwo is how far times may be off: a key is heard, and a prompt stopped,
// between two packets.
const aPacketOrTwo = 40 * time.Millisecond

// TestATelephonesLineIsAsEveryLine leaves out Forward, which the Core carries out,
// and speech that is not understood.
func TestATelephonesLineIsAsEveryLine(t *testing.T) {
	enginetest.Run(t, aPacketOrTwo, func(t *testing.T, c enginetest.Call) (events []trace.Stamped) {
		if strings.Contains(c.Documents["/"], "<Forward") {
			t.Skip("the Core forwards calls")
		}
		if strings.Contains(c.Documents["/"], `input="speech"`) {
			t.Skip("it takes keys instead of speech")
		}
		synctest.Test(t, func(t *testing.T) { events = place(t, c) })
		return events
	})
}

func TestACallWhoseCallerSendsNothingEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := place(t, enginetest.Call{Documents: enginetest.Documents{"/": `<Echo/>`}})
		last := events[len(events)-1]
		end, ok := last.Event.(trace.Hangup)
		if !ok || end.By != trace.ByEngine || !strings.Contains(end.Reason, "no sound has arrived") {
			t.Errorf("the call ended as %s", trace.Transcript(last.Event))
		}
		if late := last.At - quietAfter; late < 0 || late > aPacketOrTwo {
			t.Errorf("after %v, want %v", last.At, quietAfter)
		}
	})
}

// place has a caller on a telephone call a responder.
func place(t *testing.T, c enginetest.Call) (events []trace.Stamped) {
	return placeWith(t, silentVoice{}, c)
}

func placeWith(t *testing.T, v speech.Voice, c enginetest.Call) (events []trace.Stamped) {
	client := fetch.New(fetch.Options{Dial: pipenet.Serve(t, c.Documents).Dial})
	library := prompt.New(prompt.Config{Client: client, Voice: v})
	defer library.Close()
	ctx, end := context.WithCancelCause(t.Context())
	defer end(nil)
	phone := newTelephone(t, end, library)
	for _, a := range c.Acts {
		phone.at(a.At, func() {
			switch {
			case a.Key != 0:
				phone.press(a.Key)
			case a.Hangup:
				phone.hangup()
			case a.Redirect != "":
				end(&engine.Redirect{To: a.Redirect})
			case a.Cancel:
				end(errors.New("the server stops"))
			}
		})
	}
	e := engine.New(engine.Config{Client: client, Prompts: library})
	e.Run(ctx, phone.line, engine.Call{URL: &url.URL{Scheme: "http", Host: "responder.example", Path: "/"}, Facts: responder.Request{AccountDomain: "example.net"}}, func(event trace.Stamped) {
		events = append(events, event)
	})
	return events
}

// silentVoice takes as long as speech does.
type silentVoice struct{}

func (silentVoice) Speak(_ context.Context, u speech.Utterance, into *audio.Sound) error {
	into.Append(make([]int16, audio.Samples(speech.Estimate(u.Text))))
	return nil
}
