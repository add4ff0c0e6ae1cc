package dialog

import (
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/test/await"
)

// TestACallThatIsGoneTakesNoMemory shows that nothing holds one. sipgo keeps the
// transactions of its requests for half a minute longer, which at some hundred calls
// a second are many calls.
func TestACallThatIsGoneTakesNoMemory(t *testing.T) {
	sip.SetTimers(time.Hour, time.Hour, time.Hour) // longer than any test waits
	t.Cleanup(func() { sip.SetTimers(500*time.Millisecond, 4*time.Second, 5*time.Second) })
	for name, gone := range map[string]func(alice, bob *station) weak.Pointer[Call]{"theirs to end": goneCall, "ours to end": endedCall} {
		t.Run(name, func(t *testing.T) {
			call := gone(startStation(t, UDP), startStation(t, UDP))
			await.That(t, "a call that is collected", func() bool {
				runtime.GC()
				return call.Value() == nil
			})
		})
	}
}

// goneCall has alice call bob, bob change the call, and alice hang up. It returns the
// call as bob had it.
func goneCall(alice, bob *station) weak.Pointer[Call] {
	a, b := converse(alice, bob)
	held := ours(4000)
	held.Direction = sdp.SendOnly
	a.Change(held) // its re-INVITE is a transaction, too
	b.expect("agreed PCMU/8000 recvonly to 4000")
	a.expect("agreed PCMU/8000 sendonly to 5000")
	a.Hangup(engine.Normal)
	b.expect("ended normal by them")
	await.From(bob.t, "an end of all that the call had", b.Gone())
	return weak.Make(b.Call)
}

// endedCall has alice call bob, and bob hang up, and returns the call as bob had it.
func endedCall(alice, bob *station) weak.Pointer[Call] {
	a, b := converse(alice, bob)
	b.Hangup(engine.Normal)
	a.expect("ended normal by them")
	await.From(bob.t, "an end of all that the call had", b.Gone())
	return weak.Make(b.Call)
}
