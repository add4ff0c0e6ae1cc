package voice_test

import (
	"context"
	"testing"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// refers returns a service that answers callers, and then has their telephones call
// bob.
func refers(t *testing.T, bob *handset.Phone, went chan<- string) *service {
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
	alice := newPhone(t).Dial(refers(t, bob, went).address())
	asked := handset.Expect[dialog.TransferAsked](alice)
	next, err := alice.Follow(asked)
	if err != nil {
		t.Fatal(err)
	}
	there := bob.Rings()
	there.Answer()
	if ended := handset.Expect[softphone.Ended](alice); ended.Cause != engine.Normal || !ended.Theirs {
		t.Errorf("our call ended as %+v", ended.Ended)
	}
	if got := await.From(t, "an end of the connection", went); got != "answered" {
		t.Errorf("it went %q", got)
	}
	next.Hangup()
	handset.Expect[softphone.Ended](there)
}

// TestWhoIsNotTransferredIsConnected: the telephone refuses, or whom it calls does.
func TestWhoIsNotTransferredIsConnected(t *testing.T) {
	for name, take := range map[string]func(alice *handset.Call, bob *handset.Phone, asked dialog.TransferAsked){
		"refused": func(alice *handset.Call, _ *handset.Phone, _ dialog.TransferAsked) { alice.Stay() },
		"busy": func(alice *handset.Call, bob *handset.Phone, asked dialog.TransferAsked) {
			if _, err := alice.Follow(asked); err != nil {
				t.Error(err)
			}
			bob.Rings().Refuse(engine.Busy)
		},
	} {
		t.Run(name, func(t *testing.T) {
			leavesNothing(t)
			bob, went := newPhone(t), make(chan string, 1)
			alice := newPhone(t).Dial(refers(t, bob, went).address())
			take(alice, bob, handset.Expect[dialog.TransferAsked](alice))
			there := bob.Rings()
			there.Answer()
			handset.Expect[dialog.Answered](there)
			there.Hangup()
			handset.Expect[softphone.Ended](alice)
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
	alice := newPhone(t).Dial(refers(t, bob, went).address())
	handset.Expect[dialog.TransferAsked](alice)
	alice.Hangup()
	if got := await.From(t, "an end of the connection", went); got != ": "+engine.ErrHungUp.Error() && got != "" {
		t.Errorf("it went %q", got)
	}
}
