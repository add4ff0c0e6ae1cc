package voice_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/test/await"
)

// What two telephones say of their Opus (RFC 7587 section 6.1).
const (
	callersParams = "maxplaybackrate=16000;maxaveragebitrate=20000;useinbandfec=1"
	calledParams  = "stereo=1;sprop-stereo=1;useinbandfec=0;cbr=1"
)

// What telephones have, the best first.
var (
	opusAndMore = []sdp.Codec{sdp.Opus, sdp.PCMU}
	opusAlone   = []sdp.Codec{sdp.Opus}
)

// passing is two telephones whose sound passes from one to the other.
type passing struct {
	alice, bob   *opusPhone
	call, called *dialog.Call
	went         chan string
}

// passes has two such telephones, whose best codec is the one that passes. The call runs
// a program.
func passes(t *testing.T, caller, called []sdp.Codec, run func(to string, went chan string) program, change func(*voice.ServerConfig)) passing {
	t.Helper()
	p := passing{alice: newOpusPhone(t, callersParams, caller...), bob: newOpusPhone(t, calledParams, called...), went: make(chan string, 2)}
	s := switchboard(t, run(p.bob.address(), p.went), change)
	p.call = p.alice.dial(s.address())
	p.called = p.bob.rings()
	p.called.Answer(p.bob.local)
	for _, one := range []*opusPhone{p.alice, p.bob} {
		if agreed := isTold[dialog.Agreed](one); agreed.Codec.Codec != caller[0] {
			t.Fatalf("agreed on %+v", agreed.Codec)
		}
	}
	isTold[dialog.Answered](p.alice)
	isTold[dialog.Answered](p.bob)
	p.bothHear()
	return p
}

// bothHear checks that each hears what the other says, as it was said.
func (p passing) bothHear() {
	p.alice.t.Helper()
	p.alice.hearsOther(10)
	p.bob.hearsOther(10)
}

// ends waits until the connection has ended.
func (p passing) ends(want string) {
	p.alice.t.Helper()
	if got := await.From(p.alice.t, "an end of the connection", p.went); got != want {
		p.alice.t.Errorf("it went %q, want %q", got, want)
	}
}

// connectsTo is what a caller's program is where it does nothing else.
func connectsTo(to string, went chan string) program { return connects(to, went) }

// TestOpusPassesBetweenTwoWhoHaveIt: packet by packet as it was said, and each is told
// what the other says of it.
func TestOpusPassesBetweenTwoWhoHaveIt(t *testing.T) {
	for _, c := range []struct {
		name           string
		caller, called []sdp.Codec
	}{
		{"both like it best", []sdp.Codec{sdp.Opus, sdp.PCMU}, []sdp.Codec{sdp.Opus, sdp.PCMA}},
		{"the caller has nothing else", []sdp.Codec{sdp.Opus}, []sdp.Codec{sdp.PCMU, sdp.Opus}},
		{"who is called has nothing else", []sdp.Codec{sdp.PCMU, sdp.G722, sdp.Opus}, []sdp.Codec{sdp.Opus}},
	} {
		t.Run(c.name, func(t *testing.T) {
			leavesNothing(t)
			alice, bob := newOpusPhone(t, callersParams, c.caller...), newOpusPhone(t, calledParams, c.called...)
			went := make(chan string, 1)
			s := switchboard(t, connects(bob.address(), went), nil)
			call := alice.dial(s.address())
			called := bob.rings()
			called.Ring(180, nil)
			isTold[dialog.Ringing](alice)
			called.Answer(bob.local)
			theirs, ours := isTold[dialog.Agreed](bob), isTold[dialog.Agreed](alice)
			if theirs.Codec.Codec != sdp.Opus || theirs.Codec.Params != callersParams {
				t.Fatalf("who is called has %+v", theirs.Codec)
			}
			if ours.Codec.Codec != sdp.Opus || ours.Codec.Params != calledParams {
				t.Fatalf("the caller has %+v", ours.Codec)
			}
			alice.hearsOther(50)
			bob.hearsOther(50)
			for _, one := range []struct{ from, to *opusPhone }{{alice, bob}, {bob, alice}} {
				one.from.press('7')
				if length := one.to.hearsKey('7'); length != 100*time.Millisecond {
					t.Errorf("the key took %v", length)
				}
			}
			alice.hearsOther(10)
			hangup(call)
			isTold[dialog.Ended](bob)
			if got := await.From(t, "an end of the connection", went); got != "answered talked"+callerHungUp {
				t.Errorf("it went %q", got)
			}
		})
	}
}

// TestCodecOfWhoIsCalledIsTheCallers: where they do not take Opus it is another that
// both have, and where none is, one of ours for each.
func TestCodecOfWhoIsCalledIsTheCallers(t *testing.T) {
	for _, c := range []struct {
		caller, called []sdp.Codec
		one, other     sdp.Codec
	}{
		{[]sdp.Codec{sdp.Opus, sdp.G722, sdp.PCMU}, []sdp.Codec{sdp.PCMU}, sdp.PCMU, sdp.PCMU},
		{[]sdp.Codec{sdp.Opus, sdp.G722}, []sdp.Codec{sdp.PCMA}, sdp.G722, sdp.PCMA},
		{[]sdp.Codec{sdp.G722}, []sdp.Codec{sdp.Opus, sdp.G722}, sdp.G722, sdp.G722},
	} {
		leavesNothing(t)
		alice, bob := newOpusPhone(t, callersParams, c.caller...), newOpusPhone(t, calledParams, c.called...)
		went := make(chan string, 1)
		s := switchboard(t, connects(bob.address(), went), nil)
		call := alice.dial(s.address())
		bob.rings().Answer(bob.local)
		other, one := isTold[dialog.Agreed](bob).Codec, isTold[dialog.Agreed](alice).Codec
		if one.Codec != c.one || other.Codec != c.other || one.Params+other.Params != "" {
			t.Errorf("the caller has %+v, who is called %+v", one, other)
		}
		isTold[dialog.Answered](alice)
		hangup(call)
		await.From(t, "an end of the connection", went)
	}
}

// TestACallerWhoWasAnsweredHasNoOpus: they heard something in another codec, and will
// again. Nor is it offered to whom they are connected with.
func TestACallerWhoWasAnsweredHasNoOpus(t *testing.T) {
	leavesNothing(t)
	alice, bob := newOpusPhone(t, callersParams, sdp.Opus, sdp.PCMU), newStation(t)
	went := make(chan string, 1)
	s := switchboard(t, func(ctx context.Context, line engine.Line) {
		plays(ctx, line)
		connects(bob.address(), went)(ctx, line)
	}, nil)
	call := alice.dial(s.address())
	if agreed := isTold[dialog.Agreed](alice); agreed.Codec.Codec != sdp.PCMU {
		t.Errorf("the caller has %s", agreed.Codec.Codec)
	}
	called := bob.rings()
	if offered := called.Offered(); slices.ContainsFunc(offered, func(f sdp.Format) bool { return f.Codec == sdp.Opus }) {
		t.Errorf("offered were %v", offered)
	}
	called.Answer(bob.local)
	hangup(call)
	await.From(t, "an end of the connection", went)
}

// TestOpusBeforeTheAnswerPassesToo: and a call that comes to nothing after it is told
// as any other.
func TestOpusBeforeTheAnswerPassesToo(t *testing.T) {
	for _, answers := range []bool{true, false} {
		leavesNothing(t)
		alice, bob := newOpusPhone(t, callersParams, sdp.Opus), newOpusPhone(t, calledParams, sdp.Opus)
		went := make(chan string, 1)
		s := switchboard(t, connects(bob.address(), went), nil)
		call := alice.dial(s.address())
		called := bob.rings()
		called.Ring(183, &bob.local)
		if early := isTold[dialog.Agreed](alice); !early.Early || early.Codec.Params != calledParams {
			t.Errorf("before the answer the caller has %+v", early)
		}
		alice.hearsOther(10)
		want := "busy"
		if answers {
			called.Answer(bob.local)
			isTold[dialog.Answered](alice)
			passing{alice: alice, bob: bob}.bothHear()
			hangup(call)
			want = "answered talked" + callerHungUp
		} else {
			called.Hangup(engine.Busy)
			if end := isTold[dialog.Ended](alice); end.Status != 486 {
				t.Errorf("the caller was told %d", end.Status)
			}
		}
		if got := await.From(t, "an end of the connection", went); got != want {
			t.Errorf("it went %q, want %q", got, want)
		}
	}
}

func TestWhoIsCalledMayEndAConnectionOfOpus(t *testing.T) {
	leavesNothing(t)
	p := passes(t, opusAndMore, opusAndMore, connectsTo, nil)
	hangup(p.called)
	isTold[dialog.Ended](p.alice)
	p.ends("answered talked")
}

// TestACallerWithOpusAloneIsToldWhatTheyNeed: where something would be said to them, and
// where who is called does not have it.
func TestACallerWithOpusAloneIsToldWhatTheyNeed(t *testing.T) {
	for _, connected := range []bool{false, true} {
		leavesNothing(t)
		alice, bob := newOpusPhone(t, callersParams, sdp.Opus), newOpusPhone(t, "", sdp.PCMU)
		went := make(chan string, 1)
		s := switchboard(t, func(ctx context.Context, line engine.Line) {
			if connected {
				connects(bob.address(), went)(ctx, line)
				return
			}
			_, err := line.Play(ctx, engine.Recording{Sound: soundOf(700, time.Second)}, nil)
			went <- err.Error()
		}, nil)
		alice.dial(s.address())
		want := "the caller has hung up"
		if connected {
			bob.rings().Answer(bob.local)
			want = "unavailable"
		}
		if end := isTold[dialog.Ended](alice); end.Status != 488 {
			t.Errorf("the caller was told %d", end.Status)
		}
		if got := await.From(t, "an end of the call", went); !strings.Contains(got, want) {
			t.Errorf("it went %q, want %q", got, want)
		}
	}
}
