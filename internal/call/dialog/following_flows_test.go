package dialog

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/test/await"
)

// flows gives each INVITE's flow to the test, and turns the call down.
func flows(t testing.TB) (requestHandler, <-chan flow) {
	found := make(chan flow, 10)
	return func(req *sip.Request, tx sip.ServerTransaction) {
		f, err := flowOf(req)
		if err != nil {
			t.Error(err)
		}
		found <- f
		decline(req, tx)
	}, found
}

// bye is a request of ours, as an ident makes them: without a Via.
func bye() *sip.Request {
	d := newOutbound(origin{
		target: uriOf("sip:2125550100@127.0.0.1:9"), from: party{address: uriOf("sip:500@127.0.0.1")}, to: party{address: uriOf("sip:2125550100@127.0.0.1")},
		identity: identity{callID: fmt.Sprintf("bye-%d", serial.Add(1)), local: "ours"},
	})
	return d.request(sip.BYE)
}

func uriOf(text string) sip.Uri {
	var uri sip.Uri
	if err := sip.ParseUri(text, &uri); err != nil {
		panic(err) // a text of a test
	}
	return uri
}

// nowhere is a Contact that nobody listens at.
var nowhere = uriOf("sip:2125550100@127.0.0.1:9")

// talk sends a BYE, lets the peer answer it, and returns what the peer got.
func talk(t *testing.T, s *Stack, f flow, req *sip.Request, p *peer) *sip.Request {
	t.Helper()
	responses := sends(t, s, f, req)
	got := p.request()
	p.send(sip.NewResponseFromRequest(got, 200, "OK", nil).String())
	if res := await.From(t, "a response", responses); res.StatusCode != 200 {
		t.Fatal(res.StartLine())
	}
	return got
}

func TestRequestsOfADialogTakeTheWayItCameBy(t *testing.T) {
	invite, found := flows(t)
	s := serve(t, Config{Listen: append(everyWay(), on(UDP, "127.0.0.2"))}, invite)
	for i, l := range s.Addresses() {
		t.Run(l.Network+" "+l.Address.Addr().String(), func(t *testing.T) {
			p := reach(t, s, i) // it listens nowhere
			if res := p.ask(message("INVITE")); res.StatusCode != 603 {
				t.Fatal(res.StartLine())
			}
			f := await.From(t, "a flow", found)
			if l.Network != UDP { // over UDP, the peer would have to listen at its Contact
				var err error
				if f, err = s.hop(t.Context(), f, nowhere); err != nil {
					t.Fatal(err)
				}
			}
			got := talk(t, s, f, bye(), p)
			if via := got.Via(); !strings.EqualFold(via.Transport, l.Network) || via.Port != int(l.Address.Port()) || via.Host != l.Address.Addr().String() {
				t.Errorf("Via %s of what listens at %v", via.Value(), l)
			}
		})
	}
}

func TestADialogGoesOnWhereItsConnectionIsGone(t *testing.T) {
	invite, found := flows(t)
	s := serve(t, Config{Listen: []Listen{on(TCP, "127.0.0.1")}}, invite)
	p := reach(t, s, 0)
	p.ask(message("INVITE"))
	f := await.From(t, "a flow", found)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	await.That(t, "an end of the connection", func() bool { return !s.connected(f) })

	contact, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = contact.Close() }()
	next, err := s.hop(t.Context(), f, uriOf("sip:2125550100@"+contact.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan net.Conn, 1)
	go func() {
		conn, err := contact.Accept()
		if err != nil {
			t.Error(err)
		}
		conns <- conn
	}()
	sent := make(chan error, 1)
	go func() {
		_, err := s.send(await.Context(t), next, bye(), nobody)
		sent <- err
	}()
	again := newPeer(t, await.From(t, "a connection", conns), TCP)
	defer func() { _ = again.Close() }()
	if got := again.request(); got.Method != sip.BYE {
		t.Error(got.StartLine())
	}
	if err := await.From(t, "an end of sending", sent); err != nil {
		t.Error(err)
	}
}

func TestTheNextHopIsWhatCanBeReached(t *testing.T) {
	s := serve(t, Config{Listen: []Listen{on(UDP, "127.0.0.1"), on(TCP, "127.0.0.1"), on(UDP, "::1")}}, nil)
	local := s.Addresses()[0].Address
	seen := netip.MustParseAddrPort("203.0.113.5:40000")
	f := flow{network: UDP, local: local, peer: seen}
	for target, want := range map[string]string{
		"sip:a@203.0.113.5:5060":             "udp 203.0.113.5:5060",
		"sip:a@203.0.113.9":                  "udp 203.0.113.9:5060",
		"sip:a@192.168.1.20:5062":            "udp 203.0.113.5:40000", // behind a NAT
		"sip:a@100.64.3.4":                   "udp 203.0.113.5:40000",
		"sip:a@0.0.0.0":                      "udp 203.0.113.5:40000",
		"sip:a@203.0.113.9;transport=TCP":    "tcp 203.0.113.9:5060",
		"sips:a@203.0.113.9":                 "tls 203.0.113.9:5061",
		"sip:a@[2001:db8::5]:5070":           "udp [2001:db8::5]:5070",
		"sip:a@localhost:5070":               "udp 203.0.113.5:40000", // nobody's own name elsewhere
		"sip:a@203.0.113.9:5080;unknown=tcp": "udp 203.0.113.9:5080",
	} {
		next, err := s.hop(t.Context(), f, uriOf(target))
		if err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		if got := next.network + " " + next.peer.String(); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
		if next.network == UDP && next.peer.Addr().Is4() && next.local != local {
			t.Errorf("%s: from %s, want %s", target, next.local, local)
		}
	}
	inside := flow{network: UDP, local: local, peer: netip.MustParseAddrPort("127.0.0.9:40000")}
	if next, err := s.hop(t.Context(), inside, nowhere); err != nil || next.peer.String() != "127.0.0.1:9" {
		t.Errorf("within one network: %v, %v", next, err)
	}
}

func TestASocketIsFoundForACallOfOurs(t *testing.T) {
	public := netip.MustParseAddrPort("203.0.113.7:5070")
	behind := on(TCP, "127.0.0.1")
	behind.Public = public
	s := serve(t, Config{Listen: []Listen{on(UDP, "0.0.0.0"), behind, on(UDP, "127.0.0.1")}}, nil)
	all := s.Addresses()
	to := netip.MustParseAddrPort("127.0.0.1:9")

	f, err := s.flowTo(UDP, to)
	if err != nil || f.local != all[0].Address {
		t.Errorf("over UDP: %v, %v", f, err)
	}
	if got, want := s.sentBy(f), netip.AddrPortFrom(to.Addr(), all[0].Address.Port()); got != want {
		t.Errorf("a socket of all addresses says it is at %s, want %s", got, want)
	}
	f, err = s.flowTo(TCP, to)
	if err != nil || f.local != netip.AddrPortFrom(all[1].Address.Addr(), 0) || s.sentBy(f) != public {
		t.Errorf("over TCP: %v, %v, at %s", f, err, s.sentBy(f))
	}
	if f, err = s.flowTo(TLS, to); err != nil || s.sentBy(f).IsValid() {
		t.Errorf("over TLS, where nothing listens: %v, %v, at %s", f, err, s.sentBy(f))
	}
	if _, err = s.flowTo(UDP, netip.MustParseAddrPort("[::1]:9")); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("over UDP of IPv6, where nothing listens: %v", err)
	}
}

func TestLargeRequestsOverflowToTCPWhereTheyMay(t *testing.T) {
	s := serve(t, Config{Listen: []Listen{on(UDP, "127.0.0.1"), on(TCP, "127.0.0.1")}}, nil)
	byUDP, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = byUDP.Close() }()
	address := addressOf(byUDP.LocalAddr())
	udp := newPeer(t, towards{byUDP.(*net.UDPConn), s.Addresses()[0].Address}, UDP)
	f, err := s.flowTo(UDP, address)
	if err != nil {
		t.Fatal(err)
	}
	large := func() *sip.Request {
		req := bye()
		req.AppendHeader(sip.NewHeader("X-Large", strings.Repeat("x", 8000)))
		return req
	}
	if got := talk(t, s, f, large(), udp); len(got.String()) < 8000 || got.Via().Transport != "UDP" {
		t.Error("a large request did not go over UDP whole")
	}
	f.overflow = true
	if got := talk(t, s, f, large(), udp); got.Via().Transport != "UDP" {
		t.Error("a large request did not go over UDP where nobody takes a connection")
	}

	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(address))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	accepted := make(chan net.Conn, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- conn
	}()
	if got := talk(t, s, f, bye(), udp); got.Via().Transport != "UDP" {
		t.Error("a small request did not go over UDP")
	}
	responses := sends(t, s, f, large())
	tcp := newPeer(t, await.From(t, "a connection", accepted), TCP)
	defer func() { _ = tcp.Close() }()
	got := tcp.request()
	if via := got.Via(); via.Transport != "TCP" || via.Port != int(s.Addresses()[1].Address.Port()) {
		t.Errorf("the Via of a large request over TCP is %s", via.Value())
	}
	tcp.send(sip.NewResponseFromRequest(got, 200, "OK", nil).String())
	if res := await.From(t, "a response", responses); res.StatusCode != 200 {
		t.Error(res.StartLine())
	}

	invite := large()
	invite.Method = sip.INVITE
	invite.CSeq().MethodName = sip.INVITE
	if _, err = s.send(await.Context(t), f, invite, nobody); err != nil {
		t.Fatal(err)
	}
	if sent, cancelled := tcp.request(), talk(t, s, f, cancel(invite), tcp); sent.Via().Value() != cancelled.Via().Value() {
		t.Errorf("the CANCEL has %s, its INVITE %s", cancelled.Via().Value(), sent.Via().Value())
	}
}

func TestAnACKOfAnAnswerTakesTheFlow(t *testing.T) {
	invite, found := flows(t)
	s := serve(t, Config{Listen: everyWay()[:3]}, invite)
	for i, l := range s.Addresses() {
		p := reach(t, s, i)
		p.ask(message("INVITE"))
		ack := bye()
		ack.Method = sip.ACK
		if err := s.acknowledgeAnswer(await.Context(t), await.From(t, "a flow", found), ack); err != nil {
			t.Fatal(err)
		}
		if got := p.request(); got.Method != sip.ACK {
			t.Errorf("%s: %s", l.Network, got.StartLine())
		}
	}
}
