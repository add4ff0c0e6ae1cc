package simulator_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// person is somebody at the handset of a live call, in a synctest bubble.
type person struct {
	simulator.Handset
	t      *testing.T
	start  time.Time
	ended  chan struct{}
	result *simulator.Result
	err    error
}

// dial begins a call. It ends with the test at the latest.
func dial(t *testing.T, o simulator.Options, change ...func(*person)) *person {
	t.Helper()
	p := &person{t: t, start: time.Now(), ended: make(chan struct{})}
	for _, f := range change {
		f(p)
	}
	o.Target = target
	go func() {
		defer close(p.ended)
		p.result, p.err = simulator.Live(t.Context(), o, &p.Handset)
	}()
	synctest.Wait()
	return p
}

// at waits until so long after the answer.
func (p *person) at(d time.Duration) {
	p.t.Helper()
	<-time.After(d - time.Since(p.start))
	synctest.Wait()
}

// events waits for the end of the call and returns its events.
func (p *person) events() []string {
	p.t.Helper()
	<-p.ended
	if p.err != nil {
		p.t.Fatal(p.err)
	}
	return essence(p.result.Events)
}

// gathered returns what the call's Gathers got.
func (p *person) gathered() []trace.Gather {
	p.t.Helper()
	p.events()
	var all []trace.Gather
	for _, stamped := range p.result.Events {
		if e, ok := stamped.Event.(trace.Gather); ok {
			all = append(all, e)
		}
	}
	return all
}

func TestKeysThatNobodyListensForAreToldApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := dial(t, simulator.Options{Handler: documents{
			"/":    `<Response><Play>2s.wav</Play><Gather numDigits="2" timeout="3" action="end"><Play>2s.wav</Play></Gather></Response>`,
			"/end": `<Play>2s.wav</Play>`,
		}})
		p.at(time.Second)
		got := []bool{p.Press('1')} // before the Gather
		p.at(3 * time.Second)
		got = append(got, p.Press('2'), p.BeginSaying(), p.Say("hello")) // keys alone are wanted
		p.at(4 * time.Second)
		got = append(got, p.Press('3'))
		synctest.Wait()
		got = append(got, p.Press('4')) // that was one too many
		p.at(5 * time.Second)
		got = append(got, p.Press('5'), p.Press('?'))
		gathers := p.gathered()
		got = append(got, p.Press('6'), p.BeginSaying(), p.Say("hello")) // after the call
		p.Hangup()
		if diff := cmp.Diff([]bool{false, true, false, false, true, false, false, false, false, false, false}, got); diff != "" {
			t.Errorf("wanted (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]trace.Gather{{Input: "dtmf", Digits: "23", Ended: trace.EndedNumDigits}}, gathers); diff != "" {
			t.Errorf("gathers (-want +got):\n%s", diff)
		}
	})
}

func TestInputOfTheVeryMomentStillCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := dial(t, simulator.Options{Handler: documents{"/": `<Response><Gather timeout="5" numDigits="1" action="a"/></Response>`, "/a": `<Gather timeout="5" action="b"/>`, "/b": `<Hangup/>`}})
		p.at(5 * time.Second) // when the time is up, but not over
		p.Press('1')
		p.at(10*time.Second + time.Nanosecond) // when it is over
		p.Press('2')
		want := []trace.Gather{{Input: "dtmf", Digits: "1", Ended: trace.EndedNumDigits}, {Input: "dtmf", Ended: trace.EndedTimeout}}
		if diff := cmp.Diff(want, p.gathered()); diff != "" {
			t.Errorf("gathers (-want +got):\n%s", diff)
		}
	})
}

func TestAnswerBeforeItsQuestionIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan struct{})
		p := dial(t, simulator.Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/next" {
				<-slow
			}
			documents{
				"/":     `<Gather numDigits="1" action="next"/>`,
				"/next": `<Response><Gather numDigits="2" timeout="1" action="end"><Play>1s.wav</Play></Gather></Response>`,
				"/end":  `<Hangup/>`,
			}.ServeHTTP(w, r)
		})})
		p.at(time.Second)
		p.Press('1')
		synctest.Wait()
		if p.Press('2') {
			t.Error("somebody listens while the responder is asked")
		}
		p.at(2 * time.Second)
		close(slow)
		want := []trace.Gather{{Input: "dtmf", Digits: "1", Ended: trace.EndedNumDigits}, {Input: "dtmf", Ended: trace.EndedTimeout}}
		if diff := cmp.Diff(want, p.gathered()); diff != "" {
			t.Errorf("gathers (-want +got):\n%s", diff)
		}
	})
}

func TestKeyWhileThePromptIsFetchedStopsThePrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetched := make(chan struct{})
		p := dial(t, simulator.Options{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/3s.wav" {
				<-fetched
			}
			documents{"/": `<Response><Gather numDigits="1" action="end"><Play>1s.wav</Play><Play>3s.wav</Play></Gather></Response>`, "/end": `<Hangup/>`}.ServeHTTP(w, r)
		})})
		p.at(1500 * time.Millisecond)
		if !p.Press('7') {
			t.Error("nobody listens between two prompts of a Gather")
		}
		p.at(2 * time.Second)
		close(fetched)
		want := []string{
			`{"at":0,"event":"answer","from":"+12125550123","to":"2125550100"}`,
			`{"at":0,"event":"request","method":"GET","url":"http://responder.example/","status":200,"ms":0}`,
			`{"at":0,"event":"play","url":"http://responder.example/1s.wav","seconds":1,"barged":false}`,
			`{"at":2,"event":"play","url":"http://responder.example/3s.wav","seconds":0,"barged":true}`,
			`{"at":2,"event":"gather","input":"dtmf","digits":"7","speech":"","ended":"numDigits"}`,
			`{"at":2,"event":"request","method":"GET","url":"http://responder.example/end","status":200,"ms":0}`,
			`{"at":2,"event":"hangup","by":"responder","reason":"the responder hung up"}`,
		}
		if diff := cmp.Diff(want, p.events()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestWhoTypesWhatTheySayIsWaitedFor(t *testing.T) {
	const question = `<Gather input="speech" timeout="3" speechTimeout="1" executionTimeout="40" action="end"><Play>2s.wav</Play></Gather>`
	for _, c := range []struct {
		name  string
		speak func(p *person)
		want  trace.Gather
		at    time.Duration
	}{
		{"typed", func(p *person) {
			p.at(4 * time.Second)
			p.BeginSaying()
			p.at(20 * time.Second)
			p.BeginSaying()
			p.Say("on Monday")
		}, trace.Gather{Speech: "on Monday", Ended: trace.EndedSpeech}, 20 * time.Second},
		{"typed faster than it can be spoken", func(p *person) {
			p.at(4 * time.Second)
			p.BeginSaying()
			p.at(4500 * time.Millisecond)
			p.Say("on Monday") // two words are 0.71 s
		}, trace.Gather{Speech: "on Monday", Ended: trace.EndedSpeech}, 5710 * time.Millisecond},
		{"at once", func(p *person) {
			p.at(4 * time.Second)
			p.Say("on Monday")
		}, trace.Gather{Speech: "on Monday", Ended: trace.EndedSpeech}, 5710 * time.Millisecond},
		{"during the prompt", func(p *person) {
			p.at(time.Second)
			p.Say("on Monday")
		}, trace.Gather{Speech: "on Monday", Ended: trace.EndedSpeech}, 2710 * time.Millisecond},
		{"thought better of", func(p *person) {
			p.at(4 * time.Second)
			p.BeginSaying()
			p.at(10 * time.Second)
			p.Say("")
			p.at(12 * time.Second)
			p.Say("") // nothing was begun
		}, trace.Gather{Ended: trace.EndedTimeout}, 13 * time.Second},
		{"never finished", func(p *person) {
			p.at(4 * time.Second)
			p.BeginSaying()
			p.at(41 * time.Second)
		}, trace.Gather{Ended: trace.EndedExecutionTimeout}, 42 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := dial(t, simulator.Options{Handler: documents{"/": question, "/end": `<Hangup/>`}})
				c.speak(p)
				c.want.Input = "speech"
				if diff := cmp.Diff([]trace.Gather{c.want}, p.gathered()); diff != "" {
					t.Errorf("gathers (-want +got):\n%s", diff)
				}
				last := p.result.Events[len(p.result.Events)-1]
				if got := last.At.Round(time.Millisecond); got != c.at {
					t.Errorf("ended at %v, want %v", got, c.at)
				}
			})
		})
	}
}

func TestHangUpDoesNotWaitForTheResponder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := dial(t, simulator.Options{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })})
		p.at(2 * time.Second)
		p.Hangup()
		synctest.Wait()
		select {
		case <-p.ended:
		default:
			t.Error("the call goes on")
		}
		want := []string{
			`{"at":0,"event":"answer","from":"+12125550123","to":"2125550100"}`,
			`{"at":0,"event":"request","method":"GET","url":"http://responder.example/","status":0,"ms":0,"error":"the call ended before the answer came"}`,
			`{"at":2,"event":"hangup","by":"caller","reason":"the caller hung up"}`,
		}
		if diff := cmp.Diff(want, p.events()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestKeyBeforeAHangUpCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := dial(t, simulator.Options{Handler: documents{"/": `<Gather numDigits="4"/>`}})
		p.at(time.Second)
		p.Press('1')
		p.Press('2')
		p.Hangup()
		if diff := cmp.Diff([]trace.Gather{{Input: "dtmf", Digits: "12", Ended: trace.EndedHangup}}, p.gathered()); diff != "" {
			t.Errorf("gathers (-want +got):\n%s", diff)
		}
	})
}

func TestEndOfTheProgramEndsTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		var phone simulator.Handset
		time.AfterFunc(time.Second, func() { cancel(io.EOF) })
		result, err := simulator.Live(ctx, simulator.Options{Target: target, Handler: documents{"/": `<Echo/>`}}, &phone)
		if err != nil {
			t.Fatal(err)
		}
		want := engine.Outcome{By: trace.ByEngine, Reason: "the call was ended: EOF"}
		if diff := cmp.Diff(want, result.Outcome); diff != "" {
			t.Errorf("outcome (-want +got):\n%s", diff)
		}
	})
}

func TestLiveRefusesWhatIsNoTarget(t *testing.T) {
	if _, err := simulator.Live(t.Context(), simulator.Options{Target: "tel:1"}, &simulator.Handset{}); err == nil {
		t.Error("no error")
	}
}

func TestScenesTellWhatTheLineWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var scenes []simulator.Scene
		p := dial(t, simulator.Options{Handler: documents{
			"/":     `<Response><Say>Welcome.</Say><Gather input="dtmf speech" timeout="3" action="next"><Play>1s.wav</Play></Gather></Response>`,
			"/next": `<Response><Echo timeout="2"/><Forward>2125551212</Forward></Response>`,
		}}, func(p *person) {
			p.Watch = func(s simulator.Scene) {
				if s.Kind != simulator.Waiting {
					s.From, s.Until = s.From.Round(time.Millisecond), s.Until.Round(time.Millisecond)
					if recording, ok := s.Prompt.(engine.Recording); ok {
						recording.Sound = nil
						s.Prompt = recording
					}
					scenes = append(scenes, s)
				}
			}
		})
		p.events()
		const ms = time.Millisecond
		want := []simulator.Scene{
			{Kind: simulator.Hearing, Until: 400 * ms, Prompt: engine.Speech{Text: "Welcome.", Domain: "example.net"}},
			{Kind: simulator.Hearing, From: 400 * ms, Until: 1400 * ms, Prompt: engine.Recording{URL: target + "1s.wav"}, Keys: true, Speech: true},
			{Kind: simulator.Collecting, From: 1400 * ms, Until: 4400 * ms, Keys: true, Speech: true},
			{Kind: simulator.Echoing, From: 4400 * ms, Until: 6400 * ms},
			{Kind: simulator.Disconnected, From: 6400 * ms},
		}
		if diff := cmp.Diff(want, scenes); diff != "" {
			t.Errorf("scenes (-want +got):\n%s", diff)
		}
	})
}

// loudspeaker records what it is given to play.
type loudspeaker struct{ log []string }

func (l *loudspeaker) Begin() simulator.Sound { return &loudSound{speaker: l} }

type loudSound struct {
	speaker *loudspeaker
	length  time.Duration
}

func (s *loudSound) Write(clip audio.Clip) { s.length += clip.Duration() }
func (s *loudSound) End()                  { s.speaker.log = append(s.speaker.log, "played "+s.length.String()) }
func (s *loudSound) Stop()                 { s.speaker.log = append(s.speaker.log, "stopped "+s.length.String()) }

func TestPromptsAreHeardAndStopAtTheFirstKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		speaker := &loudspeaker{}
		p := dial(t, simulator.Options{Hear: true, Handler: documents{
			"/":     `<Response><Play>1s.wav</Play><Gather numDigits="1" timeout="3" action="next"><Play>5s.wav</Play></Gather></Response>`,
			"/next": `<Response><Play>2s.wav</Play></Response>`,
		}}, func(p *person) { p.Speaker = speaker })
		p.at(3 * time.Second)
		p.Press('1')
		p.events()
		want := []string{"played 1s", "played 100ms", "stopped 5s", "played 2s"}
		if diff := cmp.Diff(want, speaker.log); diff != "" {
			t.Errorf("sounds (-want +got):\n%s", diff)
		}
		// The file has the prompts as far as they were heard, and the key's tone.
		if got := p.result.Heard.Duration().Round(time.Millisecond); got != 5*time.Second {
			t.Errorf("heard %v, want 5s", got)
		}
		from, to := audio.Samples(3*time.Second), audio.Samples(3*time.Second+100*time.Millisecond)
		for i, sample := range p.result.Heard {
			if sample != 0 && (i < from || i >= to) {
				t.Fatalf("there is sound at sample %d, outside the tone from %d to %d", i, from, to)
			}
		}
		if diff := cmp.Diff(true, loud(p.result.Heard[from:to])); diff != "" {
			t.Error("the key makes no tone")
		}
	})
}

func loud(clip audio.Clip) bool {
	for _, sample := range clip {
		if sample > 1000 {
			return true
		}
	}
	return false
}
