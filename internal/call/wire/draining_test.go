package wire_test

import (
	"testing"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/await"
)

// TestACoreThatStopsTakesNoTerminal has a call in hand, which goes on until it is
// hung up for the stop.
func TestACoreThatStopsTakesNoTerminal(t *testing.T) {
	core := start(t, documents{"/": `<Echo/>`})
	ended := make(chan *simulator.Result, 1)
	echoing := make(chan struct{})
	go func() { // ends with the call
		result, err := simulator.Live(t.Context(), simulator.Options{Place: core.dialer().Place}, &simulator.Handset{
			Watch: func(scene simulator.Scene) {
				if scene.Kind == simulator.Echoing {
					close(echoing)
				}
			},
		})
		if err != nil {
			t.Error(err)
		}
		ended <- result
	}()
	await.From(t, "the caller's echo", echoing)
	core.calls.Drain()
	_, err := simulator.Call(t.Context(), simulator.Options{Place: core.dialer().Place})
	if fault.CodeOf(err) != fault.Unavailable || fault.HintOf(err) != "it is being stopped: calls in hand end, and new ones are taken once it has started again" {
		t.Errorf("a new call: %v (%s)", err, fault.HintOf(err))
	}
	if n := core.calls.InHand(); n != 1 {
		t.Errorf("%d calls are in hand, want 1", n)
	}
	core.calls.HangUp(engine.ErrStopping)
	want := engine.Outcome{By: trace.ByEngine, Reason: "the call was ended: the server is stopping"}
	if got := await.From(t, "the end of the call", ended).Outcome; got != want {
		t.Errorf("the call ended so: %+v, want %+v", got, want)
	}
}
