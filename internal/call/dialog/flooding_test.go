package dialog

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/switchhook/switchhook/test/await"
)

// sourcesOfAFlood is how many made-up sources a flood has: some seconds of an
// attack, or a moment of it.
func sourcesOfAFlood() int {
	if os.Getenv("SWITCHHOOK_TEST_FULL") != "" {
		return 1 << 18
	}
	return 2000
}

// TestAFloodOfMadeUpSourcesTakesNoMemory sends an INVITE from each of many
// addresses, as somebody does who writes any source into datagrams. Some are
// refused by the stack, the others by the handler of calls.
func TestAFloodOfMadeUpSourcesTakesNoMemory(t *testing.T) {
	s := opening(t, Config{}, nil)
	address := s.Addresses()[0].Address
	run(t, s)
	p := reach(t, s, 0)
	p.answered()
	before, goroutines := heapInUse(), runtime.NumGoroutine()
	for i := range sourcesOfAFlood() {
		from := net.UDPAddrFromAddrPort(netip.AddrPortFrom(source(i), 0))
		conn, err := net.DialUDP("udp4", from, net.UDPAddrFromAddrPort(address))
		if err != nil {
			t.Fatal(err)
		}
		text := message("INVITE")
		if i%2 == 0 {
			text = message("INVITE", with("Require: precondition")...)
		}
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		_ = conn.Close() // what is answered finds nobody
		if i%256 == 0 {
			p.answered() // and so were those before
		}
	}
	p.answered()
	if n := s.transport.Pool(UDP).Size(); n > 1 {
		t.Errorf("sipgo remembers %d connections", n)
	}
	await.That(t, "an end of all that was begun", func() bool { return runtime.NumGoroutine() <= goroutines })
	after := heapInUse()
	if after > before+2<<20 { // a transaction of sipgo stays for half a minute, with all that it was made of
		t.Errorf("%d KiB of heap became %d", before>>10, after>>10)
	}
	t.Logf("%d KiB of heap, %d more than before", after>>10, (int(after)-int(before))>>10)
}

// source is the i-th of many addresses of this machine.
func source(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, byte(1 + i>>16), byte(i >> 8), byte(i)})
}

// TestASilencedSourceIsNotAnswered also shows that others are, and that one who
// is trusted always is.
func TestASilencedSourceIsNotAnswered(t *testing.T) {
	for _, network := range []string{UDP, TCP} {
		t.Run(network, func(t *testing.T) {
			s := serve(t, Config{
				Listen:  []Listen{on(network, "127.0.0.1")},
				Trusted: func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.3") },
			}, nil)
			bad, good, trusted := reachFrom(t, s, "127.0.0.2"), reachFrom(t, s, "127.0.0.4"), reachFrom(t, s, "127.0.0.3")
			offend := func(p *peer, from string) {
				for range 2 * maxOffences {
					p.send("INVITE nothing SIP/2.0\r\n\r\n")
					if network == TCP { // which closes the connection
						if !p.gone() {
							t.Fatal("the connection was not closed")
						}
						p = reachFrom(t, s, from)
					}
				}
			}
			offend(bad, "127.0.0.2")
			await.That(t, "a silence", func() bool {
				_, silent := s.gate.admit(netip.MustParseAddr("127.0.0.2"), 0)
				return silent
			})
			offend(trusted, "127.0.0.3")
			if network == UDP {
				good.answered() // so the garbage before has been read
				bad.send(message("OPTIONS"))
				good.answered()
				if bad.heard() {
					t.Error("a silenced source was answered")
				}
			} else {
				bad = reachFrom(t, s, "127.0.0.2")
				if !bad.gone() {
					t.Error("a silenced source's connection was not closed")
				}
			}
			reachFrom(t, s, "127.0.0.4").answered()
			reachFrom(t, s, "127.0.0.3").answered()
		})
	}
}

// reachFrom connects a peer that has an address of its own.
func reachFrom(t testing.TB, s *Stack, ip string) *peer {
	t.Helper()
	l := s.Addresses()[0]
	var local net.Addr = &net.UDPAddr{IP: net.ParseIP(ip)}
	if l.Network != UDP {
		local = &net.TCPAddr{IP: net.ParseIP(ip)}
	}
	conn, err := (&net.Dialer{LocalAddr: local}).Dial(l.Network, l.Address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return newPeer(t, conn, l.Network)
}

func TestWhoSendsTooMuchIsReadMoreSlowly(t *testing.T) {
	s := serve(t, Config{Listen: []Listen{on(TCP, "127.0.0.1")}}, nil)
	p := reach(t, s, 0)
	const n = tokenBurst + 50
	var all strings.Builder
	for range n {
		all.WriteString(message("OPTIONS", with("X-Large: "+strings.Repeat("x", tokenBytes))...))
	}
	p.send(all.String())
	for i := range n {
		if res := p.answer(); res.StatusCode != 200 {
			t.Fatalf("%d: %s", i, res.StartLine())
		}
	}
}

func TestASourceHasSoManyConnectionsAtOnce(t *testing.T) {
	g := newGate(func(netip.Addr) bool { return false }, nil)
	for i := range maxFromSource {
		g.began = g.began.Add(-tokenEvery) // its tokens come back
		if ok, counted := g.connect(someoneElse); !ok || !counted {
			t.Fatalf("connection %d is refused", i)
		}
	}
	g.began = g.began.Add(-tokenBurst * tokenEvery)
	if ok, _ := g.connect(someoneElse); ok {
		t.Error("one more is taken")
	}
	if ok, _ := g.connect(subscriber); !ok {
		t.Error("another source's is refused")
	}
	g.disconnect(someoneElse)
	if ok, _ := g.connect(someoneElse); !ok {
		t.Error("it is refused after another has gone")
	}
	if len(g.connections) != 2 || g.total != maxFromSource+1 {
		t.Errorf("%d connections of %d sources", g.total, len(g.connections))
	}
}
