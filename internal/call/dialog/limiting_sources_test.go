package dialog

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

var (
	someoneElse = netip.MustParseAddr("198.51.100.1")
	subscriber  = netip.MustParseAddr("2001:db8:1:2::1")
)

// burst returns how many datagrams of a size are admitted at once.
func burst(l *limiter, from netip.Addr, bytes int, now time.Duration) (n int, wait time.Duration) {
	for {
		if wait, _ = l.admit(from, bytes, now); wait > 0 {
			return n, wait
		}
		n++
	}
}

func TestASourceHasABurstAndThenARate(t *testing.T) {
	l := newLimiter()
	n, wait := burst(l, someoneElse, 500, time.Hour)
	if n != tokenBurst || wait != tokenEvery {
		t.Fatalf("%d at once, then a wait of %s", n, wait)
	}
	for i := 1; i <= 100; i++ {
		now := time.Hour + time.Duration(i)*tokenEvery
		if n, _ := burst(l, someoneElse, 500, now); n != 1 {
			t.Fatalf("%d admitted %d waits later, want 1", n, i)
		}
	}
	if n, _ := burst(l, someoneElse, 500, 2*time.Hour); n != tokenBurst {
		t.Fatalf("%d at once after an hour", n)
	}
}

func TestLargeMessagesCostMore(t *testing.T) {
	l := newLimiter()
	if n, _ := burst(l, someoneElse, 3*tokenBytes, 0); n != tokenBurst/4 {
		t.Fatalf("%d at once", n)
	}
}

func TestASourceIsAnAddressOrA64OfIPv6(t *testing.T) {
	l := newLimiter()
	burst(l, subscriber, 1, 0)
	burst(l, someoneElse, 1, 0)
	for address, refused := range map[string]bool{
		"2001:db8:1:2:ffff::9": true,
		"2001:db8:1:3::1":      false,
		"::ffff:198.51.100.1":  true,
		"198.51.100.2":         false,
	} {
		if wait, _ := l.admit(netip.MustParseAddr(address), 1, 0); (wait > 0) != refused {
			t.Errorf("%s has to wait %s", address, wait)
		}
	}
}

func TestTwentyOffencesInAMinuteSilenceASource(t *testing.T) {
	l := newLimiter()
	now := time.Hour
	for i := 1; i < maxOffences; i++ {
		if l.offend(someoneElse, now) {
			t.Fatalf("silenced by offence %d", i)
		}
		now += offencesIn / maxOffences
	}
	if !l.offend(someoneElse, now) {
		t.Fatal("not silenced")
	}
	if l.offend(someoneElse, now) {
		t.Fatal("silenced a second time at once")
	}
	for _, at := range []struct {
		after  time.Duration
		silent bool
	}{{0, true}, {silence - 1, true}, {silence, false}} {
		wait, silent := l.admit(someoneElse, 1, now+at.after)
		if silent != at.silent || silent && wait != silence-at.after {
			t.Errorf("%s later: silent %t, wait %s", at.after, silent, wait)
		}
	}
	if l.offend(someoneElse, now+silence) {
		t.Error("silenced again by the first offence after that")
	}
}

func TestOffencesThatAreFarApartAreForgiven(t *testing.T) {
	l := newLimiter()
	for i := range 200 {
		if l.offend(someoneElse, time.Duration(i)*(offencesIn/(maxOffences-1)+1)) {
			t.Fatalf("silenced by offence %d", i+1)
		}
	}
}

func TestNobodyPaysForOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLimiter()
		var now time.Duration
		strangers := rapid.SliceOfN(rapid.Uint32(), 1, 2000).Draw(t, "strangers")
		offending := rapid.Bool().Draw(t, "offending")
		for i, stranger := range strangers {
			var b [4]byte
			binary.BigEndian.PutUint32(b[:], stranger|1<<31)
			from := netip.AddrFrom4(b)
			if offending {
				for range maxOffences {
					l.offend(from, now)
				}
			}
			l.admit(from, 60000, now)
			if i%10 == 0 {
				if wait, _ := l.admit(subscriber, 500, now); wait > 0 {
					t.Fatalf("has to wait %s after %d strangers", wait, i)
				}
			}
			now += tokenEvery / 10
		}
	})
}

func TestAFloodOfSourcesTakesNoMemory(t *testing.T) {
	if size := unsafe.Sizeof(limiter{}); size > 1<<20 {
		t.Errorf("the table has %d bytes", size)
	}
	l := newLimiter()
	var i uint32
	if allocated := testing.AllocsPerRun(100_000, func() {
		i++
		l.admit(netip.AddrFrom4([4]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}), 500, 0)
	}); allocated > 0 {
		t.Errorf("%v allocations for each source", allocated)
	}
}
