package media_test

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// TestSoundGoesWhereTheCallersComesFrom: a phone behind a NAT tells an address
// that nobody reaches. A third party does not take the call over.
func TestSoundGoesWhereTheCallersComesFrom(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	told := netip.MustParseAddrPort("127.0.10.2:4000")
	p.leg.Agree(agreed(sdp.PCMU, 20*ms, told))
	s.pass(100 * ms)
	if last := lastOf(t, p); last.To != told {
		t.Errorf("before the phone has sent: to %v, want %v", last.To, told)
	}
	p.from = netip.MustParseAddrPort("127.0.20.1:40000")
	p.talk(true)
	s.pass(200 * ms)
	if last := lastOf(t, p); last.To != p.from {
		t.Errorf("the phone sends from %v, sound goes to %v", p.from, last.To)
	}
	tap := p.leg.Listen(media.FromCaller)
	intruder := *p
	intruder.from, intruder.SSRC = netip.MustParseAddrPort("127.0.30.1:50000"), 666
	intruder.says = func(int) []byte { return bytes.Repeat([]byte{66}, 160) }
	intruder.talk(true)
	s.before = append(s.before, intruder.step)
	s.pass(time.Second)
	if last := lastOf(t, p); last.To != p.from {
		t.Errorf("an intruder gets the sound: it goes to %v", last.To)
	}
	intruder.press(9, all, false)
	if keys := p.keys(); keys != "" {
		t.Errorf("the intruder has pressed %q", keys)
	}
	b := make([]byte, 1500)
	frames := 0
	for f, ok := tap.Read(b); ok; f, ok = tap.Read(b) {
		frames++
		if f.Packet.SSRC == 666 {
			t.Fatal("the intruder is heard")
		}
	}
	if frames < 50 {
		t.Errorf("%d frames of the phone were heard in a second", frames)
	}
}

func TestSourceIsLearnedAgainWithEachAgreement(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	for _, strict := range []bool{false, true} {
		p := s.call(sdp.PCMU, 20*ms, media.Rules{Strict: strict})
		told := p.from
		p.talk(true)
		s.pass(200 * ms)
		p.from = netip.MustParseAddrPort("192.0.2.9:4000")
		p.SSRC++
		s.pass(200 * ms)
		if last := lastOf(t, p); last.To != told {
			t.Errorf("strict %v: without a new agreement sound goes to %v", strict, last.To)
		}
		p.leg.Agree(agreed(sdp.PCMU, 20*ms, told))
		s.pass(200 * ms)
		want := p.from
		if strict {
			want = told
		}
		if last := lastOf(t, p); last.To != want {
			t.Errorf("strict %v: sound goes to %v, want %v", strict, last.To, want)
		}
	}
}

// TestWhatIsNoSoundOfTheCallIsIgnored: and counted.
func TestWhatIsNoSoundOfTheCallIsIgnored(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	s.pass(200 * ms)
	p.talks = false
	s.pass(40 * ms)
	tap := p.leg.Listen(media.FromCaller)
	s.pass(tick)
	for _, b := range [][]byte{{}, {1}, bytes.Repeat([]byte{0xff}, 1500), make([]byte, 200)} {
		s.network.arrive(p.at(), p.from, b)
		s.network.arrive(p.control(), p.from, b)
	}
	p.send(rtp.Header{PayloadType: 13, SSRC: p.SSRC, Sequence: p.Sequence}, []byte{0x40}) // comfort noise that was not agreed on
	s.pass(time.Second)
	if _, ok := tap.Read(make([]byte, 1500)); ok || len(p.events()) > 0 {
		t.Error("something of it was heard")
	}
	if record := p.hangUp(); record.Ignored != 9 {
		t.Errorf("%d datagrams were ignored, want 9", record.Ignored)
	}
}

// lastOf returns the last packet that a phone was sent.
func lastOf(t fataler, p *phone) packet {
	t.Helper()
	packets := p.listen()
	if len(packets) == 0 {
		t.Fatal("nothing is sent")
	}
	return packets[len(packets)-1]
}
