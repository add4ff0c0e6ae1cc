package simulator_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// documents answers each path with a document.
type documents map[string]string

func (d documents) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch document, ok := d[r.URL.Path]; {
	case strings.HasSuffix(r.URL.Path, ".wav"):
		length, err := time.ParseDuration(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".wav"))
		if err == nil {
			err = audio.WriteWAV(w, audio.Silence(length))
		}
		if err != nil {
			panic(err)
		}
	case ok:
		_, _ = io.WriteString(w, document)
	default:
		http.NotFound(w, r)
	}
}

// target is where handlers are called that have no address.
const target = "http://responder.example/"

// perform runs a call in real time whose person does what a scripted caller
// did. No act falls on the very moment in which a prompt ends: each is a
// microsecond late after the previous one, which no event's time shows.
func perform(ctx context.Context, t *testing.T, o simulator.Options, acts []simulator.Act) *simulator.Result {
	t.Helper()
	var phone simulator.Handset
	ended := make(chan struct{})
	var result *simulator.Result
	var err error
	go func() {
		defer close(ended)
		result, err = simulator.Live(ctx, o, &phone)
	}()
	start := time.Now()
	for i, act := range acts {
		late := time.Duration(i+1) * time.Microsecond
		select {
		case <-time.After(act.At + late - time.Since(start)):
		case <-ended:
		}
		switch {
		case act.Do != nil:
			act.Do()
		case act.Hangup && o.HangupAfter == 0:
			phone.Hangup()
		case act.Say != "":
			phone.Say(act.Say)
		case act.Key != 0:
			phone.Press(act.Key)
		}
	}
	<-ended
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// essence returns events without what is of one call alone.
func essence(events []trace.Stamped) []string {
	lines := make([]string, len(events))
	for i, stamped := range events {
		switch e := stamped.Event.(type) {
		case trace.Request:
			e.Ms = 0
			stamped.Event = e
		case trace.Record:
			e.URL = ""
			stamped.Event = e
		}
		line, err := stamped.AppendJSON(nil)
		if err != nil {
			lines[i] = err.Error()
			continue
		}
		lines[i] = string(line)
	}
	return lines
}

func answers(t *testing.T, values ...string) []simulator.Step {
	t.Helper()
	steps := make([]simulator.Step, len(values))
	for i, value := range values {
		var err error
		if steps[i], err = simulator.ParseAnswer(value); err != nil {
			t.Fatal(err)
		}
	}
	return steps
}

func script(t *testing.T, lines string) []simulator.Step {
	t.Helper()
	steps, err := simulator.ParseScript(strings.NewReader(lines))
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

func TestLiveCallHasTheEventsOfTheScriptedOne(t *testing.T) {
	menu := documents{
		"/":       `<Response><Say>Welcome.</Say><Gather numDigits="4" action="pin"><Say>Your code, please. It has four digits.</Say></Gather></Response>`,
		"/pin":    `<Response><Play>2.5s.wav</Play><Gather input="dtmf speech" timeout="7" action="/reason"><Say>Say why you call, or press a key.</Say><Play>/1s.wav</Play></Gather></Response>`,
		"/reason": `<Response><Gather numDigits="3" digitEndTimeout="2" action="/end"><Say>Now up to three digits.</Say></Gather></Response>`,
		"/end":    `<Response><Say>Goodbye.</Say><Hangup/></Response>`,
	}
	for _, c := range []struct {
		name    string
		options simulator.Options
	}{
		{"answers after the prompts", simulator.Options{Handler: menu, Answers: answers(t, "1234", "say:my line is dead", "12")}},
		{"answers during the prompts", simulator.Options{Handler: menu, Barge: true, Answers: answers(t, "1234", "5#", "123")}},
		{"finish keys", simulator.Options{Handler: menu, Answers: answers(t, "12#", "#", "#")}},
		{"silence", simulator.Options{Handler: menu}},
		{"words where keys are wanted", simulator.Options{Handler: menu, Answers: answers(t, "none", "none", "1")}},
		{"a script with waits", simulator.Options{Handler: menu, Script: script(t, "expect code\nwait 2.25\npress 12\nwait 3\npress 34\nwait 1\nsay hello there")}},
		{"a hang-up in a prompt", simulator.Options{Handler: menu, HangupAfter: 1200 * time.Millisecond}},
		{"a hang-up in a Gather", simulator.Options{Handler: menu, Answers: answers(t, "12"), HangupAfter: 6 * time.Second}},
		{"a hang-up by script", simulator.Options{Handler: menu, Script: script(t, "press 12\nhangup")}},
		{"an execution time-out", simulator.Options{
			Handler: documents{
				"/":    `<Gather numDigits="20" executionTimeout="3" digitEndTimeout="2" action="end"/>`,
				"/end": `<Hangup/>`,
			},
			Script: script(t, "press 1\nwait 1.5\npress 2\nwait 1\npress 3"),
		}},
		{"an immediate time-out", simulator.Options{Handler: documents{
			"/":    `<Gather timeout="0" action="end"><Say>Nobody can answer that.</Say></Gather>`,
			"/end": `<Say>I thought so.</Say>`,
		}}},
		{"an Echo", simulator.Options{Handler: documents{"/": `<Response><Echo timeout="30"/><Say>That was you.</Say></Response>`}}},
		{"an Echo without an end", simulator.Options{Handler: documents{"/": `<Echo/>`}}},
		{"an Echo that the caller leaves", simulator.Options{Handler: documents{"/": `<Echo/>`}, HangupAfter: 90 * time.Second}},
		{"a Record that a key ends", simulator.Options{
			Handler: documents{"/": `<Record maxLength="60" timeout="4" finishOnKey="9" action="/end"/>`, "/end": `<Hangup/>`},
			Script:  script(t, "say please call me back\nwait 3\npress 1\nwait 2\nsay tomorrow\nwait 1\npress 9"),
		}},
		{"a Record that silence ends", simulator.Options{
			Handler: documents{"/": `<Record timeout="4" action="/end"/>`, "/end": `<Hangup/>`},
			Script:  script(t, "wait 1.5\nsay please call me back"),
		}},
		{"a Record that is full", simulator.Options{
			Handler: documents{"/": `<Record maxLength="2" timeout="4" action="/end"/>`, "/end": `<Hangup/>`},
			Script:  script(t, "wait 1.5\nsay please call me back"),
		}},
		{"a forward", simulator.Options{Handler: documents{"/": `<Response><Say>One moment.</Say><Forward ByCaller="yes">2125551212</Forward></Response>`}}},
		{"warnings", simulator.Options{Handler: documents{"/": `<Response><Dance/><Say>A & B</Say><Play>/missing.mp3</Play><Gather>` +
			`<Say action="/never">No action.</Say></Gather></Response>`}}},
		{"a responder that fails", simulator.Options{Handler: documents{}}},
		{"a document that names itself", simulator.Options{Handler: documents{"/": `<Gather timeout="2" action="/"><Say>Again.</Say></Gather>`}}},
		{"ten minutes of holding the line", simulator.Options{
			Handler: documents{
				"/":      `<Gather timeout="55" action="/again"><Play>65s.wav</Play></Gather>`,
				"/again": `<Gather timeout="55" action="/third"><Play>125s.wav</Play></Gather>`,
				"/third": `<Gather timeout="50" executionTimeout="300" finishOnKey="*" action="/end"><Play>240s.wav</Play></Gather>`,
				"/end":   `<Say>You have waited for ten minutes.</Say>`,
			},
			Answers: answers(t, "none", "none", "0123456789*"),
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.options.Target = target
				scripted, acts, err := simulator.Rehearse(t.Context(), c.options)
				if err != nil {
					t.Fatal(err)
				}
				live := perform(t.Context(), t, c.options, acts)
				if diff := cmp.Diff(essence(scripted.Events), essence(live.Events)); diff != "" {
					t.Errorf("events (-scripted +live):\n%s", diff)
				}
				if diff := cmp.Diff(scripted.Outcome, live.Outcome); diff != "" {
					t.Errorf("outcome (-scripted +live):\n%s", diff)
				}
			})
		})
	}
}
