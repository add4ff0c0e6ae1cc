package rtp_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

var epoch = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// marshal returns a compound packet.
func marshal(t *testing.T, packets ...rtcp.Packet) []byte {
	t.Helper()
	b, err := rtcp.Marshal(packets)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// report returns the packets of a report.
func report(t *testing.T, b []byte, err error) []rtcp.Packet {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, kind := rtp.Read(b); kind != rtp.RTCP {
		t.Errorf("on the port of RTP it is of kind %d", kind)
	}
	return packets
}

func TestAReportSaysWhatWasSentAndReceived(t *testing.T) {
	c := rtp.NewControl(7, "name", epoch)
	var r rtp.Reception
	receive(&r, 9, 65530, 10, onTime)
	b, err := c.Report(rtp.Sent{Packets: 50, Bytes: 8000, Timestamp: 480}, &r, 1500*ms)
	want := []rtcp.Packet{
		&rtcp.SenderReport{
			SSRC:        7,
			NTPTime:     uint64(epoch.Unix()+2208988800+1)<<32 | 1<<31,
			RTPTime:     480,
			PacketCount: 50,
			OctetCount:  8000,
			Reports:     []rtcp.ReceptionReport{{SSRC: 9, LastSequenceNumber: 1<<16 + 3}},
		},
		rtcp.NewCNAMESourceDescription(7, "name"),
	}
	if diff := cmp.Diff(want, report(t, b, err)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestASenderReportIsOfWhatWasSentLately(t *testing.T) {
	c := rtp.NewControl(7, "name", epoch)
	var kinds []bool
	for _, packets := range []uint32{0, 50, 50, 50, 100, 100, 100} {
		b, err := c.Report(rtp.Sent{Packets: packets}, &rtp.Reception{}, 0)
		_, sender := report(t, b, err)[0].(*rtcp.SenderReport)
		kinds = append(kinds, sender)
	}
	if diff := cmp.Diff([]bool{false, true, true, false, true, true, false}, kinds); diff != "" {
		t.Errorf("sender reports (-want +got):\n%s", diff)
	}
}

func TestTheFractionLostIsThatSinceTheLastReport(t *testing.T) {
	c := rtp.NewControl(7, "name", epoch)
	var r rtp.Reception
	block := func() rtcp.ReceptionReport {
		b, err := c.Report(rtp.Sent{}, &r, 0)
		receiver, ok := report(t, b, err)[0].(*rtcp.ReceiverReport)
		if !ok {
			t.Fatal("no receiver report")
		}
		return receiver.Reports[0]
	}
	var got []rtcp.ReceptionReport
	for _, step := range []func(){
		func() { receive(&r, 9, 0, 50, onTime); receive(&r, 9, 75, 25, onTime) }, // a quarter is lost
		func() { receive(&r, 9, 100, 100, onTime) },
		func() { receive(&r, 9, 150, 50, onTime) }, // 50 duplicates, which RTCP sets off against the lost
		func() { receive(&r, 9, 299, 1, onTime) },  // 99 of 100
		func() {},
		func() { receive(&r, 10, 5, 10, onTime) },
	} {
		step()
		b := block()
		b.Jitter = 0
		got = append(got, b)
	}
	want := []rtcp.ReceptionReport{
		{SSRC: 9, FractionLost: 64, TotalLost: 25, LastSequenceNumber: 99},
		{SSRC: 9, TotalLost: 25, LastSequenceNumber: 199},
		{SSRC: 9, TotalLost: 1<<24 - 25, LastSequenceNumber: 199},
		{SSRC: 9, FractionLost: 253, TotalLost: 74, LastSequenceNumber: 299},
		{SSRC: 9, TotalLost: 74, LastSequenceNumber: 299},
		{SSRC: 10, LastSequenceNumber: 14},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

func TestTheRoundTripIsMeasured(t *testing.T) {
	// Two ends whose clocks are an hour apart; each packet takes 40 ms, and
	// the answer is kept for 3 s.
	here, there := rtp.NewControl(7, "here", epoch), rtp.NewControl(9, "there", epoch.Add(time.Hour))
	var heardHere, heardThere rtp.Reception
	receive(&heardHere, 9, 0, 10, onTime)
	receive(&heardThere, 7, 0, 5, onTime)
	receive(&heardThere, 7, 6, 5, onTime)

	b, err := here.Report(rtp.Sent{Packets: 1}, &heardHere, 5*time.Second)
	report(t, b, err)
	if bye, err := there.Read(b, 5040*ms); bye || err != nil {
		t.Fatal(bye, err)
	}
	if there.RoundTrip() != 0 {
		t.Errorf("before an answer: %v", there.RoundTrip())
	}
	b, err = there.Report(rtp.Sent{}, &heardThere, 8040*ms)
	report(t, b, err)
	if bye, err := here.Read(b, 8080*ms); bye || err != nil {
		t.Fatal(bye, err)
	}
	if off := here.RoundTrip() - 80*ms; off < -ms || off > ms {
		t.Errorf("round trip %v", here.RoundTrip())
	}
	if diff := cmp.Diff(rtp.FarReport{Known: true, Loss: 23.0 / 256, Lost: 1}, here.FarReport()); diff != "" {
		t.Errorf("what the far end reports (-want +got):\n%s", diff)
	}
}

func TestTimesThatCannotBeAreNoRoundTrip(t *testing.T) {
	c := rtp.NewControl(7, "name", epoch)
	middle := func(d time.Duration) uint32 {
		return uint32(epoch.Unix()+2208988800)<<16 + uint32(d*65536/time.Second)
	}
	for name, block := range map[string]rtcp.ReceptionReport{
		"no report to answer":   {SSRC: 7, Delay: 1},
		"a report to come":      {SSRC: 7, LastSenderReport: middle(2 * time.Minute)},
		"kept before it came":   {SSRC: 7, LastSenderReport: middle(59 * time.Second), Delay: 2 << 16},
		"a minute on the way":   {SSRC: 7, LastSenderReport: middle(0)},
		"nonsense":              {SSRC: 7, LastSenderReport: 1, Delay: 1 << 31},
		"of somebody else":      {SSRC: 8, LastSenderReport: middle(59 * time.Second)},
		"kept for a long, long": {SSRC: 7, LastSenderReport: middle(59 * time.Second), Delay: 1<<32 - 1<<20},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.Read(marshal(t, &rtcp.ReceiverReport{SSRC: 9, Reports: []rtcp.ReceptionReport{block}}), time.Minute); err != nil {
				t.Fatal(err)
			}
			if c.RoundTrip() != 0 {
				t.Errorf("round trip %v", c.RoundTrip())
			}
		})
	}
}

func TestABlockWithoutAReportIsNoRoundTrip(t *testing.T) {
	// A second after the middle of NTP time was 0.
	c := rtp.NewControl(7, "name", time.Unix(60000<<16-2208988800, 0))
	b := marshal(t, &rtcp.ReceiverReport{SSRC: 9, Reports: []rtcp.ReceptionReport{{SSRC: 7}}})
	if _, err := c.Read(b, time.Second); err != nil || c.RoundTrip() != 0 {
		t.Errorf("round trip %v, error %v", c.RoundTrip(), err)
	}
}

func TestAReportOfAnotherSourceIsNotAnswered(t *testing.T) {
	for ssrc, want := range map[uint32]uint32{9: 5, 10: 0} {
		c := rtp.NewControl(7, "name", epoch)
		if _, err := c.Read(marshal(t, &rtcp.SenderReport{SSRC: ssrc, NTPTime: 5 << 16}), 0); err != nil {
			t.Fatal(err)
		}
		var r rtp.Reception
		receive(&r, 9, 0, 1, onTime)
		b, err := c.Report(rtp.Sent{Packets: 1}, &r, 0)
		sender, ok := report(t, b, err)[0].(*rtcp.SenderReport)
		if !ok || sender.Reports[0].LastSenderReport != want {
			t.Errorf("the report of %d: %+v", ssrc, sender)
		}
	}
}

func TestAGoodbyeIsSentAndRead(t *testing.T) {
	c, far := rtp.NewControl(7, "name", epoch), rtp.NewControl(9, "far", epoch)
	b, err := c.Goodbye(rtp.Sent{Packets: 1}, &rtp.Reception{}, 0)
	packets := report(t, b, err)
	if diff := cmp.Diff(&rtcp.Goodbye{Sources: []uint32{7}}, packets[len(packets)-1]); diff != "" {
		t.Errorf("last packet (-want +got):\n%s", diff)
	}
	if bye, err := far.Read(b, 0); !bye || err != nil {
		t.Errorf("it is read as %v, %v", bye, err)
	}
}

func TestOfADamagedReportWhatStandsBeforeCounts(t *testing.T) {
	goodbye := marshal(t, &rtcp.Goodbye{Sources: []uint32{9}})
	other := marshal(t, &rtcp.PictureLossIndication{SenderSSRC: 9, MediaSSRC: 7})
	for _, c := range []struct {
		name  string
		b     []byte
		bye   bool
		wrong bool
	}{
		{"nothing", nil, false, true},
		{"another type", slices.Concat(other, goodbye), true, false},
		{"cut short", goodbye[:7], false, true},
		{"something after it", slices.Concat(goodbye, []byte{1, 2, 3, 4}), true, true},
		{"a packet of RTP after it", slices.Concat(goodbye, datagram(voice, nil)), true, true},
		{"more blocks than bytes", []byte{0x9f, 201, 0, 1, 0, 0, 0, 9}, false, true},
		{"a sender report of no size", []byte{0x80, 200, 0, 1, 0, 0, 0, 9}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			control := rtp.NewControl(7, "name", epoch)
			bye, err := control.Read(c.b, 0)
			if bye != c.bye || errors.Is(err, rtp.ErrControl) != c.wrong {
				t.Errorf("bye %v, error %v", bye, err)
			}
		})
	}
}

func TestReportsComeAtTimesThatDiffer(t *testing.T) {
	for _, c := range []struct {
		first  bool
		random float64
		want   time.Duration
	}{
		{false, 0, 2052 * ms},
		{false, 0.5, 4104 * ms},
		{false, 1, 6156 * ms},
		{true, 0, 1026 * ms},
		{true, 1, 3078 * ms},
	} {
		if got := rtp.Interval(c.first, c.random).Round(ms); got != c.want {
			t.Errorf("first %v, random %v: %v, want %v", c.first, c.random, got, c.want)
		}
	}
}
