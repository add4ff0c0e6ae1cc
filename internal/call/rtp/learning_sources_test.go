package rtp_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

var (
	told     = netip.MustParseAddrPort("127.0.10.2:4000")  // by the session description
	phone    = netip.MustParseAddrPort("127.0.20.1:40000") // where its packets come from
	intruder = netip.MustParseAddrPort("127.0.30.1:50000")
	roamed   = netip.MustParseAddrPort("[2001:db8::1]:40000")
)

// from is a packet of a source.
type from struct {
	source   netip.AddrPort
	ssrc     uint32
	sequence uint16
}

// stream returns n packets of a source in order.
func stream(source netip.AddrPort, ssrc uint32, n int) []from {
	var packets []from
	for i := range n {
		packets = append(packets, from{source, ssrc, uint16(65534 + i)})
	}
	return packets
}

// judged returns the verdicts on packets: i ignored, a accepted, L learned.
func judged(l *rtp.Latch, packets ...from) string {
	var verdicts []byte
	for _, p := range packets {
		v := l.Step(p.source, rtp.Header{SSRC: p.ssrc, Sequence: p.sequence})
		verdicts = append(verdicts, "iaL"[v])
	}
	return string(verdicts)
}

func TestTheSourceIsLearned(t *testing.T) {
	a, b := stream(phone, 1, 6), stream(intruder, 2, 6)
	spelled := netip.AddrPortFrom(netip.AddrFrom16(phone.Addr().As16()), phone.Port())
	for _, c := range []struct {
		name    string
		packets []from
		want    string
		target  netip.AddrPort
	}{
		{"nobody", nil, "", told},
		{"two packets", a[:2], "ii", told},
		{"three packets", a[:4], "iiLa", phone},
		{"from the address that was told", stream(told, 1, 4), "aaLa", told},
		{"from there, and then from another", append(stream(told, 1, 2), append(a[:3:3], stream(told, 1, 1)...)...), "aaiiLi", phone},
		{"an intruder after it", append(a[:3:3], b...), "iiLiiiiii", phone},
		{"an intruder between", []from{a[0], b[0], a[1], b[1], a[2], b[2], b[3], a[3]}, "iiiiLiia", phone},
		{"the address that was told, after an intruder", append(b[:3:3], stream(told, 1, 4)...), "iiLiiLa", told},
		{"an intruder after both", append(append(a[:3:3], stream(told, 1, 3)...), append(a[3:6:6], b...)...), "iiLiiLiiiiiiiii", told},
		{"one packet thrice", []from{a[0], a[0], a[0], a[0]}, "iiii", told},
		{"a lost one and one out of order", []from{a[0], a[3], a[2]}, "iiL", phone},
		{"three SSRCs", []from{{phone, 1, 1}, {phone, 2, 2}, {phone, 3, 3}}, "iii", told},
		{"numbers at random", []from{{phone, 1, 1}, {phone, 1, 20000}, {phone, 1, 40000}, {phone, 1, 60000}}, "iiii", told},
		{"numbers that begin again", []from{{phone, 1, 1}, {phone, 1, 2}, {phone, 1, 40000}, {phone, 1, 40001}, {phone, 1, 40002}}, "iiiiL", phone},
		{"another SSRC of the source", append(a[:3:3], stream(phone, 9, 2)...), "iiLaa", phone},
		{"another port of its address", append(a[:3:3], from{netip.AddrPortFrom(phone.Addr(), 1), 1, 3}), "iiLi", phone},
		{"as a socket of IPv6 spells it", []from{a[0], {spelled, 1, 65535}, a[2], {spelled, 1, 1}}, "iiLa", phone},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := rtp.NewLatch(told, false)
			if got := judged(&l, c.packets...); got != c.want || l.Target() != c.target {
				t.Errorf("%q, target %v; want %q, %v", got, l.Target(), c.want, c.target)
			}
		})
	}
}

func TestAfterAReINVITETheSourceIsLearnedAgain(t *testing.T) {
	l := rtp.NewLatch(told, false)
	judged(&l, stream(phone, 1, 3)...)
	l.Renew(told)
	both := []from{{phone, 1, 5}, {roamed, 1, 100}, {phone, 1, 6}, {roamed, 1, 101}, {roamed, 1, 102}, {phone, 1, 7}, {roamed, 1, 103}}
	if got := judged(&l, both...); got != "aiaiLia" || l.Target() != roamed {
		t.Errorf("%q, target %v", got, l.Target())
	}
	l.Renew(told)
	if got := judged(&l, append(stream(roamed, 1, 3), stream(intruder, 2, 4)...)...); got != "aaaiiii" {
		t.Errorf("where the source stays: %q", got)
	}
}

func TestAStrictLatchBelievesOnlyWhatWasTold(t *testing.T) {
	l := rtp.NewLatch(told, true)
	packets := append(stream(phone, 1, 4), stream(told, 2, 2)...)
	if got := judged(&l, packets...); got != "iiiiaa" || l.Target() != told {
		t.Errorf("%q, target %v", got, l.Target())
	}
	l.Renew(phone)
	if got := judged(&l, packets...); got != "aaaaii" || l.Target() != phone {
		t.Errorf("after a re-INVITE: %q, target %v", got, l.Target())
	}
}

// TestNobodyTakesACallOver: whatever sources send, once one is believed the
// others are ignored, but for the address that was told; before it all are but that.
func TestNobodyTakesACallOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := rtp.NewLatch(told, false)
		sources := []netip.AddrPort{told, phone, intruder, roamed}
		var believed netip.AddrPort
		heard := told
		verdicts := map[netip.AddrPort]int{}
		for range rapid.IntRange(0, 100).Draw(t, "packets") {
			p := from{
				rapid.SampledFrom(sources).Draw(t, "source"),
				rapid.Uint32Range(1, 2).Draw(t, "SSRC"),
				rapid.Uint16Range(0, 300).Draw(t, "sequence"),
			}
			verdict := judged(&l, p)
			verdicts[p.source]++
			switch {
			case verdict == "L" && (believed.IsValid() && p.source != told || believed == told || verdicts[p.source] < 3):
				t.Fatalf("%v was learned after %d packets, after %v", p.source, verdicts[p.source], believed)
			case verdict == "L":
				believed, heard = p.source, p.source
			case (verdict == "a") != (p.source == heard):
				t.Fatalf("%v got %q, believed is %v", p.source, verdict, believed)
			}
		}
		if want := believed; want.IsValid() && cmp.Diff(want.String(), l.Target().String()) != "" {
			t.Fatalf("the target is %v, want %v", l.Target(), want)
		}
	})
}
