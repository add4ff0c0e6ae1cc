package voice_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

// TestACallerIsConnectedWithSomebodyOutside: in each codec and between two, answered
// when they answer or before, until either of the two hangs up.
func TestACallerIsConnectedWithSomebodyOutside(t *testing.T) {
	for _, c := range []struct {
		name            string
		caller, called  sdp.Codec
		answered, hangs bool // before they are called; the caller
	}{
		{"one codec", sdp.PCMU, sdp.PCMU, false, false},
		{"wide band", sdp.G722, sdp.G722, false, true},
		{"two codecs", sdp.PCMU, sdp.PCMA, false, true},
		{"wide band and narrow", sdp.G722, sdp.PCMA, false, false},
		{"answered before", sdp.PCMA, sdp.PCMA, true, true},
		{"answered before, in another codec", sdp.PCMA, sdp.G722, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			leavesNothing(t)
			went := make(chan string, 1)
			bob := newPhone(t, c.called)
			s := switchboard(t, func(ctx context.Context, line engine.Line) {
				if c.answered {
					plays(ctx, line)
				}
				connects(bob.Address(), went)(ctx, line)
			}, nil)
			caller := newPhone(t, c.caller).Dial(s.address())
			called := bob.Rings()
			called.Ring()
			if c.answered {
				hears(caller, 440, 480) // that it rings there
			} else {
				handset.Expect[dialog.Ringing](caller)
			}
			called.Answer()
			handset.Expect[dialog.Answered](called)
			if !c.answered {
				handset.Expect[dialog.Answered](caller)
			}
			talkBothWays(caller, called)
			want := "answered talked"
			if c.hangs {
				caller.Hangup()
				want += callerHungUp
			} else {
				called.Hangup()
			}
			handset.Expect[softphone.Ended](called)
			handset.Expect[softphone.Ended](caller)
			if got := await.From(t, "an end of the connection", went); got != want {
				t.Errorf("it went %q, want %q", got, want)
			}
		})
	}
}

// TestTheTwoAgreeOnOneCodecWhereTheyCan: where both have one codec nothing is transcoded,
// whatever either likes best.
func TestTheTwoAgreeOnOneCodecWhereTheyCan(t *testing.T) {
	leavesNothing(t)
	bob := newPhone(t, sdp.PCMA, sdp.PCMU)
	went := make(chan string, 1)
	s := switchboard(t, connects(bob.Address(), went), nil)
	caller := newPhone(t, sdp.G722, sdp.PCMU, sdp.PCMA).Dial(s.address())
	called := bob.Rings()
	called.Answer()
	one, other := handset.Expect[dialog.Agreed](caller), handset.Expect[dialog.Agreed](called)
	if one.Codec.Codec != other.Codec.Codec || one.Codec.Codec != sdp.PCMU {
		t.Errorf("the caller has %s, who is called %s", one.Codec.Codec, other.Codec.Codec)
	}
	talkBothWays(caller, called)
	caller.Hangup()
	await.From(t, "an end of the connection", went)
}

// TestACallerWhoWasAnsweredKeepsTheirCodec: it is what the other side is offered
// first.
func TestACallerWhoWasAnsweredKeepsTheirCodec(t *testing.T) {
	leavesNothing(t)
	bob := newPhone(t)
	went := make(chan string, 1)
	s := switchboard(t, func(ctx context.Context, line engine.Line) {
		plays(ctx, line)
		connects(bob.Address(), went)(ctx, line)
	}, nil)
	caller := newPhone(t, sdp.PCMA, sdp.PCMU).Dial(s.address())
	called := bob.Rings()
	called.Answer()
	if agreed := handset.Expect[dialog.Agreed](called); agreed.Codec.Codec != sdp.PCMA {
		t.Errorf("the other side has %s", agreed.Codec.Codec)
	}
	caller.Hangup()
	await.From(t, "an end of the connection", went)
}

// TestWhatACallCameToReachesTheCaller: as a status before they were answered, and as
// a tone after it.
func TestWhatACallCameToReachesTheCaller(t *testing.T) {
	busy, congestion := []float64{480, 620}, []float64{480, 620}
	for _, c := range []struct {
		cause  engine.Cause
		rings  bool
		status int
		tone   []float64
		went   string
	}{
		{engine.Busy, false, 486, busy, "busy"},
		{engine.Rejected, true, 603, congestion, "rejected"},
		{engine.Unavailable, false, 480, congestion, "unavailable"},
		{engine.Unavailable, true, 480, congestion, "no_answer"},
		{engine.Nowhere, false, 404, congestion, "unavailable"},
	} {
		for _, answered := range []bool{false, true} {
			leavesNothing(t)
			bob := newPhone(t)
			went := make(chan string, 1)
			s := switchboard(t, func(ctx context.Context, line engine.Line) {
				if answered {
					plays(ctx, line)
				}
				connects(bob.Address(), went)(ctx, line)
			}, nil)
			caller := newPhone(t).Dial(s.address())
			called := bob.Rings()
			if c.rings {
				called.Ring()
				if answered {
					hears(caller, 440, 480)
				} else {
					handset.Expect[dialog.Ringing](caller)
				}
			}
			called.Refuse(c.cause)
			want := c.went
			if answered {
				hears(caller, c.tone...)
				caller.Hangup()
				want += callerHungUp
			} else if end := handset.Expect[softphone.Ended](caller); end.Status != c.status {
				t.Errorf("%s: the caller was told %d, want %d", c.cause, end.Status, c.status)
			}
			if got := await.From(t, "an end of the connection", went); got != want {
				t.Errorf("%s, answered %v: it went %q, want %q", c.cause, answered, got, want)
			}
		}
	}
}

// TestNobodyRingsForEver: and no telephone rings while the caller hears why it ended.
func TestNobodyRingsForEver(t *testing.T) {
	for _, answered := range []bool{false, true} {
		leavesNothing(t)
		bob := newPhone(t)
		went := make(chan string, 1)
		s := switchboard(t, func(ctx context.Context, line engine.Line) {
			if answered {
				plays(ctx, line)
			}
			went <- connect(ctx, line, engine.Outside{To: bob.Address(), Timeout: 200 * time.Millisecond})
		}, nil)
		caller := newPhone(t).Dial(s.address())
		called := bob.Rings()
		called.Ring()
		handset.Expect[softphone.Ended](called)
		want := "no_answer"
		if answered {
			hears(caller, 480, 620)
			caller.Hangup()
			want += callerHungUp
		} else if end := handset.Expect[softphone.Ended](caller); end.Status != 480 {
			t.Errorf("the caller was told %d", end.Status)
		}
		if got := await.From(t, "an end of the connection", went); got != want {
			t.Errorf("it went %q, want %q", got, want)
		}
	}
}

func TestACallerWhoGivesUpStopsTheRinging(t *testing.T) {
	leavesNothing(t)
	bob := newPhone(t)
	went := make(chan string, 1)
	s := switchboard(t, connects(bob.Address(), went), nil)
	caller := newPhone(t).Dial(s.address())
	called := bob.Rings()
	called.Ring()
	handset.Expect[dialog.Ringing](caller)
	caller.Hangup()
	handset.Expect[softphone.Ended](called)
	if got := await.From(t, "an end of the connection", went); got != "cancelled"+callerHungUp {
		t.Errorf("it went %q", got)
	}
}

// TestACallThatIsTakenOutOfItsConnectionGoesOn: with what its program does next, and
// with another connection.
func TestACallThatIsTakenOutOfItsConnectionGoesOn(t *testing.T) {
	for _, answered := range []bool{false, true} {
		leavesNothing(t)
		bob, carol := newPhone(t), newPhone(t)
		went := make(chan string, 2)
		redirect := make(chan struct{})
		s := switchboard(t, func(ctx context.Context, line engine.Line) {
			first, leave := context.WithCancelCause(ctx)
			go func() {
				<-redirect
				leave(&engine.Redirect{To: "8002"})
			}()
			went <- connect(first, line, engine.Outside{To: bob.Address()})
			if _, err := line.Play(ctx, engine.Recording{Sound: soundOf(700, time.Second)}, nil); err != nil {
				t.Error(err)
			}
			went <- connect(ctx, line, engine.Outside{To: carol.Address()})
		}, nil)
		caller := newPhone(t).Dial(s.address())
		called := bob.Rings()
		called.Ring()
		want := "cancelled: the call was sent to 8002"
		if answered {
			called.Answer()
			handset.Expect[dialog.Answered](called)
			handset.Expect[dialog.Answered](caller)
			talkBothWays(caller, called)
			want = "answered talked: the call was sent to 8002"
		}
		close(redirect)
		handset.Expect[softphone.Ended](called)
		if got := await.From(t, "an end of the connection", went); got != want {
			t.Errorf("it went %q, want %q", got, want)
		}
		if !answered {
			handset.Expect[dialog.Answered](caller)
		}
		hears(caller, 700)
		next := carol.Rings()
		next.Answer()
		handset.Expect[dialog.Answered](next)
		talkBothWays(caller, next)
		next.Hangup()
		if got := await.From(t, "an end of the connection", went); got != "answered talked" {
			t.Errorf("the second went %q", got)
		}
	}
}

// TestAConnectionEndsWithWhoVanishes: nothing arrives of one of the two any more.
func TestAConnectionEndsWithWhoVanishes(t *testing.T) {
	for _, c := range []struct {
		caller bool
		want   string
	}{
		{true, "no sound has arrived from the caller for too long"},
		{false, "no sound has arrived from the one who was called for too long"},
	} {
		leavesNothing(t)
		bob, alice := newPhone(t), newPhone(t)
		mute := newStation(t)
		went := make(chan string, 1)
		to := mute.address()
		if c.caller {
			to = bob.Address()
		}
		s := switchboard(t, connects(to, went), func(c *voice.ServerConfig) { c.Rules = media.Rules{Timeout: 500 * time.Millisecond} })
		if c.caller {
			mute.dial(s.address())
			called := bob.Rings()
			called.Answer()
			handset.Expect[softphone.Ended](called)
		} else {
			caller := alice.Dial(s.address())
			mute.rings().Answer(mute.local)
			handset.Expect[softphone.Ended](caller)
		}
		if got, want := await.From(t, "an end of the connection", went), "answered talked: "+c.want; got != want {
			t.Errorf("it went %q, want %q", got, want)
		}
	}
}

// TestAHeldConnectionIsQuietAndComesBack: held by either of the two. Nobody is taken
// for gone, and both hear each other after it.
func TestAHeldConnectionIsQuietAndComesBack(t *testing.T) {
	leavesNothing(t)
	bob := newPhone(t)
	went := make(chan string, 1)
	s := switchboard(t, connects(bob.Address(), went), func(c *voice.ServerConfig) { c.Rules = media.Rules{Timeout: 500 * time.Millisecond} })
	caller := newPhone(t).Dial(s.address())
	called := bob.Rings()
	called.Answer()
	handset.Expect[dialog.Answered](called)
	handset.Expect[dialog.Answered](caller)
	for _, c := range []struct{ holds, held *handset.Call }{{caller, called}, {called, caller}} {
		talkBothWays(caller, called)
		c.holds.Hold()
		handset.ExpectThat(c.holds, func(e dialog.Agreed) bool { return !e.Direction.Receives() })
		hearsMore(c.held, time.Second) // for longer than anybody may be silent
		c.holds.Resume()
		handset.ExpectThat(c.holds, func(e dialog.Agreed) bool { return e.Direction.Receives() })
	}
	talkBothWays(caller, called)
	caller.Hangup()
	if got := await.From(t, "an end of the connection", went); !strings.HasPrefix(got, "answered talked") {
		t.Errorf("it went %q", got)
	}
}

// hearsMore waits until so much more has come to a phone.
func hearsMore(c *handset.Call, length time.Duration) {
	c.T.Helper()
	ctx := await.Context(c.T)
	sound, err := c.Hear().Sound(ctx)
	if err == nil {
		err = sound.Wait(ctx, sound.Len()+int(length.Seconds()*float64(sound.Rate())))
	}
	if err != nil {
		c.T.Fatal(err)
	}
}

func TestKeysCrossAConnection(t *testing.T) {
	leavesNothing(t)
	bob := newPhone(t)
	went := make(chan string, 1)
	s := switchboard(t, connects(bob.Address(), went), nil)
	caller := newPhone(t).Dial(s.address())
	called := bob.Rings()
	called.Answer()
	handset.Expect[dialog.Answered](called)
	handset.Expect[dialog.Answered](caller)
	talkBothWays(caller, called)
	for _, way := range []softphone.Way{softphone.ByEvents, softphone.ByInfo} {
		for _, c := range []struct{ from, to *handset.Call }{{caller, called}, {called, caller}} {
			if _, err := c.from.Press("1#", way); err != nil {
				t.Fatal(err)
			}
			for _, want := range "1#" {
				if k := handset.Expect[softphone.Key](c.to); k.Key != byte(want) || k.By != softphone.ByEvents {
					t.Errorf("pressed by %s, %c came by %s, want %c", way, k.Key, k.By, want)
				}
			}
		}
	}
	caller.Hangup()
	await.From(t, "an end of the connection", went)
}

func TestNobodyInAConnectionMayTransferIt(t *testing.T) {
	leavesNothing(t)
	bob := newPhone(t)
	went := make(chan string, 1)
	s := switchboard(t, connects(bob.Address(), went), nil)
	caller := newPhone(t).Dial(s.address())
	called := bob.Rings()
	called.Answer()
	handset.Expect[dialog.Answered](called)
	handset.Expect[dialog.Answered](caller)
	for _, who := range []*handset.Call{caller, called} {
		if err := who.Transfer(bob.Address()); err != nil {
			t.Fatal(err)
		}
		if no := handset.Expect[dialog.NotTransferred](who); no.Status != 603 {
			t.Errorf("it was refused with %d", no.Status)
		}
	}
	talkBothWays(caller, called)
	caller.Hangup()
	await.From(t, "an end of the connection", went)
}

func TestWhoCannotBeCalledIsSaid(t *testing.T) {
	for _, c := range []struct {
		to   string
		want string
	}{
		{"+12125550111", "no trunk is set up"},
		{"sip:bob@10.1.2.3", "10.1.2.3 is not to be called"},
		{"sip:", "no address that can be called"},
		{"sip:bob@127.0.0.1;transport=sctp", "not spoken here"},
	} {
		leavesNothing(t)
		went := make(chan string, 1)
		s := switchboard(t, func(ctx context.Context, line engine.Line) {
			went <- connect(ctx, line, engine.Outside{To: c.to})
			if context.Cause(ctx) != nil {
				t.Error("the call is over")
			}
		}, nil)
		newPhone(t).Dial(s.address())
		if got := await.From(t, "a refusal", went); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", c.to, got, c.want)
		}
	}
}

// TestACallIsNotConnectedWithItself: it comes back to the server that it has left.
func TestACallIsNotConnectedWithItself(t *testing.T) {
	leavesNothing(t)
	went := make(chan string, 1)
	own := make(chan string, 1)
	s := switchboard(t, func(ctx context.Context, line engine.Line) { connects(<-own, went)(ctx, line) }, nil)
	own <- s.address()
	caller := newPhone(t).Dial(s.address())
	if end := handset.Expect[softphone.Ended](caller); end.Status != 480 {
		t.Errorf("the caller was told %d", end.Status)
	}
	if got := await.From(t, "an end of the connection", went); got != "unavailable" {
		t.Errorf("it went %q", got)
	}
	s.counts(t, voice.Counts{Taken: 1, Refused: map[voice.Refusal]uint64{}})
}

// TestACallThatIsConnectedIsOneStepFurther: two servers that connect their callers
// with each other come to an end.
func TestACallThatIsConnectedIsOneStepFurther(t *testing.T) {
	leavesNothing(t)
	there := newStation(t)
	went := make(chan string, 1)
	s := switchboard(t, connects(there.address(), went), nil)
	newPhone(t).Dial(s.address())
	call := there.rings()
	if left := *call.Request().MaxForwards(); left != 69 {
		t.Errorf("%d steps are left, want 69", left)
	}
	call.Hangup(engine.Busy)
	await.From(t, "an end of the connection", went)
}
