package wire_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/test/await"
)

// operators is an exchange whose calls somebody can take away from the first
// responder: they go on with the one at /second.
type operators struct {
	*exchange
	took   chan context.CancelCauseFunc // of each call, which it takes away
	events chan []trace.Stamped         // of each call that has ended
}

func (x *operators) Place(ctx context.Context, from, to string, line engine.Line, _ func([]string), record func(trace.Stamped)) engine.Outcome {
	var events []trace.Stamped
	both := func(e trace.Stamped) {
		events = append(events, e)
		record(e)
	}
	runner := engine.New(engine.Config{Client: x.client, Prompts: x.prompts})
	call := engine.Call{URL: x.responder, Facts: simulator.Facts(from, to)}
	first, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	x.took <- cancel
	outcome := runner.Run(first, line, call, both)
	if outcome.Forwarded {
		call.URL = x.responder.JoinPath("second")
		outcome = runner.Run(ctx, line, call, both)
	}
	x.events <- events
	return outcome
}

// startOperators is start, with operators.
func startOperators(t *testing.T, responder http.Handler) (*operators, string) {
	t.Helper()
	x := &operators{exchange: start(t, responder).exchange, took: make(chan context.CancelCauseFunc, 1), events: make(chan []trace.Stamped, 1)}
	_, _, address := serve(t, x)
	return x, address
}

// played returns the seconds of all files that were played.
func played(events []trace.Stamped) (seconds []float64) {
	for _, e := range events {
		if play, ok := e.Event.(trace.Play); ok {
			seconds = append(seconds, play.Seconds)
		}
	}
	return seconds
}

var elsewhereTo = &engine.Redirect{To: "2002"}

// TestAReplyThatCrossesTheEndOfItsOrderIsNoReplyToTheNext has a terminal that has
// done its order just as the call is taken away.
func TestAReplyThatCrossesTheEndOfItsOrderIsNoReplyToTheNext(t *testing.T) {
	crossed := make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/", documents{"/": `<Play>60s.wav</Play>`})
	mux.Handle("/second", held(crossed, documents{"/second": `<Play>2s.wav</Play>`}))
	x, address := startOperators(t, mux)
	conn := dial(t, address)
	write(t, conn, dialled)
	readUntil(t, conn, `"do":"play"`)
	(<-x.took)(elsewhereTo)
	readUntil(t, conn, `"event":"forward"`)
	write(t, conn, `{"now":1000000000,"took":1000000000}`)
	close(crossed)
	readUntil(t, conn, `"do":"play"`)
	write(t, conn, `{"now":3000000000,"took":2000000000}`)
	readUntil(t, conn, `"do":"hangup"`)
	write(t, conn, `{"now":3000000000}`)
	readUntil(t, conn, `"do":"end"`)
	_ = conn.CloseNow()
	if got := played(await.From(t, "the end of the call", x.events)); len(got) != 1 || got[0] != 2 {
		t.Errorf("the files were played for %v seconds, the second for 2", got)
	}
}

// TestATerminalsCallGoesOnElsewhere takes calls away from a terminal that does
// what it is asked in no time, each after another event.
func TestATerminalsCallGoesOnElsewhere(t *testing.T) {
	x, address := startOperators(t, documents{
		"/":       `<Response action="/"><Play>1s.wav</Play><Play>3s.wav</Play><Play>5s.wav</Play></Response>`,
		"/second": `<Response><Play>2s.wav</Play><Play>4s.wav</Play></Response>`,
	})
	d := (&core{exchange: x.exchange, url: address}).dialer()
	for i := range 40 {
		left := i
		var cancel context.CancelCauseFunc
		result, err := simulator.Call(t.Context(), simulator.Options{Place: d.Place, Record: func(trace.Stamped) {
			if cancel == nil {
				cancel = <-x.took
			}
			if left == 0 {
				cancel(elsewhereTo)
			}
			left--
		}})
		if err != nil || result.Outcome.By != trace.ByEnd {
			t.Fatalf("call %d: %v, %+v", i, err, result)
		}
		<-x.events
		got := played(result.Events)
		if n := len(got); n < 2 || got[n-2] != 2 || got[n-1] != 4 {
			t.Fatalf("call %d: the files were played for %v seconds, the last for 2 and 4", i, got)
		}
	}
}

// TestAPersonsCallIsTakenAwayInTheMiddleOfAnything has a person at the terminal.
func TestAPersonsCallIsTakenAwayInTheMiddleOfAnything(t *testing.T) {
	for name, c := range map[string]struct {
		document string
		during   simulator.SceneKind
		want     string // the events between the request and the forward, what they say left out
	}{
		"a file":   {`<Play>60s.wav</Play>`, simulator.Hearing, ""},
		"a text":   {`<Say>` + strings.Repeat("and so on ", 100) + `</Say>`, simulator.Hearing, ""},
		"a Gather": {`<Gather timeout="60" action="/never"/>`, simulator.Collecting, ""},
		"an Echo":  {`<Echo/>`, simulator.Echoing, "echo "},
		"a Record": {`<Record action="/kept"/>`, simulator.Recording, "record request "},
		"a stream": {`<Connect action="/never"><Stream url="/stream"/></Connect>`, simulator.Streaming, "warning stream streamed "},
		"a fork":   {`<Response><Start><Stream url="/stream"/></Start><Echo/></Response>`, simulator.Echoing, "warning stream echo streamed "},
	} {
		t.Run(name, func(t *testing.T) {
			x, address := startOperators(t, &chatter{documents: documents{"/": c.document, "/second": `<Echo timeout="1"/>`, "/kept": `<Hangup/>`}})
			handset := &simulator.Handset{}
			taken := false
			handset.Watch = func(scene simulator.Scene) {
				if scene.Kind == c.during && !taken {
					taken = true
					cancel := <-x.took
					time.AfterFunc(50*time.Millisecond, func() { cancel(elsewhereTo) }) // something is on the recording then
				}
			}
			result, err := simulator.Live(t.Context(), simulator.Options{Place: (&core{exchange: x.exchange, url: address}).dialer().Place}, handset)
			if err != nil {
				t.Fatal(err)
			}
			var kinds strings.Builder
			for _, e := range result.Events {
				kinds.WriteString(e.Event.Kind() + " ")
			}
			if want := "answer request " + c.want + "forward answer request echo hangup "; kinds.String() != want || result.Outcome.By != trace.ByEnd {
				t.Errorf("the call had %q, want %q; it ended so: %+v", &kinds, want, result.Outcome)
			}
			for _, e := range result.Events {
				if record, ok := e.Event.(trace.Record); ok && (record.URL == "" || record.Seconds == 0) {
					t.Errorf("recorded %+v", record)
				}
			}
		})
	}
}
