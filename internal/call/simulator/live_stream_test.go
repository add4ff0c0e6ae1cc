package simulator_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/speech"
)

// program is what stands at the other end of a media stream: it answers the
// path /stream, notes the frames it gets, and plays its sound back.
type program struct {
	documents documents
	stopAfter int           // media frames, after which it ends the stream; 0: never
	say       []byte        // µ-law that is sent at the beginning
	reads     time.Duration // how long it takes to read a frame

	frames int // of media
	loud   int // of them not silent
	heard  int // of them what the caller hears, not silent
	digits string
}

func (p *program) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/stream" {
		p.documents.ServeHTTP(w, r)
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	ctx := context.WithoutCancel(r.Context())
	type media struct {
		Track   string `json:"track,omitempty"`
		Payload []byte `json:"payload"`
	}
	type frame struct {
		Event string `json:"event"`
		Media *media `json:"media,omitempty"`
		DTMF  *struct {
			Digit string `json:"digit"`
		} `json:"dtmf,omitempty"`
	}
	send := func(f frame) {
		text, _ := json.Marshal(f)
		_ = conn.Write(ctx, websocket.MessageText, text)
	}
	if p.say != nil {
		send(frame{Event: "media", Media: &media{Payload: p.say}})
	}
	for {
		time.Sleep(p.reads) // by the bubble's clock
		_, text, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var f frame
		if err := json.Unmarshal(text, &f); err != nil {
			return
		}
		switch {
		case f.Media != nil:
			p.frames++
			for _, code := range f.Media.Payload {
				if code != 0xFF {
					p.loud++
					if f.Media.Track == "outbound" {
						p.heard++
					}
					break
				}
			}
			if p.frames == p.stopAfter {
				send(frame{Event: "stop"})
			}
		case f.DTMF != nil:
			p.digits += f.DTMF.Digit
		}
	}
}

// toneVoice speaks as one long tone.
type toneVoice struct{}

func (toneVoice) Speak(_ context.Context, u speech.Utterance, into *audio.Sound) error {
	return sounds(speech.Estimate(u.Text), into)
}

// sounds makes a tone of that length.
func sounds(length time.Duration, into *audio.Sound) error {
	clip, err := audio.DTMF("5", length, 0)
	into.Append(clip)
	return err
}

func TestPersonTalksToAMediaStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		remote := &program{
			documents: documents{"/": `<Response><Connect><Stream url="/stream"/></Connect></Response>`},
			stopAfter: 200, say: make([]byte, 8000),
		}
		speaker := &loudspeaker{}
		p := dial(t, simulator.Options{Handler: remote, Voice: toneVoice{}, Hear: true}, func(p *person) { p.Speaker = speaker })
		p.at(time.Second)
		if !p.Press('4') || !p.BeginSaying() || !p.Say("good morning") {
			t.Error("the stream does not listen")
		}
		p.events()
		// Four seconds of sound: 100 ms of the key's tone, 0.71 s of words.
		if diff := cmp.Diff([]any{200, 41, "4"}, []any{remote.frames, remote.loud, remote.digits}); diff != "" {
			t.Errorf("frames, loud ones, keys (-want +got):\n%s", diff)
		}
		if got := p.result.Heard.Duration().Round(20 * time.Millisecond); got != 4*time.Second {
			t.Errorf("heard %v, want 4s", got)
		}
		if diff := cmp.Diff([]string{"played 100ms", "stopped 4s"}, speaker.log); diff != "" {
			t.Errorf("sounds (-want +got):\n%s", diff)
		}
	})
}

func TestHangUpEndsAMediaStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		remote := &program{documents: documents{"/": `<Response><Connect><Stream url="/stream"/></Connect></Response>`}}
		p := dial(t, simulator.Options{Handler: remote})
		p.at(3 * time.Second)
		p.Hangup()
		p.events()
		if got := p.result.Events[len(p.result.Events)-1].At.Round(time.Millisecond); got != 3*time.Second {
			t.Errorf("ended at %v, want 3s", got)
		}
	})
}

func TestForkHearsThePersonWhileOtherVerbsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		remote := &program{documents: documents{
			"/":    `<Response><Start><Stream url="/stream"/></Start><Gather numDigits="2" action="end"><Play>3s.wav</Play></Gather></Response>`,
			"/end": `<Play>1s.wav</Play>`,
		}}
		p := dial(t, simulator.Options{Handler: remote})
		p.at(2 * time.Second)
		p.Press('1')
		p.at(3 * time.Second)
		p.Press('2')
		p.gathered()
		synctest.Wait()
		if diff := cmp.Diff([]any{200, 10, "12"}, []any{remote.frames, remote.loud, remote.digits}); diff != "" {
			t.Errorf("frames, loud ones, keys (-want +got):\n%s", diff)
		}
	})
}

// TestASlowProgramKeepsNobodyWaiting has a program that reads one frame a second
// and has fifty sent to it.
func TestASlowProgramKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		remote := &program{
			documents: documents{"/": `<Response><Connect><Stream url="/stream"/></Connect></Response>`},
			say:       make([]byte, 20*8000), reads: time.Second,
		}
		p := dial(t, simulator.Options{Handler: remote, Hear: true})
		p.at(21*time.Second + 10*time.Millisecond) // between two frames
		p.Hangup()
		heard := 0
		p.events()
		for _, sample := range p.result.Heard {
			if sample != 0 {
				heard++
			}
		}
		if heard != 20*8000 {
			t.Errorf("heard %d samples of %d", heard, 20*8000)
		}
		const slow = "warning SH333: line 1: the program took the caller's sound too slowly: 15.6"
		if told := strings.Join(told(p.result.Events), "\n"); strings.Count(told, slow) != 1 {
			t.Errorf("the call:\n%s", told)
		}
	})
}

// TestForkHearsWhatThePersonHears has a prompt that the person interrupts, and
// one that ends.
func TestForkHearsWhatThePersonHears(t *testing.T) {
	for _, c := range []struct {
		track         string
		frames, heard int
	}{
		{"inbound", 120, 0}, // nobody hears the prompts: they take as long as reading does
		{"outbound", 200, 125}, {"both", 400, 125},
	} {
		t.Run(c.track, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				remote := &program{documents: documents{
					"/": `<Response><Start><Stream url="/stream" track="` + c.track + `"/></Start>` +
						`<Gather numDigits="1" action="end"><Say>Press one.</Say></Gather></Response>`,
					"/end": `<Response><Play>1500ms.wav</Play><Say>Bye.</Say></Response>`,
				}}
				p := dial(t, simulator.Options{Handler: remote, Voice: toneOf(2 * time.Second)})
				p.at(500 * time.Millisecond)
				p.Press('1')
				p.events()
				synctest.Wait()
				if diff := cmp.Diff([]any{c.frames, c.heard}, []any{remote.frames, remote.heard}); diff != "" {
					t.Errorf("frames, loud ones that are heard (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// toneOf speaks as a tone, however long the text.
type toneOf time.Duration

func (v toneOf) Speak(_ context.Context, _ speech.Utterance, into *audio.Sound) error {
	return sounds(time.Duration(v), into)
}
