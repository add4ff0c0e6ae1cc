package dialog

import (
	"context"
	"errors"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/test/await"
)

// An INVITE that has got past the door as the stack closes: who was given its
// call has to hear that it is over, and so has what came within its dialog.
func TestCallThatComesAsTheStackClosesEnds(t *testing.T) {
	tx, _, _ := aTransaction(t)
	defer tx.Terminate()
	told := make(chan Event, 1)
	var call *Call
	s := opening(t, Config{Incoming: func(c *Call) func(Event) {
		call = c
		return func(e Event) { told <- e }
	}}, nil)
	defer s.closeSockets()
	s.abandon()
	invite := aRequest(t, "INVITE")
	invite.SetSource("192.0.2.9:5060")
	invite.AppendHeader(&sip.ContactHeader{Address: sip.Uri{Scheme: "sip", Host: "192.0.2.9"}})
	s.takeInvite(invite, tx)
	if got, want := textOf(await.From(t, "the end of the call", told)), "ended unavailable 503"; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
	await.From(t, "nothing of the call", call.Gone())
	if n := len(s.dialogs.handlers); n > 0 {
		t.Errorf("%d dialogs are left", n)
	}
}

// A stack that closed at once would take the BYE of a call along, if the network
// has lost its first copy.
func TestSettlingWaitsForTheLastResponse(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		_, b := converse(alice, bob)
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := bob.Settle(over); !errors.Is(err, context.Canceled) {
			t.Errorf("settling during a call: %v, want that the context is over", err)
		}
		b.Hangup(engine.Overloaded)
		if err := bob.Settle(await.Context(t)); err != nil {
			t.Errorf("settling after the hangup: %v", err)
		}
		select {
		case <-b.Gone():
		default:
			t.Error("the BYE has no response yet")
		}
	})
}

// A call of ours is there for 32 s more, for the answers of other phones that it was
// forked to. A server that stops must not wait for these.
func TestSettlingWaitsForNoOtherAnswer(t *testing.T) {
	alice, bob := startStation(t, UDP, func(p *station) { p.timing = rfcTiming() }), startStation(t, UDP)
	a, _ := converse(alice, bob)
	a.Hangup(engine.Normal)
	if err := alice.Settle(await.Context(t)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-a.Gone():
		t.Error("it waited until nothing of the call was left")
	default:
	}
}
