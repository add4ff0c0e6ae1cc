package voice_test

import (
	"context"
	"testing"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/test/await"
)

// refers returns a service that answers callers, and then has their telephones call
// bob.
func refers(t *testing.T, bob *desk, went chan<- string) *service {
	t.Helper()
	return switchboard(t, func(ctx context.Context, line engine.Line) {
		plays(ctx, line)
		connects(bob.Address(), went)(ctx, line)
	}, func(c *voice.ServerConfig) { c.Refer = true })
}

// TestACallersTelephoneCallsInPlaceOfUs: and our call with them ends.
func TestACallersTelephoneCallsInPlaceOfUs(t *testing.T) {
	leavesNothing(t)
	bob, went := newPhone(t), make(chan string, 1)
	alice := newPhone(t).dial(refers(t, bob, went).address())
	asked := expect[dialog.TransferAsked](alice)
	next, err := alice.Follow(asked)
	if err != nil {
		t.Fatal(err)
	}
	there := bob.rings()
	there.Answer()
	if ended := expect[softphone.Ended](alice); ended.Cause != engine.Normal || !ended.Theirs {
		t.Errorf("our call ended as %+v", ended.Ended)
	}
	if got := await.From(t, "an end of the connection", went); got != "answered" {
		t.Errorf("it went %q", got)
	}
	next.Hangup()
	expect[softphone.Ended](there)
}

// TestWhoIsNotTransferredIsConnected: the telephone refuses, or whom it calls does.
func TestWhoIsNotTransferredIsConnected(t *testing.T) {
	for name, take := range map[string]func(alice *talk, bob *desk, asked dialog.TransferAsked){
		"refused": func(alice *talk, _ *desk, _ dialog.TransferAsked) { alice.Stay() },
		"busy": func(alice *talk, bob *desk, asked dialog.TransferAsked) {
			if _, err := alice.Follow(asked); err != nil {
				t.Error(err)
			}
			bob.rings().Refuse(engine.Busy)
		},
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			bob, went := newPhone(t), make(chan string, 1)
			alice := newPhone(t).dial(refers(t, bob, went).address())
			take(alice, bob, expect[dialog.TransferAsked](alice))
			there := bob.rings()
			there.Answer()
			expect[dialog.Answered](there)
			there.Hangup()
			expect[softphone.Ended](alice)
			if got := await.From(t, "an end of the connection", went); got != "answered talked" && got != "answered" {
				t.Errorf("it went %q", got)
			}
		})
	}
}

// TestACallerWhoHangsUpInATransferIsGone: nobody waits for what it comes to. It may be
// noted as a transfer of which they do not tell.
func TestACallerWhoHangsUpInATransferIsGone(t *testing.T) {
	leavesNothing(t)
	bob, went := newPhone(t), make(chan string, 1)
	alice := newPhone(t).dial(refers(t, bob, went).address())
	expect[dialog.TransferAsked](alice)
	alice.Hangup()
	if got := await.From(t, "an end of the connection", went); got != ": "+engine.ErrHungUp.Error() && got != "" {
		t.Errorf("it went %q", got)
	}
}
