package voice_test

import (
	"testing"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// TestAStopHangsUpBothSidesOfAConnection, and forwards go on while calls drain.
func TestAStopHangsUpBothSidesOfAConnection(t *testing.T) {
	leavesNothing(t)
	bob, went := newPhone(t), make(chan string, 1)
	s := switchboard(t, connects(bob.Address(), went), nil)
	caller := newPhone(t).Dial(s.address())
	called := bob.Rings()
	s.inHand.Drain()
	called.Answer()
	handset.Expect[dialog.Answered](called)
	handset.Expect[dialog.Answered](caller)
	talkBothWays(caller, called)
	s.inHand.HangUp(engine.ErrStopping)
	for who, side := range map[string]*handset.Call{"the caller": caller, "who was called": called} {
		if end := handset.Expect[softphone.Ended](side); !end.Theirs || end.Status != 0 {
			t.Errorf("%s was told %+v, want a BYE", who, end.Ended)
		}
	}
	if got, want := await.From(t, "an end of the connection", went), "answered talked: the server is stopping"; got != want {
		t.Errorf("it went %q, want %q", got, want)
	}
	if err := s.inHand.Wait(await.Context(t)); err != nil {
		t.Errorf("waiting for the call: %v", err)
	}
	if err := s.stack.Settle(await.Context(t)); err != nil {
		t.Errorf("waiting for the last responses: %v", err)
	}
}
