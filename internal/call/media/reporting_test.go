package media_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// reports returns the RTCP that the phone was sent since the last call.
func (p *phone) reports() (packets []rtcp.Packet, to []netip.AddrPort) {
	p.s.Helper()
	for _, d := range p.s.network.takeSent(p.control()) {
		all, err := rtcp.Unmarshal(d.bytes)
		if err != nil {
			p.s.Fatal(err)
		}
		packets, to = append(packets, all...), append(to, d.other)
	}
	return packets, to
}

// TestReportsAreSentEveryFiveSeconds: from half to one and a half times of that,
// at random, on the port after that of RTP.
func TestReportsAreSentEveryFiveSeconds(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	s.pass(time.Minute)
	packets, to := p.reports()
	if len(to) < 60/7 || len(to) > 60/2 {
		t.Errorf("%d reports in a minute", len(to))
	}
	for _, at := range to {
		if at != netip.AddrPortFrom(p.from.Addr(), p.from.Port()+1) {
			t.Errorf("a report went to %v", at)
		}
	}
	last, ok := packets[len(packets)-2].(*rtcp.SenderReport)
	if !ok || len(last.Reports) != 1 {
		t.Fatalf("the last report is %v", packets)
	}
	heard := p.listen()
	if last.SSRC != heard[0].SSRC || last.PacketCount > uint32(len(heard)) || last.PacketCount*160 != last.OctetCount ||
		last.Reports[0].SSRC != p.SSRC || last.Reports[0].TotalLost != 0 {
		t.Errorf("the last report is %+v", last)
	}
	s.network.arrive(p.control(), netip.MustParseAddrPort("198.51.100.1:9"), goodbye(t, p.SSRC)) // a stranger's
	s.pass(100 * ms)
	record := p.hangUp()
	if record.Received.Lost != 0 || record.Received.Received < 2990 || record.Received.MOS < 4.3 || record.Ignored != 1 || record.Remote != p.from {
		t.Errorf("the record is %+v", record)
	}
}

func goodbye(t fataler, ssrc uint32) []byte {
	t.Helper()
	b, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: ssrc}, &rtcp.Goodbye{Sources: []uint32{ssrc}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRecordSaysHowBothEndsReceived: what was lost here, and what the far end
// reports; reports go where its own come from.
func TestRecordSaysHowBothEndsReceived(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	s.pass(time.Second)
	ssrc := p.listen()[0].SSRC
	for range 5 {
		p.Sequence += 2
		p.Timestamp += 320
		s.pass(time.Second)
	}
	theirs, err := rtcp.Marshal([]rtcp.Packet{
		&rtcp.ReceiverReport{SSRC: p.SSRC, Reports: []rtcp.ReceptionReport{{SSRC: ssrc, FractionLost: 64, TotalLost: 30}}},
		rtcp.NewCNAMESourceDescription(p.SSRC, "phone"),
	})
	if err != nil {
		t.Fatal(err)
	}
	from := netip.AddrPortFrom(p.from.Addr(), 9)
	s.network.arrive(p.control(), from, theirs)
	s.pass(20 * time.Second)
	if _, to := p.reports(); to[len(to)-1] != from {
		t.Errorf("the last report went to %v, theirs came from %v", to[len(to)-1], from)
	}
	record := p.hangUp()
	if record.Received.Lost != 10 || record.Received.MOS > 4.4 || record.Far.Lost != 30 || record.Far.Loss != 0.25 || record.Sent.Packets < 1000 {
		t.Errorf("the record is %+v", record)
	}
}

// TestALegTellsHowItsSoundTravels while the call lasts, and after it.
func TestALegTellsHowItsSoundTravels(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMA, 20*ms, media.Rules{})
	if r := p.leg.Report(); r.Received != 0 || r.MOS != 0 {
		t.Errorf("before anything has come: %+v", r)
	}
	p.talk(true)
	s.pass(10 * time.Second)
	p.Sequence += 10
	s.pass(time.Second)
	within := p.leg.Report()
	if within.Codec != sdp.PCMA || within.Lost != 10 || within.Received < 540 || within.Received > 552 || within.Sent < 540 || within.MOS < 3 || within.MOS > 4.39 {
		t.Errorf("in the call: %+v", within)
	}
	record := p.hangUp()
	want := media.Report{
		Codec: sdp.PCMA, Received: record.Received.Received, Sent: uint64(record.Sent.Packets), Lost: 10,
		Jitter: record.Received.Jitter, MOS: record.Received.MOS,
	}
	if after := p.leg.Report(); after != want {
		t.Errorf("after the call: %+v, want %+v", after, want)
	}
}
