package dialog

import (
	"net"
	"net/netip"
	"testing"
)

// BenchmarkDropped is what a datagram of a silenced source costs after it has
// been read.
func BenchmarkDropped(b *testing.B) {
	d := &datagrams{gate: newGate(func(netip.Addr) bool { return false }, nil)}
	d.gate.told.First = 0
	text := []byte(message("INVITE", body("application/sdp", offer)...))
	from := netip.AddrPortFrom(someoneElse, 5060)
	for range maxOffences {
		d.gate.limits.offend(someoneElse, 0)
	}
	b.ReportAllocs()
	for b.Loop() {
		if d.sift(copy(d.buffer[:], text), from) != nil {
			b.Fatal("it was not dropped")
		}
	}
}

// BenchmarkSifted is what one of a source in good standing costs before sipgo has
// it.
func BenchmarkSifted(b *testing.B) {
	d := &datagrams{gate: newGate(everyone, nil)}
	text := []byte(message("INVITE", body("application/sdp", offer)...))
	from := netip.AddrPortFrom(someoneElse, 5060)
	b.ReportAllocs()
	for b.Loop() {
		if d.sift(copy(d.buffer[:], text), from) == nil {
			b.Fatal("it was dropped")
		}
	}
}

// BenchmarkDroppedFromSocket is a datagram of a silenced source all told: the
// system calls of both sides are in it.
func BenchmarkDroppedFromSocket(b *testing.B) {
	s := opening(b, Config{}, nil)
	for range maxOffences {
		s.gate.limits.offend(netip.MustParseAddr("127.0.0.1"), 0)
	}
	run(b, s)
	text := []byte(message("INVITE", body("application/sdp", offer)...))
	conn, err := net.Dial("udp", s.Addresses()[0].Address.String())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(text); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefused is a request that is parsed, refused and forgotten, as the
// other side sees it.
func BenchmarkRefused(b *testing.B) {
	s := serve(b, Config{Trusted: everyone}, nil)
	p := reach(b, s, 0)
	b.ReportAllocs()
	for b.Loop() {
		p.ask(message("INVITE", with("Require: precondition")...))
	}
}

// BenchmarkKey is a request within a call, as the other side sees it: it is taken by
// the call, and answered.
func BenchmarkKey(b *testing.B) {
	s, err := New(Config{Listen: []Listen{on(UDP, "127.0.0.1")}, Trusted: everyone, Incoming: func(c *Call) func(Event) {
		c.Answer(ours(5000))
		return func(Event) {}
	}})
	if err != nil {
		b.Fatal(err)
	}
	run(b, s)
	p := reach(b, s, 0)
	p.send(message("INVITE", body("application/sdp", offer)...))
	id, ack := p.dialog()
	p.send(ack)
	b.ReportAllocs()
	for n := 2; b.Loop(); n++ {
		p.ask(keyed(id, "5", n))
	}
}
