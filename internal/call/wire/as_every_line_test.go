package wire_test

import (
	"slices"
	"testing"

	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/simulator"
	"github.com/switchhook/switchhook/internal/call/trace"
)

// TestATerminalsLineIsAsEveryLine has scripted callers on terminals.
func TestATerminalsLineIsAsEveryLine(t *testing.T) {
	enginetest.Run(t, 0, func(t *testing.T, c enginetest.Call) []trace.Stamped {
		if slices.ContainsFunc(c.Acts, func(a enginetest.Act) bool { return a.Redirect != "" || a.Cancel }) {
			t.Skip("a scripted terminal's time passes at once, before the Core can take its call away")
		}
		acts := []simulator.Act{}
		for _, a := range c.Acts {
			acts = append(acts, simulator.Act{At: a.At, Key: a.Key, Say: a.Say, Hangup: a.Hangup})
		}
		result, err := simulator.Call(t.Context(), simulator.Options{Place: start(t, c.Documents).dialer().Place, Acts: acts})
		if err != nil {
			t.Fatal(err)
		}
		return result.Events
	})
}
