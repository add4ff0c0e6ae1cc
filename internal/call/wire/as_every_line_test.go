package wire_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// TestATerminalsLineIsAsEveryLine leaves out the calls that the Core ends in the
// middle of an order: a scripted terminal's clock tells its time with the reply.
func TestATerminalsLineIsAsEveryLine(t *testing.T) {
	enginetest.Run(t, enginetest.Tolerance{Stream: time.Second}, func(t *testing.T, c enginetest.Call) []trace.Stamped {
		t.Parallel() // programs take real time, over sockets
		acts := []simulator.Act{}
		for _, a := range c.Acts {
			if a.Redirect != "" || a.Cancel {
				t.Skip("the Core's end has no time of its own")
			}
			acts = append(acts, simulator.Act{At: a.At, Key: a.Key, Say: a.Say, Hangup: a.Hangup})
		}
		result, err := simulator.Call(t.Context(), simulator.Options{To: "100", Acts: acts, Place: start(t, c.Documents).dialer().Place})
		if err != nil {
			t.Fatal(err)
		}
		return result.Events
	})
}
