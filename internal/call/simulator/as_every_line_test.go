package simulator_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// actsOf returns the acts of a case; those that are not the caller's end the
// context.
func actsOf(c enginetest.Call, end context.CancelCauseFunc) []simulator.Act {
	acts := []simulator.Act{}
	for _, a := range c.Acts {
		act := simulator.Act{At: a.At, Key: a.Key, Say: a.Say, Hangup: a.Hangup}
		switch {
		case a.Redirect != "":
			act.Do = func() { end(&engine.Redirect{To: a.Redirect}) }
		case a.Cancel:
			act.Do = func() { end(errors.New("the server stops")) }
		}
		acts = append(acts, act)
	}
	return acts
}

// twoFrames is how far times may be off where a program talks to the caller: what
// either does goes out with the next frame.
const twoFrames = 2 * engine.FrameTime

func TestTheScriptedLineIsAsEveryLine(t *testing.T) {
	enginetest.Run(t, enginetest.Tolerance{Stream: twoFrames}, func(t *testing.T, c enginetest.Call) (events []trace.Stamped) {
		synctest.Test(t, func(t *testing.T) { // a program lives in real time
			ctx, end := context.WithCancelCause(t.Context())
			defer end(nil)
			result, err := simulator.Call(ctx, simulator.Options{Target: target, Handler: c.Documents, Acts: actsOf(c, end)})
			if err != nil {
				t.Fatal(err)
			}
			events = result.Events
		})
		return events
	})
}

func TestTheLiveLineIsAsEveryLine(t *testing.T) {
	enginetest.Run(t, enginetest.Tolerance{Any: time.Millisecond, Stream: twoFrames}, func(t *testing.T, c enginetest.Call) (events []trace.Stamped) {
		synctest.Test(t, func(t *testing.T) {
			ctx, end := context.WithCancelCause(t.Context())
			defer end(nil)
			events = perform(ctx, t, simulator.Options{Target: target, Handler: c.Documents}, actsOf(c, end)).Events
		})
		return events
	})
}
