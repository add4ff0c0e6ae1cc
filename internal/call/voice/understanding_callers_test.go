package voice_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// listener is a service that understands callers, as a test has it behave.
type listener struct {
	asked    speech.Recognition
	finished func(*listener) // what it does when it is to tell the rest; optional

	mu     sync.Mutex
	heard  chan speech.Heard
	broken error
	frames []int // samples of each
	ended  bool
}

func newListener() *listener { return &listener{heard: make(chan speech.Heard, 16)} }

func (l *listener) Listen(_ context.Context, r speech.Recognition) speech.Session {
	l.asked = r
	return l
}

func (l *listener) Write(pcm []int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.frames = append(l.frames, len(pcm))
}

func (l *listener) Finish() {
	if l.finished != nil {
		l.finished(l)
	}
}

func (l *listener) Heard() <-chan speech.Heard { return l.heard }

func (l *listener) Err() error { return l.broken }

func (l *listener) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}

// tells has the service tell something at a time of the call.
func (l *listener) tells(at time.Duration, kind speech.HeardKind, text string) {
	time.AfterFunc(at, func() { l.heard <- speech.Heard{Kind: kind, Text: text} })
}

// breaks ends the service.
func (l *listener) breaks(at time.Duration) {
	time.AfterFunc(at, func() {
		l.broken = errors.New("the service is gone")
		close(l.heard)
	})
}

// asksForSpeech is a responder that does.
func asksForSpeech(inside, attributes string) enginetest.Documents {
	return enginetest.Documents{
		"/":     `<Gather input="speech" ` + attributes + ` action="/next">` + inside + `</Gather>`,
		"/next": `<Hangup/>`,
	}
}

// gathered returns what the only Gather of a call got, and when.
func gathered(t *testing.T, events []trace.Stamped) (trace.Gather, time.Duration) {
	t.Helper()
	for _, e := range events {
		if g, ok := e.Event.(trace.Gather); ok {
			return g, e.At
		}
	}
	t.Fatal("the call had no Gather")
	return trace.Gather{}, 0
}

// TestWhatARecogniserTellsIsTheAnswer, and when.
func TestWhatARecogniserTellsIsTheAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		say   string // at 1 s: that is voice
		tells func(*listener)
		want  string
		at    time.Duration
	}{
		"the service decides when the caller has said all": {
			say: "yes please", tells: func(l *listener) {
				l.tells(1500*time.Millisecond, speech.Final, "yes")
				l.tells(1800*time.Millisecond, speech.Final, "please")
				l.tells(2*time.Second, speech.Ended, "")
			}, want: "yes please", at: 2 * time.Second,
		},
		"we do, by the silence": {
			say: "yes please", tells: func(l *listener) {
				l.tells(1500*time.Millisecond, speech.Interim, "guess")
				l.finished = func(l *listener) {
					l.heard <- speech.Heard{Kind: speech.Final, Text: "yes please"}
					l.heard <- speech.Heard{Kind: speech.Ended}
				}
			}, want: "yes please", at: 2710 * time.Millisecond,
		},
		"a service that does not tell the rest is not waited for": {
			say: "yes please", tells: func(l *listener) {
				l.tells(1300*time.Millisecond, speech.Final, "yes")
				l.tells(1500*time.Millisecond, speech.Interim, "police")
			}, want: "yes police", at: 4710 * time.Millisecond,
		},
		"a voice that is too quiet for us": {
			tells: func(l *listener) {
				l.tells(1500*time.Millisecond, speech.Interim, "yes")
				l.finished = func(l *listener) { l.heard <- speech.Heard{Kind: speech.Ended} }
			}, want: "yes", at: 2260 * time.Millisecond,
		},
		"an end where nobody has spoken is none": {
			say: "yes please", tells: func(l *listener) {
				l.tells(500*time.Millisecond, speech.Ended, "")
				l.tells(1900*time.Millisecond, speech.Final, "yes")
				l.tells(2*time.Second, speech.Ended, "")
			}, want: "yes", at: 2 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newListener()
				tt.tells(l)
				call := enginetest.Call{Documents: asksForSpeech("", "")}
				if tt.say != "" {
					call.Acts = []enginetest.Act{{At: time.Second, Say: tt.say}}
				}
				got, at := gathered(t, placeBy(t, speaks{recogniser: l}, call))
				if got.Speech != tt.want || got.Ended != trace.EndedSpeech {
					t.Errorf("got %+v, want %q", got, tt.want)
				}
				if late := at - tt.at; late < -aPacketOrTwo || late > byEar {
					t.Errorf("after %v, want %v", at, tt.at)
				}
				if !l.ended {
					t.Error("the service is still asked to listen")
				}
			})
		})
	}
}

// TestACoughIsNoAnswer: the Gather waits again, as long as for the first word.
func TestACoughIsNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener()
		l.finished = func(l *listener) { l.heard <- speech.Heard{Kind: speech.Ended} }
		got, at := gathered(t, placeBy(t, speaks{recogniser: l}, enginetest.Call{
			Documents: asksForSpeech("", `timeout="3"`), Acts: []enginetest.Act{{At: time.Second, Say: "no"}},
		}))
		if got.Ended != trace.EndedTimeout {
			t.Errorf("got %+v", got)
		}
		if late := at - 5400*time.Millisecond; late < -aPacketOrTwo || late > byEar { // 1 + 0.4 + 1 of silence + 3
			t.Errorf("after %v", at)
		}
	})
}

// TestAServiceThatBreaksLeavesTheKeys, with one warning.
func TestAServiceThatBreaksLeavesTheKeys(t *testing.T) {
	warning := []string{"SH323 the caller is not understood any more: the service is gone; the Gather takes keys alone"}
	for name, tt := range map[string]struct {
		inside string
		acts   []enginetest.Act
		want   trace.Gather
		at     time.Duration
	}{
		"nobody presses a key": {
			want: trace.Gather{Input: "dtmf", Ended: trace.EndedTimeout}, at: 5 * time.Second,
		},
		"a key is pressed": {
			acts: []enginetest.Act{{At: 3 * time.Second, Key: '7'}},
			want: trace.Gather{Input: "dtmf", Digits: "7", Ended: trace.EndedNumDigits}, at: 3 * time.Second,
		},
		"a key that was pressed before": {
			acts: []enginetest.Act{{At: time.Second, Key: '7'}},
			want: trace.Gather{Input: "dtmf", Ended: trace.EndedTimeout}, at: 5 * time.Second,
		},
		"while the caller speaks": {
			acts: []enginetest.Act{{At: 1500 * time.Millisecond, Say: "I would like to speak to somebody"}},
			want: trace.Gather{Input: "dtmf", Ended: trace.EndedTimeout}, at: 7 * time.Second,
		},
		"during a prompt, which goes on": {
			inside: `<Play>4s.wav</Play>`,
			want:   trace.Gather{Input: "dtmf", Ended: trace.EndedTimeout}, at: 9 * time.Second,
		},
		"during a prompt, which a key stops": {
			inside: `<Play>4s.wav</Play>`,
			acts:   []enginetest.Act{{At: 3 * time.Second, Key: '7'}},
			want:   trace.Gather{Input: "dtmf", Digits: "7", Ended: trace.EndedNumDigits}, at: 3 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newListener()
				l.breaks(2 * time.Second)
				events := placeBy(t, speaks{recogniser: l}, enginetest.Call{Documents: asksForSpeech(tt.inside, `numDigits="1"`), Acts: tt.acts})
				got, at := gathered(t, events)
				if got != tt.want {
					t.Errorf("got %+v, want %+v", got, tt.want)
				}
				near(t, "the end of the Gather", at, tt.at)
				if diff := cmp.Diff(warning, slices.DeleteFunc(warnings(events), isOfDocument)); diff != "" {
					t.Errorf("warnings (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// isOfDocument reports whether a warning is of the document alone.
func isOfDocument(warning string) bool { return strings.HasPrefix(warning, "SH2") }

// TestAKeyEndsTheListening: services cost money by the second.
func TestAKeyEndsTheListening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener()
		placeBy(t, speaks{recogniser: l}, enginetest.Call{
			Documents: enginetest.Documents{"/": `<Gather input="dtmf speech" timeout="5" action="/next"/>`, "/next": `<Hangup/>`},
			Acts:      []enginetest.Act{{At: time.Second, Key: '1'}},
		})
		if heard := time.Duration(len(l.frames)) * packetTime; heard > 1100*time.Millisecond || heard < 600*time.Millisecond {
			t.Errorf("the service was given %v of sound", heard)
		}
	})
}

// speechListening is a Gather's.
var speechListening = &engine.Listening{Speech: true, Language: "nl", Hints: "ja, nee", SpeechTimeout: time.Second}

// TestAServiceGetsAFrameEvery20ms, also where the telephone sends nothing, in the
// quality that the caller's codec has.
func TestAServiceGetsAFrameEvery20ms(t *testing.T) {
	for codec, rate := range map[sdp.Codec]int{sdp.PCMU: audio.Rate, sdp.G722: audio.Wideband} {
		t.Run(string(codec), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newListener()
				p := newTelephoneWith(t, func(error) {}, nil, l)
				p.codec = codec
				p.at(time.Second, func() { p.say(speech.Murmur("yes please")) })
				in, err := p.line.Listen(t.Context(), speechListening, 4*time.Second)
				if err != nil || in.Kind != engine.SpeechBegan {
					t.Fatalf("got %+v, %v", in, err)
				}
				if late := in.At - time.Second; late < 100*time.Millisecond || late > byEar {
					t.Errorf("the caller is heard after %v", late)
				}
				if _, err := p.line.Listen(t.Context(), speechListening, 4*time.Second); err != nil {
					t.Fatal(err)
				}
				_, _ = p.line.Listen(t.Context(), nil, 0)
				want := speech.Recognition{Language: "nl", Hints: "ja, nee", Rate: rate, Silence: time.Second}
				if diff := cmp.Diff(want, l.asked); diff != "" {
					t.Errorf("asked (-want +got):\n%s", diff)
				}
				if n := len(l.frames); n < 185 || n > 200 {
					t.Errorf("%d frames in 4 s", n)
				}
				if size := rate / 50; slices.ContainsFunc(l.frames, func(n int) bool { return n != size }) {
					t.Errorf("the frames have %v samples, want %d", l.frames, size)
				}
			})
		})
	}
}

// TestAServiceHearsOnWhereTheCodecChanges, at the rate that it was promised.
func TestAServiceHearsOnWhereTheCodecChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener()
		p := newTelephoneWith(t, func(error) {}, nil, l)
		p.codec = sdp.G722
		p.at(time.Second, func() {
			p.mu.Lock()
			p.codec = sdp.PCMU
			p.mu.Unlock()
			sound := sdp.Format{Codec: sdp.PCMU}
			p.line.Tell(dialog.Agreed{Agreement: sdp.Agreement{Codec: sound, Receive: []sdp.Format{sound}, Ptime: packetTime, Remote: p.from}})
		})
		p.at(1500*time.Millisecond, func() { p.say(speech.Murmur("yes please")) })
		in, err := p.line.Listen(t.Context(), speechListening, 4*time.Second)
		if err != nil || in.Kind != engine.SpeechBegan {
			t.Fatalf("got %+v, %v", in, err)
		}
		_, _ = p.line.Listen(t.Context(), nil, 0)
		if slices.ContainsFunc(l.frames, func(n int) bool { return n != audio.Wideband/50 }) {
			t.Errorf("the frames have %v samples", l.frames)
		}
	})
}
