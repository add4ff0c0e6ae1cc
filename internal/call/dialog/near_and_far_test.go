package dialog

import (
	"log/slog"
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/test/await"
)

var (
	router    = netip.MustParseAddr("203.0.113.5")
	neighbour = netip.MustParseAddr("127.0.0.2")
)

func TestThoseFarAwayAreToldThePublicAddress(t *testing.T) {
	public := netip.AddrPortFrom(router, 0)
	s := opening(t, Config{
		Listen: []Listen{{Network: UDP, Address: netip.MustParseAddrPort("127.0.0.1:0"), Public: public}},
		Near:   func(a netip.Addr) bool { return a == neighbour },
	}, nil)
	run(t, s)
	bound := s.Addresses()[0].Address
	for peer, want := range map[netip.Addr]netip.AddrPort{
		neighbour:   bound,
		someoneElse: netip.AddrPortFrom(router, bound.Port()),
	} {
		f := flow{network: UDP, local: bound, peer: netip.AddrPortFrom(peer, 5060)}
		if got := s.sentBy(f); got != want {
			t.Errorf("%s is told %s, want %s", peer, got, want)
		}
		if got := s.boundOf(f); got != bound.Addr() {
			t.Errorf("what came from %s came by %s, want %s", peer, got, bound.Addr())
		}
	}
}

// callPeer calls a peer, whose sound is to go to an address.
func callPeer(s *Stack, p *peer, sound netip.AddrPort, tell func(Event)) *Call {
	us, them := uriOf("sip:100@127.0.0.1"), uriOf("sip:200@"+p.LocalAddr().String())
	return s.Dial(Outgoing{
		Target: them, From: Party{Address: us}, To: Party{Address: them},
		Local: sdp.Local{Address: sound, Codecs: []sdp.Codec{sdp.PCMU}},
	}, tell)
}

func TestTheSoundOfACallOfOursIsWhereTheOtherSideReachesIt(t *testing.T) {
	for want, near := range map[string]bool{"127.0.0.1": true, router.String(): false} {
		s := serve(t, Config{
			Listen: []Listen{{Network: UDP, Address: netip.MustParseAddrPort("127.0.0.1:0"), Public: netip.AddrPortFrom(router, 0)}},
			Near:   func(netip.Addr) bool { return near },
		}, nil)
		p := reach(t, s, 0)
		callPeer(s, p, netip.AddrPortFrom(netip.Addr{}, 4000), func(Event) {})
		d, err := sdp.Parse(p.request().Body())
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Media[0]; got.Address.String() != want || got.Port != 4000 {
			t.Errorf("the offer says %s, port %d; want %s, port 4000", got.Address, got.Port, want)
		}
	}
}

func TestWhoIsNotHeardIsDroppedUnread(t *testing.T) {
	g := newGate(func(netip.Addr) bool { return false }, nil)
	g.heard = func(a netip.Addr) bool { return a == neighbour }
	heard := func(a netip.Addr) bool {
		wait, _ := g.admit(a, 1)
		ok, counted := g.connect(a)
		if counted {
			g.disconnect(a)
		}
		if ok != (wait == 0) {
			t.Errorf("%s: datagrams are heard: %t; connections: %t", a, wait == 0, ok)
		}
		return ok
	}
	if !heard(neighbour) || heard(someoneElse) {
		t.Error("others are heard than those who are to be")
	}
	over, again := g.call(someoneElse), g.call(someoneElse)
	over()
	if !heard(someoneElse) {
		t.Error("one whom we call is not heard")
	}
	again()
	if heard(someoneElse) || len(g.called) > 0 {
		t.Error("one whom we have called is heard after the call")
	}
}

// TestWhomWeCallIsHeard calls somebody who could not call us.
func TestWhomWeCallIsHeard(t *testing.T) {
	s := serve(t, Config{Heard: func(netip.Addr) bool { return false }}, nil)
	p, events := reach(t, s, 0), make(chan Event, 16)
	call := callPeer(s, p, netip.MustParseAddrPort("127.0.0.1:4000"), func(e Event) { events <- e })
	p.respond(p.request(), 486, "theirs")
	if e := await.From(t, "the end of the call", events); e.(Ended).Status != 486 { //nolint:forcetypeassert // it fails the test
		t.Errorf("the call was told %+v", e)
	}
	<-call.Gone()
	if len(s.gate.called) > 0 {
		t.Error("they are heard after the call")
	}
}

// Whom we call is heard about that call alone: calls of theirs are not let in by it.
func TestWhomWeCallCannotCallUs(t *testing.T) {
	us, they := startStation(t, UDP, hears(func() bool { return false })), startStation(t, UDP)
	ours := us.dial(they.uri("100"))
	theirs := they.next()
	they.dial(us.uri("200"))
	await.That(t, "their call is dropped", func() bool { return us.Counts().Dropped[NotAllowed] > 0 })
	theirs.Hangup(engine.Busy)
	ours.expect("ended busy 486 by them")
	if len(us.calls) > 0 {
		t.Error("they have called us")
	}
}

// A network that may not call any more is heard until its calls in hand are over.
func TestCallsInHandAreHeardToTheirEnd(t *testing.T) {
	var shut atomic.Bool
	us, they := startStation(t, UDP, hears(func() bool { return !shut.Load() })), startStation(t, UDP)
	theirs, ours := converse(they, us)
	shut.Store(true)
	theirs.Hangup(engine.Normal)
	ours.expect("ended normal by them")
	<-ours.Gone()
	if len(us.gate.called) > 0 {
		t.Error("they are heard after the call")
	}
}

// hears has a phone hear others while that is allowed.
func hears(allowed func() bool) func(*station) {
	return func(p *station) { p.gate.heard = func(netip.Addr) bool { return allowed() } }
}

func TestWhatIsNotReadIsCounted(t *testing.T) {
	g := newGate(func(netip.Addr) bool { return false }, slog.New(slog.DiscardHandler))
	barred := netip.MustParseAddr("198.51.100.9")
	g.heard = func(a netip.Addr) bool { return a != barred }
	g.admit(barred, 1)
	g.connect(barred)
	for range tokenBurst + 2 {
		g.admit(neighbour, 1)
	}
	for range maxOffences {
		g.offend(someoneElse)
	}
	g.admit(someoneElse, 1)
	s := &Stack{gate: g}
	want := map[Drop]uint64{NotAllowed: 2, TooFast: 2, Unreadable: maxOffences, Silenced: 1, TooMany: 0, Backlog: 0}
	if diff := cmp.Diff(want, s.Counts().Dropped); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}
