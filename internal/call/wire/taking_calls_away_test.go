package wire_test

import (
	"context"
	"net/http"
	"testing"

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
	_, address := serve(t, x)
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
