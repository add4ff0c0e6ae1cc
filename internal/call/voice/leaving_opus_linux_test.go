package voice_test

import (
	"context"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/test/await"
)

// TestACallerIsSpokenToAfterAConnectionOfOpus: who is taken out of it is offered what we
// speak first. With whom they are connected next they speak that.
func TestACallerIsSpokenToAfterAConnectionOfOpus(t *testing.T) {
	leavesNothing(t)
	carol := newOpusPhone(t, calledParams, sdp.Opus, sdp.PCMA)
	redirect := make(chan struct{})
	p := passes(t, opusAndMore, opusAndMore, func(to string, went chan string) program {
		return func(ctx context.Context, line engine.Line) {
			went <- connectUntil(ctx, line, to, redirect)
			if _, err := line.Play(ctx, engine.Recording{Sound: soundOf(700, time.Second)}, nil); err != nil {
				t.Error(err)
			}
			went <- connect(ctx, line, engine.Outside{To: carol.address()})
		}
	}, nil)
	close(redirect)
	isTold[dialog.Ended](p.bob)
	p.ends("answered talked: the call was sent to 8002")
	if agreed := isTold[dialog.Agreed](p.alice); agreed.Codec.Codec != sdp.PCMU {
		t.Errorf("then the caller has %s", agreed.Codec.Codec)
	}
	p.alice.hearsTone(700)
	carol.rings().Answer(carol.local)
	if agreed := isTold[dialog.Agreed](carol); agreed.Codec.Codec != sdp.PCMA {
		t.Errorf("who is called then has %s", agreed.Codec.Codec)
	}
	carol.hears("the caller", 10, func(packet rtp.Packet) bool { return packet.Payload[0] != 0xd5 }) // which is silence
	hangup(p.call)
	p.ends("answered talked" + callerHungUp)
}

// connectUntil connects a caller until they are sent elsewhere.
func connectUntil(ctx context.Context, line engine.Line, to string, redirect <-chan struct{}) string {
	first, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	go func() {
		<-redirect
		leave(&engine.Redirect{To: "8002"})
	}()
	return connect(first, line, engine.Outside{To: to})
}

// TestACallerWhoHeardOpusBeforeTheAnswerIsSpokenTo: they were not answered, so that
// comes first.
func TestACallerWhoHeardOpusBeforeTheAnswerIsSpokenTo(t *testing.T) {
	leavesNothing(t)
	alice, bob := newOpusPhone(t, callersParams, sdp.Opus, sdp.PCMU), newOpusPhone(t, calledParams, sdp.Opus)
	went, redirect := make(chan string, 1), make(chan struct{})
	s := switchboard(t, func(ctx context.Context, line engine.Line) {
		went <- connectUntil(ctx, line, bob.address(), redirect)
		_, _ = line.Play(ctx, engine.Recording{Sound: soundOf(900, 10*time.Second)}, nil)
	}, nil)
	call := alice.dial(s.address())
	bob.rings().Ring(183, &bob.local)
	isToldThat(alice, func(e dialog.Agreed) bool { return e.Early })
	alice.hearsOther(10)
	close(redirect)
	isTold[dialog.Ended](bob)
	if got, want := await.From(t, "an end of the connection", went), "cancelled: the call was sent to 8002"; got != want {
		t.Errorf("it went %q, want %q", got, want)
	}
	isTold[dialog.Answered](alice)
	if agreed := isTold[dialog.Agreed](alice); agreed.Codec.Codec != sdp.PCMU || agreed.Early {
		t.Errorf("then the caller has %+v", agreed)
	}
	alice.hearsTone(900)
	hangup(call)
	isTold[dialog.Ended](alice)
}

// TestACallerWhoKeepsToOpusIsNotSpokenTo: their call ends, because they would hear
// nothing.
func TestACallerWhoKeepsToOpusIsNotSpokenTo(t *testing.T) {
	leavesNothing(t)
	redirect := make(chan struct{})
	p := passes(t, opusAlone, opusAndMore, func(to string, went chan string) program {
		return func(ctx context.Context, line engine.Line) {
			went <- connectUntil(ctx, line, to, redirect)
			_, err := line.Play(ctx, engine.Recording{Sound: soundOf(700, time.Second)}, nil)
			went <- err.Error()
		}
	}, nil)
	close(redirect)
	p.ends("answered talked: the call was sent to 8002")
	p.ends("the caller's telephone takes no other codec than Opus, which is only passed on")
	isTold[dialog.Ended](p.alice)
}

// TestASideThatLeavesOpusTakesTheOtherAlong: nothing here makes one of the other.
func TestASideThatLeavesOpusTakesTheOtherAlong(t *testing.T) {
	leavesNothing(t)
	for _, callerLeaves := range []bool{true, false} {
		p := passes(t, opusAndMore, opusAndMore, connectsTo, nil)
		leaves, stays, call := p.alice, p.bob, p.call
		if !callerLeaves {
			leaves, stays, call = p.bob, p.alice, p.called
		}
		plain := leaves.local
		plain.Codecs = []sdp.Codec{sdp.PCMU}
		call.Change(plain)
		isToldThat(leaves, func(e dialog.Agreed) bool { return e.Codec.Codec == sdp.PCMU })
		isToldThat(stays, func(e dialog.Agreed) bool { return e.Codec.Codec == sdp.PCMU })
		p.bothHear()
		hangup(p.called)
		p.ends("answered talked")
	}
}

// TestWhoKeepsToOpusAloneEndsAConnection: where the caller leaves it. Who is called for a
// caller with Opus alone is not let go of it.
func TestWhoKeepsToOpusAloneEndsAConnection(t *testing.T) {
	leavesNothing(t)
	p := passes(t, opusAndMore, opusAlone, connectsTo, nil)
	plain := p.alice.local
	plain.Codecs = []sdp.Codec{sdp.PCMU}
	p.call.Change(plain)
	isTold[dialog.Ended](p.bob)
	p.ends("answered talked: the telephone that was called takes no other codec than Opus, which is only passed on")
	isTold[dialog.Ended](p.alice)

	p = passes(t, opusAlone, opusAndMore, connectsTo, nil)
	plain = p.bob.local
	plain.Codecs = []sdp.Codec{sdp.PCMU}
	p.called.Change(plain)
	if refused := isTold[dialog.NotChanged](p.bob); refused.Status != 488 {
		t.Errorf("it was refused with %d", refused.Status)
	}
	p.bothHear()
	hangup(p.call)
	p.ends("answered talked" + callerHungUp)
}
