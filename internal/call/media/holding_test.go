package media_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// TestNothingIsSentToWhoWantsNothing: and when they do again, it begins with a
// marker at the time it is.
func TestNothingIsSentToWhoWantsNothing(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	s.pass(time.Second)
	first := p.listen()[0]
	held := agreed(sdp.PCMU, 20*ms, p.from)
	held.Held, held.Direction = true, sdp.RecvOnly
	p.leg.Agree(held)
	s.pass(10 * time.Second)
	if got := p.listen(); len(got) > 1 {
		t.Errorf("%d packets were sent on hold", len(got))
	}
	p.leg.Agree(agreed(sdp.PCMU, 20*ms, p.from))
	s.pass(100 * ms)
	again := p.listen()
	if len(again) < 4 || !again[0].Marker {
		t.Fatalf("after hold: %s", describe(again))
	}
	unbroken(t, again, 160)
	if passed, told := again[0].At-first.At, time.Duration(again[0].Timestamp-first.Timestamp)*time.Second/8000; told != passed {
		t.Errorf("%v have passed, the timestamps say %v", passed, told)
	}
}

func TestSilenceOfTheFarEndIsTold(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{Timeout: 30 * time.Second})
	wants := func(when string, want ...media.EventKind) {
		t.Helper()
		var got []media.EventKind
		for _, e := range p.events() {
			got = append(got, e.Kind)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	s.pass(40 * time.Second)
	wants("while it rings")
	p.leg.Answered()
	s.pass(29 * time.Second)
	wants("29 s after the answer")
	s.pass(2 * time.Second)
	wants("31 s after the answer", media.Quiet)
	s.pass(60 * time.Second)
	wants("a minute later")
	p.talk(true)
	s.pass(time.Second)
	wants("when it speaks", media.Heard)
	s.pass(60 * time.Second)
	wants("while it speaks")
	p.talk(false)
	held := agreed(sdp.PCMU, 20*ms, p.from)
	held.Held, held.Direction = true, sdp.RecvOnly
	p.leg.Agree(held)
	s.pass(90 * time.Second)
	wants("on hold")
	p.leg.Agree(agreed(sdp.PCMU, 20*ms, p.from))
	s.pass(29 * time.Second)
	wants("29 s after the hold")
	s.pass(2 * time.Second)
	wants("31 s after the hold", media.Quiet)
}

// TestAPhoneThatSendsNoSilenceIsThere sends comfort noise alone, which nobody asked for.
func TestAPhoneThatSendsNoSilenceIsThere(t *testing.T) {
	for _, c := range []struct {
		name string
		from string // "": where the phone is
		want int    // events
	}{
		{"from the caller", "", 0},
		{"from elsewhere", "192.0.2.66:4000", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, cleanup := newStage(t)
			defer cleanup()
			p := s.call(sdp.PCMU, 20*ms, media.Rules{Timeout: 30 * time.Second})
			p.leg.Answered()
			if c.from != "" {
				p.from = netip.MustParseAddrPort(c.from)
			}
			for n := range uint16(10) {
				p.send(rtp.Header{PayloadType: 13, Sequence: n, SSRC: 7}, []byte{70})
				s.pass(5 * time.Second)
			}
			if got := p.events(); len(got) != c.want {
				t.Errorf("after 50 s of comfort noise: %+v, want %d", got, c.want)
			}
		})
	}
}

// TestTwoWhoAreJoinedHearEachOtherAtOnceAfterAHold: of any form, and for longer than a
// far end may be silent.
func TestTwoWhoAreJoinedHearEachOtherAtOnceAfterAHold(t *testing.T) {
	for name, hold := range map[string]func(*sdp.Agreement){
		"sendonly": func(a *sdp.Agreement) { a.Direction = sdp.RecvOnly },
		"inactive": func(a *sdp.Agreement) { a.Direction = sdp.Inactive },
		"0.0.0.0":  func(a *sdp.Agreement) { a.Direction, a.Remote = sdp.RecvOnly, netip.AddrPort{} },
	} {
		t.Run(name, func(t *testing.T) {
			s, cleanup := newStage(t)
			defer cleanup()
			rules := media.Rules{Timeout: 30 * time.Second}
			a := s.call(sdp.PCMU, 20*ms, rules)
			rules.Beside = a.leg
			b := s.call(sdp.PCMU, 20*ms, rules)
			if err := a.leg.Join(b.leg); err != nil {
				t.Fatal(err)
			}
			for _, p := range []*phone{a, b} {
				p.leg.Answered()
				p.talk(true)
			}
			s.pass(time.Second)
			held := agreed(sdp.PCMU, 20*ms, b.from)
			held.Held = true
			hold(&held)
			b.talk(false)
			b.leg.Agree(held)
			s.pass(90 * time.Second)
			b.talk(true)
			b.leg.Agree(agreed(sdp.PCMU, 20*ms, b.from))
			a.listen()
			b.listen()
			s.pass(100 * ms)
			for _, p := range []*phone{a, b} {
				said := 0
				for _, packet := range p.listen() {
					if !isSilence(packet.Payload) {
						said++
					}
				}
				if said < 3 {
					t.Errorf("%d packets of the other side in the first 100 ms", said)
				}
				if events := p.events(); len(events) > 0 {
					t.Errorf("it was told %+v", events)
				}
			}
		})
	}
}
