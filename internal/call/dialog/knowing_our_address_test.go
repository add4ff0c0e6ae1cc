package dialog

import (
	"net/netip"
	"testing"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// TestACallOfOursIsFromTheAddressThatItsWayHas: who makes it need not know which way
// it takes.
func TestACallOfOursIsFromTheAddressThatItsWayHas(t *testing.T) {
	for _, here := range []string{"127.0.0.1", "::1"} {
		t.Run(here, func(t *testing.T) {
			alice, bob := startStation(t, UDP, at(here)), startStation(t, UDP, at(here))
			target := bob.uri("100")
			target.Host = hostOf(netip.MustParseAddr(here))
			a := &handset{station: alice, more: make(chan struct{}, 1)}
			local := ours(4000)
			local.Address = netip.AddrPortFrom(netip.Addr{}, 4000)
			a.Call = alice.Dial(Outgoing{
				Target: target, From: Party{Address: sip.Uri{Scheme: "sip", User: "200"}}, To: Party{Address: target}, Local: local,
			}, a.take)
			b := bob.next()
			if got, want := b.Request().From().Address.Host, hostOf(netip.MustParseAddr(here)); got != want {
				t.Errorf("From is of %s, want %s", got, want)
			}
			answer := ours(5000)
			answer.Address = netip.AddrPortFrom(netip.MustParseAddr(here), 5000)
			b.Answer(answer)
			b.expect("agreed PCMU/8000 sendrecv to 4000", "dialog.Answered{}")
			a.expect("agreed PCMU/8000 sendrecv to 5000", "dialog.Answered{}")
		})
	}
}

// A phone that is reached over UDP alone calls another one over TCP: that knows where
// it is, and may say there that the call is over, once their connection is gone.
func TestACallByAnotherNetworkSaysWhereWeAre(t *testing.T) {
	alice, bob := startStation(t, UDP), startStation(t, TCP)
	a := &handset{station: alice, more: make(chan struct{}, 1)}
	local := ours(4000)
	local.Address = netip.AddrPortFrom(netip.Addr{}, 4000)
	a.Call = alice.Dial(Outgoing{
		Target: bob.uri("100"), From: Party{Address: sip.Uri{Scheme: "sip", User: "200"}}, To: Party{Address: bob.uri("100")}, Local: local,
	}, a.take)
	b := bob.next()
	here := alice.Addresses()[0].Address
	if contact := b.Request().Contact(); contact == nil || contact.Address.String() != "sip:200@"+here.String() {
		t.Errorf("it is to be reached at %v, want sip:200@%s", contact, here)
	}
	if got := b.Request().From().Address.Host; got != "127.0.0.1" {
		t.Errorf("From is of %s", got)
	}
	b.Answer(ours(5000))
	b.expect("agreed PCMU/8000 sendrecv to 4000", "dialog.Answered{}")
	a.expect("agreed PCMU/8000 sendrecv to 5000", "dialog.Answered{}")
	b.Hangup(engine.Normal)
	a.expect("ended normal by them")
}

// What was called by a sips address is to be reached by one (RFC 3261 section 12.1.1).
func TestACallToASecureAddressHasASecureContact(t *testing.T) {
	s := serve(t, Config{Listen: []Listen{on(TLS, "127.0.0.1")}}, nil)
	here := s.Addresses()[0].Address
	way := flow{network: TLS, local: here, peer: netip.MustParseAddrPort("127.0.0.9:5061")}
	for scheme, want := range map[string]string{"sip": "sip:200@" + here.String() + ";transport=tls", "sips": "sips:200@" + here.String()} {
		contact := s.contact(way, sip.Uri{Scheme: scheme, Host: "127.0.0.9"}, "200")
		if contact.String() != want {
			t.Errorf("%s, want %s", contact.String(), want)
		}
	}
}

// at has a phone listen at an address.
func at(here string) func(*station) {
	return func(p *station) {
		s, err := New(Config{Listen: []Listen{on(UDP, here)}, Trusted: p.gate.trusted, Incoming: p.incoming})
		if err != nil {
			p.t.Fatal(err)
		}
		p.closeSockets()
		p.Stack = s
	}
}

func TestACallerSaysWhatTheyCanDo(t *testing.T) {
	a, b := converse(startStation(t, TCP), startStation(t, TCP))
	if diff := cmp.Diff([]sdp.Format{{Payload: 0, Codec: sdp.PCMU}, {Payload: 8, Codec: sdp.PCMA}}, b.Offered()); diff != "" || a.Offered() != nil {
		t.Errorf("offered to us by ourselves %v; by them (-want +got):\n%s", a.Offered(), diff)
	}
}

func TestTheSocketTowardsAHopIsKnown(t *testing.T) {
	s := opening(t, Config{Listen: []Listen{on(UDP, "127.0.0.1"), on(UDP, "::1"), on(TCP, "127.0.0.1")}}, nil)
	run(t, s)
	for _, c := range []struct{ network, to, want string }{
		{UDP, "127.0.0.9:5060", "127.0.0.1"}, {UDP, "[::1]:5060", "::1"}, {TCP, "127.0.0.9:5060", "127.0.0.1"}, {TCP, "[::1]:5060", "::1"}, {TLS, "127.0.0.9:5061", "127.0.0.1"},
	} {
		if got := s.Bound(Hop{Network: c.network, Address: netip.MustParseAddrPort(c.to)}); got.String() != c.want {
			t.Errorf("to %s over %s: %s, want %s", c.to, c.network, got, c.want)
		}
	}
}

// TestACallThatGoesOnComesToAnEnd: each server takes one off what is left.
func TestACallThatGoesOnComesToAnEnd(t *testing.T) {
	alice, bob := startStation(t, UDP), startStation(t, UDP)
	for _, c := range []struct{ passed, left, then int }{{0, 70, 1}, {1, 69, 2}, {69, 1, 70}} {
		a := &handset{station: alice, more: make(chan struct{}, 1)}
		a.Call = alice.Dial(Outgoing{Target: bob.uri("100"), From: Party{Address: alice.uri("200")}, To: Party{Address: bob.uri("100")}, Local: ours(4000), Passed: c.passed}, a.take)
		b := bob.next()
		if left := int(*b.Request().MaxForwards()); left != c.left || b.Passed() != c.then {
			t.Errorf("passed on %d times: %d are left, and then it was %d", c.passed, left, b.Passed())
		}
		b.Hangup(engine.Busy)
		a.expect("ended busy 486 by them")
	}
	a := &handset{station: alice, more: make(chan struct{}, 1)}
	a.Call = alice.Dial(Outgoing{Target: bob.uri("100"), From: Party{Address: alice.uri("200")}, To: Party{Address: bob.uri("100")}, Local: ours(4000), Passed: 70}, a.take)
	a.expect("ended failed 483 by them")
}
