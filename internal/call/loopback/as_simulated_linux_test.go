package loopback_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/loopback"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// The documents of a menu.
const (
	menu    = `<Gather numDigits="1" timeout="1" action="/next"><Say>Press 1 or 2.</Say></Gather>`
	ask     = `<Gather input="speech" timeout="2" action="/next"><Say>Say yes or no.</Say></Gather>`
	goodbye = `<Say>Goodbye.</Say><Hangup/>`
)

// script reads the steps of a script, one after another with commas.
func script(text string) ([]simulator.Step, error) {
	return simulator.ParseScript(strings.NewReader(strings.ReplaceAll(text, ", ", "\n")))
}

// answers reads the answers to Gathers, likewise.
func answers(text string) (all []simulator.Step, err error) {
	for one := range strings.SplitSeq(text, ", ") {
		answer, wrong := simulator.ParseAnswer(one)
		all, err = append(all, answer), errors.Join(err, wrong)
	}
	return all, err
}

// echoing serves documents, and a program at /stream that sends back what it hears.
func echoing(documents enginetest.Documents) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", documents)
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.CloseNow() }()
		for range 100 { // two seconds of sound, and its beginning
			if _, _, err := conn.Read(r.Context()); err != nil {
				return
			}
		}
		_ = conn.Close(websocket.StatusNormalClosure, "")
	})
	return mux
}

// planned is a call, and what its caller does.
type planned struct {
	documents enginetest.Documents
	answers   string
	script    string
	barge     bool
	hangup    time.Duration
}

var plans = map[string]planned{
	"keys after the prompt":          {documents: enginetest.Documents{"/": `<Gather action="/next"><Say>Your number?</Say></Gather>`, "/next": goodbye}, answers: "12345#"},
	"keys during the prompt":         {documents: enginetest.Documents{"/": menu, "/next": goodbye}, answers: "1", barge: true},
	"several keys during the prompt": {documents: enginetest.Documents{"/": `<Gather action="/next"><Say>Your number, and then the hash key?</Say></Gather>`, "/next": goodbye}, answers: "12345#", barge: true},
	"keys too many":                  {documents: enginetest.Documents{"/": menu, "/next": menu}, answers: "123, none", hangup: 3300 * time.Millisecond},
	"no key":                         {documents: enginetest.Documents{"/": menu, "/next": goodbye}, answers: "none"},
	"words":                          {documents: enginetest.Documents{"/": ask, "/next": goodbye}, answers: "say:yes please"},
	"words during the prompt":        {documents: enginetest.Documents{"/": ask, "/next": goodbye}, answers: "say:yes please", barge: true},
	"words that nobody listens to":   {documents: enginetest.Documents{"/": menu, "/next": goodbye}, answers: "say:yes please"},
	"keys that nobody listens to":    {documents: enginetest.Documents{"/": ask, "/next": goodbye}, answers: "1"},
	"a file during which the caller leaves": {
		documents: enginetest.Documents{"/": `<Say>Wait.</Say><Play>2s.wav</Play><Say>Never.</Say>`}, hangup: 1500 * time.Millisecond,
	},
	"a file of a length that packets do not have": {documents: enginetest.Documents{"/": `<Play>333ms.wav</Play><Play>1111ms.wav</Play>`}},
	"a script":                 {documents: enginetest.Documents{"/": menu, "/next": menu}, script: "expect press 1, wait 0.5, press 1, expect press 1, hangup"},
	"a key at the last moment": {documents: enginetest.Documents{"/": menu, "/next": goodbye}, script: "expect press 1, wait 1, press 1"},
	"a script that speaks":     {documents: enginetest.Documents{"/": ask, "/next": goodbye}, script: "expect say yes, say yes please, wait 0.5, hangup"},
	"words, and the caller leaves": {
		documents: enginetest.Documents{"/": ask, "/next": goodbye}, answers: "say:yes please", hangup: 2500 * time.Millisecond,
	},
	"a caller who leaves at the end of a prompt": {
		documents: enginetest.Documents{"/": `<Say>One.</Say><Say>Two.</Say><Say>Three.</Say>`}, script: "expect two, hangup",
	},
	"an echo":            {documents: enginetest.Documents{"/": `<Echo timeout="1"/>` + goodbye}},
	"an echo to the end": {documents: enginetest.Documents{"/": `<Echo/>`}, hangup: time.Second},
	"a recording":        {documents: enginetest.Documents{"/": `<Record timeout="1" action="/next"/>`, "/next": goodbye}, script: "say my name is Jane"},
	"a recording by key": {documents: enginetest.Documents{"/": `<Record playBeep="true" finishOnKey="#" action="/next"/>`, "/next": goodbye}, script: "say my name is Jane, press #"},
	"a recording, and the caller leaves": {
		documents: enginetest.Documents{"/": `<Record action="/next"/>`, "/next": goodbye}, script: "say my name is Jane, wait 0.5, hangup",
	},
	"a stream":            {documents: enginetest.Documents{"/": `<Connect action="/next"><Stream url="ws:/stream"/></Connect>`, "/next": goodbye}, script: "press 1, say my name is Jane"},
	"a stream beside it":  {documents: enginetest.Documents{"/": `<Start><Stream url="ws:/stream" track="both"/></Start>` + menu, "/next": goodbye}, answers: "1"},
	"a Forward":           {documents: enginetest.Documents{"/": `<Say>One moment.</Say><Forward>2001</Forward>`}},
	"a Forward at once":   {documents: enginetest.Documents{"/": `<Forward>2001</Forward>`}},
	"a Hangup at once":    {documents: enginetest.Documents{"/": `<Hangup/>`}},
	"a responder's error": {documents: enginetest.Documents{"/": `<Say>One moment.</Say><Gather numDigits="1" action="/gone"/>`}, answers: "1"},
}

// played is a call that was simulated, and played over SIP.
type played struct {
	simulated, real *trace.Saved
	unmet           [2]*simulator.Step
	errs            [2]error
}

// play plays a call both ways.
func (p planned) play(ctx context.Context) (done played) {
	documents := enginetest.Documents{}
	server := httptest.NewServer(echoing(documents))
	defer server.Close()
	for path, document := range p.documents {
		documents[path] = strings.ReplaceAll(document, "ws:/", "ws"+strings.TrimPrefix(server.URL, "http")+"/")
	}
	for i, call := range []func(context.Context, simulator.Options) (*simulator.Result, error){simulator.Call, loopback.Call} {
		o := simulator.Options{Target: server.URL + "/", Barge: p.barge, HangupAfter: p.hangup}
		if p.answers != "" {
			o.Answers, done.errs[i] = answers(p.answers)
		}
		if p.script != "" {
			o.Script, done.errs[i] = script(p.script)
		}
		result, err := call(ctx, o)
		if err = errors.Join(done.errs[i], err); err != nil {
			done.errs[i] = err
			continue
		}
		done.unmet[i] = result.Unmet
		done.real, done.simulated = &trace.Saved{Target: o.Target, Events: result.Events}, done.real
	}
	return done
}

// atOnce is how many calls are played at a time.
const atOnce = 8

// TestCallsAreAsTheSimulatedOnes: what their callers do, and what comes of it.
func TestCallsAreAsTheSimulatedOnes(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it takes the time of the calls")
	}
	var mu sync.Mutex
	all := map[string]played{}
	var playing sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for name, p := range plans {
		places <- struct{}{}
		playing.Go(func() {
			done := p.play(t.Context())
			mu.Lock()
			defer mu.Unlock()
			all[name] = done
			<-places
		})
	}
	playing.Wait()
	for name, p := range all {
		t.Run(name, func(t *testing.T) {
			if err := errors.Join(p.errs[:]...); err != nil {
				t.Fatal(err)
			}
			for _, unmet := range p.unmet {
				if unmet != nil {
					t.Errorf("the caller never heard %q", unmet.Text)
				}
			}
			if diff := trace.Diff(p.simulated, p.real); diff != "" {
				t.Errorf("- simulated, + over SIP:\n%s\n%v", diff, p.real.Events)
			}
		})
	}
}

// TestCallsThatWereMadeByHandAreReplayed: their callers do what the events say.
func TestCallsThatWereMadeByHandAreReplayed(t *testing.T) {
	const slow = `<Gather numDigits="4" digitEndTimeout="3" executionTimeout="2" action="/next"/>`
	for name, c := range map[string]struct {
		documents enginetest.Documents
		events    []trace.Event
	}{
		"a Gather whose time was up": {
			documents: enginetest.Documents{"/": slow, "/next": goodbye},
			events: []trace.Event{
				trace.Gather{Input: "dtmf", Digits: "12", Ended: trace.EndedExecutionTimeout},
				trace.Say{Text: "Goodbye."}, trace.Hangup{By: trace.ByResponder},
			},
		},
		"a key that interrupts the second prompt": {
			documents: enginetest.Documents{"/": `<Gather numDigits="1" action="/next"><Say>One.</Say><Say>Two, and more.</Say></Gather>`, "/next": goodbye},
			events: []trace.Event{
				trace.Say{Text: "One."}, trace.Say{Text: "Two, and more.", Barged: true},
				trace.Gather{Input: "dtmf", Digits: "1", Ended: trace.EndedNumDigits}, trace.Say{Text: "Goodbye."}, trace.Hangup{By: trace.ByResponder},
			},
		},
		"words that were never finished": {
			documents: enginetest.Documents{"/": ask},
			events: []trace.Event{
				trace.Say{Text: "Say yes or no.", Barged: true},
				trace.Gather{Input: "speech", Ended: trace.EndedHangup}, trace.Hangup{By: trace.ByCaller},
			},
		},
		"a caller who leaves while the responder is asked": {
			documents: enginetest.Documents{"/": menu, "/next": goodbye},
			events: []trace.Event{
				trace.Say{Text: "Press 1 or 2."}, trace.Gather{Input: "dtmf", Digits: "1", Ended: trace.EndedNumDigits}, trace.Hangup{By: trace.ByCaller},
			},
		},
		"a caller who leaves in a prompt": {
			documents: enginetest.Documents{"/": `<Say>One.</Say><Say>Two, and more.</Say>`},
			events:    []trace.Event{trace.Say{Text: "One."}, trace.Say{Text: "Two, and more."}, trace.Hangup{By: trace.ByCaller}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.documents)
			t.Cleanup(server.Close)
			saved := &trace.Saved{Target: server.URL + "/"}
			for _, e := range c.events {
				saved.Events = append(saved.Events, trace.Stamped{Event: e})
			}
			result, diff, err := simulator.Replay(t.Context(), saved, simulator.Options{Over: loopback.Call})
			if err != nil {
				t.Fatal(err)
			}
			if diff != "" {
				t.Errorf("- as it was, + over SIP:\n%s\n%v", diff, result.Events)
			}
		})
	}
}

// TestACallThatIsBrokenOffEnds, at once.
func TestACallThatIsBrokenOffEnds(t *testing.T) {
	server := httptest.NewServer(enginetest.Documents{"/": `<Echo/>`})
	t.Cleanup(server.Close)
	ctx, end := context.WithCancelCause(t.Context())
	why := errors.New("somebody has pressed Ctrl-C")
	_, err := loopback.Call(ctx, simulator.Options{Target: server.URL + "/", Record: func(e trace.Stamped) {
		if _, asked := e.Event.(trace.Request); asked {
			end(why)
		}
	}})
	if !errors.Is(err, why) {
		t.Errorf("the error is %v, want %v", err, why)
	}
}

// TestATargetThatIsNoneIsRefused as in a simulated call.
func TestATargetThatIsNoneIsRefused(t *testing.T) {
	_, want := simulator.Call(t.Context(), simulator.Options{Target: "100"})
	_, got := loopback.Call(t.Context(), simulator.Options{Target: "100"})
	if got == nil || got.Error() != want.Error() {
		t.Errorf("the error is %v, want %v", got, want)
	}
}

// TestAForwardIsAnswered by a telephone that stands in for where it goes, of those
// who were answered before and of those who were not.
func TestAForwardIsAnswered(t *testing.T) {
	for name, document := range map[string]string{"after a prompt": `<Say>One moment.</Say><Forward>2001</Forward>`, "at once": `<Forward>2001</Forward>`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(enginetest.Documents{"/": document})
			t.Cleanup(server.Close)
			result, err := loopback.Call(t.Context(), simulator.Options{Target: server.URL + "/"})
			if err != nil {
				t.Fatal(err)
			}
			last, _ := result.Events[len(result.Events)-1].Event.(trace.Forward)
			if last.To != "2001" || last.End != string(engine.ForwardAnswered) || last.Seconds < speech.Estimate("hello").Seconds()/2 {
				t.Errorf("it went as %+v", last)
			}
		})
	}
}
