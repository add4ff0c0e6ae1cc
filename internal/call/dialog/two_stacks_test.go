package dialog

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/test/await"
)

// station is a stack with the calls that it has.
type station struct {
	*Stack
	t       *testing.T
	calls   chan *handset          // those to it
	program func(c *Call, e Event) // what it does with a call to it, first with the event nil; optional
}

// handset is one call of a phone.
type handset struct {
	*Call
	station *station

	mu     sync.Mutex
	events []Event
	more   chan struct{}
}

// startStation starts a phone that listens at a free port of 127.0.0.1, once it
// has been prepared.
func startStation(t *testing.T, network string, prepare ...func(*station)) *station {
	t.Helper()
	p := &station{t: t, calls: make(chan *handset, 1000)}
	stack, err := New(Config{
		Listen:   []Listen{{Network: network, Address: netip.MustParseAddrPort("127.0.0.1:0")}},
		Trusted:  func(netip.Addr) bool { return true },
		Incoming: p.incoming,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Stack = stack
	stack.timing = hasty
	for _, f := range prepare {
		f(p)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- p.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *station) incoming(c *Call) func(Event) {
	h := p.handset(c)
	if p.program == nil {
		return h.take
	}
	p.program(c, nil)
	return func(e Event) {
		h.take(e)
		p.program(c, e)
	}
}

func (p *station) handset(c *Call) *handset {
	h := &handset{Call: c, station: p, more: make(chan struct{}, 1)}
	p.calls <- h
	return h
}

func (h *handset) take(e Event) {
	h.mu.Lock()
	h.events = append(h.events, e)
	h.mu.Unlock()
	select {
	case h.more <- struct{}{}:
	default:
	}
}

// uri returns where a station is called.
func (p *station) uri(user string) sip.Uri {
	l := p.Addresses()[0]
	uri := sip.Uri{Scheme: "sip", User: user, Host: "127.0.0.1", Port: int(l.Address.Port())}
	if l.Network != UDP {
		uri.UriParams.Add("transport", l.Network)
	}
	return uri
}

// dial calls another phone.
func (p *station) dial(target sip.Uri) *handset {
	h := &handset{station: p, more: make(chan struct{}, 1)}
	h.Call = p.Dial(Outgoing{
		Target: target, From: Party{Address: p.uri("caller")}, To: Party{Address: target}, Local: ours(4000),
	}, h.take)
	return h
}

// ours is a side of the sound; nothing is sent.
func ours(port uint16) sdp.Local {
	return sdp.Local{Address: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port), Codecs: []sdp.Codec{sdp.PCMU, sdp.PCMA}}
}

// next waits for the next call to a phone.
func (p *station) next() *handset {
	p.t.Helper()
	return await.From(p.t, "a call", p.calls)
}

// expect waits for events, as text, in their order.
func (h *handset) expect(want ...string) {
	h.station.t.Helper()
	var got []string
	for len(got) < len(want) {
		h.mu.Lock()
		for _, e := range h.events {
			got = append(got, textOf(e))
		}
		h.events = nil
		h.mu.Unlock()
		if len(got) >= len(want) {
			break
		}
		await.From(h.station.t, fmt.Sprintf("more than %q, of %q", got, want), h.more)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		h.station.t.Fatalf("events (-want +got):\n%s", diff)
	}
}

func textOf(e Event) string {
	switch e := e.(type) {
	case Agreed:
		text := fmt.Sprintf("agreed %s %s to %d", e.Codec.Codec, e.Direction, e.Remote.Port())
		if e.Early {
			text = "early: " + text
		}
		return text
	case Ended:
		text := "ended " + string(e.Cause)
		if e.Status > 0 {
			text += fmt.Sprint(" ", e.Status)
		}
		if e.Theirs {
			text += " by them"
		}
		return text
	case Key:
		return "key " + string(e.Key)
	case TransferAsked:
		return "asked for " + e.Target.URI.User
	}
	return fmt.Sprintf("%T%v", e, e)
}

// hasty is for tests that wait for the end of what nobody answers.
var hasty = timing{t1: 100 * time.Millisecond, t2: 800 * time.Millisecond}

var networks = []string{UDP, TCP}

// eachNetwork runs a test with two phones over each network.
func eachNetwork(t *testing.T, test func(alice, bob *station)) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) { test(startStation(t, network), startStation(t, network)) })
	}
}

// converse has alice call bob, and bob answer.
func converse(alice, bob *station) (ofAlice, ofBob *handset) {
	alice.t.Helper()
	ofAlice = alice.dial(bob.uri("100"))
	ofBob = bob.next()
	ofBob.Answer(ours(5000))
	ofBob.expect("agreed PCMU/8000 sendrecv to 4000", "dialog.Answered{}")
	ofAlice.expect("agreed PCMU/8000 sendrecv to 5000", "dialog.Answered{}")
	return ofAlice, ofBob
}

func TestCallRingsIsAnsweredAndEnds(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		a := alice.dial(bob.uri("100"))
		b := bob.next()
		b.Ring(180, nil)
		a.expect("dialog.Ringing{}")
		b.Answer(ours(5000))
		b.expect("agreed PCMU/8000 sendrecv to 4000", "dialog.Answered{}")
		a.expect("agreed PCMU/8000 sendrecv to 5000", "dialog.Answered{}")
		a.Hangup(engine.Normal)
		b.expect("ended normal by them")
		a.expect("ended normal")
	})
}

func TestCalledSideHangsUpWithAReason(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		a, b := converse(alice, bob)
		b.Hangup(engine.Busy)
		a.expect("ended busy by them")
		b.expect("ended busy")
	})
}

func TestCallIsTurnedDownForACause(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		for cause, want := range map[engine.Cause]string{
			engine.Busy: "ended busy 486 by them", engine.Rejected: "ended rejected 603 by them", engine.Nowhere: "ended nowhere 404 by them",
			engine.Overloaded: "ended overloaded 503 by them",
		} {
			a := alice.dial(bob.uri("100"))
			b := bob.next()
			b.Hangup(cause)
			a.expect(want)
			b.expect(fmt.Sprint("ended ", cause, " ", statusFor(cause)))
		}
	})
}

func statusFor(cause engine.Cause) int { return endingOf(cause).status }

func TestCallerGivesUp(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		a := alice.dial(bob.uri("100"))
		b := bob.next()
		b.Ring(180, nil)
		a.expect("dialog.Ringing{}")
		a.Hangup(engine.Normal)
		b.expect("ended normal 487 by them")
		a.expect("ended normal 487")
	})
}

func TestSoundComesBeforeTheAnswer(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		a := alice.dial(bob.uri("100"))
		b := bob.next()
		local := ours(5000)
		b.Ring(183, &local)
		b.expect("early: agreed PCMU/8000 sendrecv to 4000")
		a.expect("early: agreed PCMU/8000 sendrecv to 5000")
		b.Answer(local)
		b.expect("dialog.Answered{}")
		a.expect("dialog.Answered{}")
		b.Hangup(engine.Normal)
		a.expect("ended normal by them")
	})
}

// TestCodecsAloneAreChanged: our address and our direction stay.
func TestCodecsAloneAreChanged(t *testing.T) {
	a, b := converse(startStation(t, UDP), startStation(t, UDP))
	for _, sides := range [][2]*handset{{a, b}, {b, a}} {
		one, other := sides[0], sides[1]
		port := uint16(4000)
		if one == b {
			port = 5000
		}
		for _, codecs := range [][]sdp.Codec{{sdp.PCMA}, {sdp.PCMU, sdp.PCMA}} {
			one.ChangeCodecs(codecs)
			other.expect(fmt.Sprintf("agreed %s sendrecv to %d", codecs[0], port))
			one.expect(fmt.Sprintf("agreed %s sendrecv to %d", codecs[0], 9000-port))
		}
	}
	a.Hangup(engine.Normal)
	b.expect("ended normal by them")
}

func TestEitherSideHoldsAndResumes(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		a, b := converse(alice, bob)
		for _, sides := range [][2]*handset{{a, b}, {b, a}} {
			holds, held := sides[0], sides[1]
			port := uint16(4000)
			if holds == b {
				port = 5000
			}
			local := ours(port)
			local.Direction = sdp.SendOnly
			holds.Change(local)
			held.expect(fmt.Sprintf("agreed PCMU/8000 recvonly to %d", port))
			holds.expect(fmt.Sprintf("agreed PCMU/8000 sendonly to %d", 9000-port))
			holds.Change(ours(port))
			held.expect(fmt.Sprintf("agreed PCMU/8000 sendrecv to %d", port))
			holds.expect(fmt.Sprintf("agreed PCMU/8000 sendrecv to %d", 9000-port))
		}
		a.Hangup(engine.Normal)
		b.expect("ended normal by them")
	})
}

func TestKeysComeByInfo(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		a, b := converse(alice, bob)
		a.Info("application/dtmf-relay", []byte("Signal=5\r\nDuration=160\r\n"))
		b.expect("key 5")
		a.Info("application/dtmf", []byte("11"))
		b.expect("key #")
	})
}

func TestKeysByInfoArriveInTheirOrder(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		a, b := converse(alice, bob)
		const keys = "1234567890*#ABCD1234567890*#ABCD"
		var want []string
		for _, key := range keys {
			a.Info("application/dtmf-relay", fmt.Appendf(nil, "Signal=%c\r\nDuration=160\r\n", key))
			want = append(want, "key "+string(key))
		}
		b.expect(want...)
	})
}

func TestTransferIsAskedForAndMade(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		a, b := converse(alice, bob)
		a.Transfer(Target{URI: bob.uri("200")})
		b.expect("asked for 200")
		b.TakeTransfer()
		a.expect("dialog.TransferProgress{100}")
		b.TransferStatus(180)
		a.expect("dialog.TransferProgress{180}")
		b.TransferStatus(200)
		a.expect("dialog.Transferred{200}")
		a.Hangup(engine.Normal)
		b.expect("ended normal by them")
	})
}

func TestTransferIsRefused(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		a, b := converse(alice, bob)
		a.Transfer(Target{URI: bob.uri("200")})
		b.expect("asked for 200")
		b.RefuseTransfer(603)
		a.expect("dialog.NotTransferred{603}")
	})
}

func TestNobodyAnswersAtAnAddress(t *testing.T) {
	alice := startStation(t, TCP)
	target := alice.uri("100")
	target.Port = 1 // nobody listens there
	alice.dial(target).expect("ended unavailable 503")
}

func TestUnansweredCallsAreForgotten(t *testing.T) {
	eachNetwork(t, func(alice, bob *station) {
		a := alice.dial(bob.uri("100"))
		b := bob.next()
		b.Ring(180, nil)
		a.expect("dialog.Ringing{}")
		b.Hangup(engine.Busy)
		a.expect("ended busy 486 by them")
		alice.leftNothing(t)
		bob.leftNothing(t)
	})
}

// leftNothing waits until nothing is left of the calls of a phone.
func (p *station) leftNothing(t *testing.T) {
	t.Helper()
	await.That(t, "a phone without calls", func() bool {
		p.Stack.calls.mu.Lock()
		defer p.Stack.calls.mu.Unlock()
		p.dialogs.mu.RLock()
		defer p.dialogs.mu.RUnlock()
		return len(p.Stack.calls.inHand) == 0 && len(p.dialogs.handlers) == 0
	})
}
