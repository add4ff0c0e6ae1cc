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
	"github.com/switchhook/switchhook/internal/call/rtp"
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

// byEar is how far times may be off where somebody speaks: they are heard as
// speaking after 120 ms of voice.
const byEar = 120*time.Millisecond + 2*aPacketOrTwo

// heardLate is how much later a program hears a caller: a packet that is missing is
// waited for as long as it may still come.
const heardLate = rtp.MaxDepth + aPacketOrTwo

// TestATelephonesLineIsAsEveryLine leaves out Forward, which the Core carries out.
// Whatever a document does, sound is sent from the answer to the end: carriers cut
// calls that are silent (https://github.com/sipwise/rtpengine/issues/1475).
func TestATelephonesLineIsAsEveryLine(t *testing.T) {
	enginetest.Run(t, enginetest.Tolerance{Any: aPacketOrTwo, Speech: byEar, Stream: heardLate}, func(t *testing.T, c enginetest.Call) (events []trace.Stamped) {
		if strings.Contains(c.Documents["/"], "<Forward") {
			t.Skip("the Core forwards calls")
		}
		synctest.Test(t, func(t *testing.T) { events = placeBy(t, speaks{recogniser: &speech.Script{}}, c) })
		return events
	})
}

// TestACallWhoseCallerSendsNothingEnds: whatever it does, so that nobody pays for a
// caller who has vanished.
func TestACallWhoseCallerSendsNothingEnds(t *testing.T) {
	for _, document := range []string{
		`<Echo/>`, `<Play>10m.wav</Play>`, `<Gather timeout="0"><Play>10m.wav</Play></Gather>`,
		`<Record maxLength="600" timeout="600"/>`, `<Connect><Stream url="ws://responder.example/stream"/></Connect>`,
	} {
		t.Run(document, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				events := place(t, enginetest.Call{Documents: enginetest.Documents{"/": document, "/stream": ""}})
				last := events[len(events)-1]
				end, ok := last.Event.(trace.Hangup)
				if !ok || end.By != trace.ByEngine || !strings.Contains(end.Reason, "no sound has arrived") {
					t.Errorf("the call ended as %s", trace.Transcript(last.Event))
				}
				if late := last.At - quietAfter; late < 0 || late > aPacketOrTwo {
					t.Errorf("after %v, want %v", last.At, quietAfter)
				}
			})
		})
	}
}

// place has a caller on a telephone call a responder.
func place(t *testing.T, c enginetest.Call) (events []trace.Stamped) {
	return placeBy(t, speaks{}, c)
}

// speaks says with which programs callers are spoken to and understood.
type speaks struct {
	voice      speech.Voice      // default: silentVoice
	recogniser speech.Recogniser // optional; for a *speech.Script callers say words
}

func placeWith(t *testing.T, v speech.Voice, c enginetest.Call) (events []trace.Stamped) {
	return placeBy(t, speaks{voice: v}, c)
}

func placeBy(t *testing.T, s speaks, c enginetest.Call) (events []trace.Stamped) {
	client := fetch.New(fetch.Options{Dial: pipenet.Serve(t, c.Documents).Dial})
	if s.voice == nil {
		s.voice = silentVoice{}
	}
	library := prompt.New(prompt.Config{Client: client, Voice: s.voice})
	defer library.Close()
	ctx, end := context.WithCancelCause(t.Context())
	defer end(nil)
	phone := newTelephoneWith(t, end, library, s.recogniser)
	for _, a := range c.Acts {
		phone.at(a.At, func() {
			switch {
			case a.Key != 0:
				phone.press(a.Key)
			case a.Say != "":
				if script, ok := s.recogniser.(*speech.Script); ok {
					script.Say(a.Say)
				}
				phone.say(speech.Murmur(a.Say))
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
	if at, ok := phone.line.Answered(); ok {
		isUnbroken(t, phone, phone.line.Now()-at)
	}
	return events
}

// silentVoice takes as long as speech does.
type silentVoice struct{}

func (silentVoice) Speak(_ context.Context, u speech.Utterance, into *audio.Sound) error {
	into.Append(make([]int16, audio.Samples(speech.Estimate(u.Text))))
	return nil
}
