package rtp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/pion/rtcp"
)

// ErrControl is the error of Read for what is no RTCP.
var ErrControl = errors.New("not RTCP")

const (
	reportInterval = 5 * time.Second // RFC 3550 section 6.2
	compensation   = 1.21828         // e - 3/2, section 6.3.1
	maxRoundTrip   = 10 * time.Second
	ntpOffset      = 2_208_988_800 // seconds from 1900 to 1970
	maxLost        = 1<<23 - 1     // of the 24 bits of a report, signed
)

// Interval returns the time to the next report (RFC 3550 section 6.3.1), before
// the first half of what is usual. random is 0 to 1: two ends that began
// together shall not report together. Between two parties the minimum is always
// what counts: their reports would take 5 % of G.711 only if sent every 0.6 s.
func Interval(first bool, random float64) time.Duration {
	least := reportInterval
	if first {
		least /= 2
	}
	return time.Duration(float64(least) * (0.5 + random) / compensation)
}

// Control is the RTCP of one leg of a call (RFC 3550 section 6).
type Control struct {
	ssrc  uint32
	name  string
	epoch time.Time // the call began

	senderReport uint32        // the middle of the NTP time of the far end's last …
	reporter     uint32        // … its SSRC, and
	reportedAt   time.Duration // when it arrived
	roundTrip    time.Duration
	heard        FarReport

	sent   [2]uint32 // packets, at the last two reports
	before Sent      // by other streams of ours
}

// FarReport is what the far end reports of the stream that we send.
type FarReport struct {
	Known  bool
	Loss   float64 // since its report before, 0 to 1
	Lost   int     // packets of the whole call; negative where more duplicates came
	Jitter uint32  // in samples
}

// Sent is what was sent.
type Sent struct {
	Packets, Bytes uint32 // bytes of payload
	Timestamp      uint32 // that a packet sent now would have
}

// NewControl returns the RTCP of our stream ssrc in a call that began at epoch.
// The CNAME is a random one of this call (RFC 7022), because it is sent in the clear.
func NewControl(ssrc uint32, cname string, epoch time.Time) Control {
	return Control{ssrc: ssrc, name: cname, epoch: epoch}
}

// Begin begins another stream of ours, after the Goodbye of the one before and what
// was sent until now.
func (c *Control) Begin(ssrc uint32, sent Sent) {
	c.ssrc, c.before, c.heard = ssrc, sent, FarReport{}
	c.sent = [2]uint32{}
}

// RoundTrip returns the last round trip that was measured; 0: none was.
func (c *Control) RoundTrip() time.Duration { return c.roundTrip }

// FarReport returns the last report of the far end.
func (c *Control) FarReport() FarReport { return c.heard }

// Report returns a compound packet (RFC 3550 section 6.1): a sender report if
// anything was sent since the report before the last, else a receiver report;
// and who we are.
func (c *Control) Report(sent Sent, r *Reception, now time.Duration) ([]byte, error) {
	return c.compound(sent, r, now)
}

// Goodbye returns the last report, which says that our stream ends (section 6.6).
func (c *Control) Goodbye(sent Sent, r *Reception, now time.Duration) ([]byte, error) {
	return c.compound(sent, r, now, &rtcp.Goodbye{Sources: []uint32{c.ssrc}})
}

func (c *Control) compound(sent Sent, r *Reception, now time.Duration, more ...rtcp.Packet) ([]byte, error) {
	blocks := c.blocks(r, now)
	sent.Packets -= c.before.Packets
	sent.Bytes -= c.before.Bytes
	var report rtcp.Packet = &rtcp.ReceiverReport{SSRC: c.ssrc, Reports: blocks}
	if sent.Packets != c.sent[0] {
		report = &rtcp.SenderReport{
			SSRC:        c.ssrc,
			NTPTime:     ntp(c.epoch.Add(now)),
			RTPTime:     sent.Timestamp,
			PacketCount: sent.Packets,
			OctetCount:  sent.Bytes,
			Reports:     blocks,
		}
	}
	c.sent = [2]uint32{c.sent[1], sent.Packets}
	packets := append([]rtcp.Packet{report, rtcp.NewCNAMESourceDescription(c.ssrc, c.name)}, more...)
	b, err := rtcp.Marshal(packets)
	if err != nil {
		return nil, fmt.Errorf("write RTCP: %w", err)
	}
	return b, nil
}

// blocks returns the report of what was received, if anything was.
func (c *Control) blocks(r *Reception, now time.Duration) []rtcp.ReceptionReport {
	if !r.begun {
		return nil
	}
	block := r.report()
	if c.senderReport != 0 && c.reporter == block.SSRC {
		block.LastSenderReport = c.senderReport
		block.Delay = uint32(samplesOf(now-c.reportedAt, 1<<16))
	}
	return []rtcp.ReceptionReport{block}
}

// report fills a report block (RFC 3550 section 6.4.1 and appendix A.3), which
// ends the interval of the fraction lost.
func (r *Reception) report() rtcp.ReceptionReport {
	s := r.sequence
	expected, received := s.Expected(), s.received+s.duplicates
	interval, arrived := int32(expected-r.expected), int32(received-r.received)
	r.expected, r.received = expected, received
	var fraction int32
	if interval > 0 && interval > arrived {
		fraction = min((interval-arrived)<<8/interval, 255)
	}
	lost := min(max(int32(expected-received), -maxLost-1), maxLost)
	return rtcp.ReceptionReport{
		SSRC:               r.ssrc,
		FractionLost:       uint8(fraction),
		TotalLost:          uint32(lost) & (1<<24 - 1),
		LastSequenceNumber: s.highest - 1<<16, // ours begins at the cycle 1
		Jitter:             r.jitter >> 4,
	}
}

// Read takes what arrived on the RTCP port, or as RTCP on that of RTP, and
// reports whether the far end says that a stream of its ends. That is no reason
// to end a call: SIP does that. Packets of other types are skipped.
func (c *Control) Read(b []byte, now time.Duration) (bye bool, err error) {
	if len(b) == 0 {
		return false, ErrControl
	}
	for len(b) > 0 {
		n := packetSize(b)
		if n == 0 {
			return bye, ErrControl
		}
		left, err := c.readPacket(b[:n], now)
		if err != nil {
			return bye, fmt.Errorf("%w: %w", ErrControl, err)
		}
		bye = bye || left
		b = b[n:]
	}
	return bye, nil
}

// packetSize returns the size of the first packet of a compound one; 0: it is
// none (RFC 3550 appendix A.2).
func packetSize(b []byte) int {
	if len(b) < 4 || b[0]>>6 != version || !isRTCP(b[1]) {
		return 0
	}
	size := 4 + 4*int(binary.BigEndian.Uint16(b[2:]))
	if size > len(b) {
		return 0
	}
	return size
}

// readPacket reads one packet of a compound one.
func (c *Control) readPacket(b []byte, now time.Duration) (bye bool, err error) {
	switch rtcp.PacketType(b[1]) {
	case rtcp.TypeSenderReport:
		var report rtcp.SenderReport
		if err := report.Unmarshal(b); err != nil {
			return false, err
		}
		c.senderReport, c.reporter, c.reportedAt = uint32(report.NTPTime>>16), report.SSRC, now
		c.readBlocks(report.Reports, now)
	case rtcp.TypeReceiverReport:
		var report rtcp.ReceiverReport
		if err := report.Unmarshal(b); err != nil {
			return false, err
		}
		c.readBlocks(report.Reports, now)
	case rtcp.TypeGoodbye:
		var goodbye rtcp.Goodbye
		err := goodbye.Unmarshal(b)
		return err == nil, err
	}
	return false, nil
}

// readBlocks reads what is reported of our stream.
func (c *Control) readBlocks(blocks []rtcp.ReceptionReport, now time.Duration) {
	for _, block := range blocks {
		if block.SSRC != c.ssrc {
			continue
		}
		c.heard = FarReport{
			Known:  true,
			Loss:   float64(block.FractionLost) / 256,
			Lost:   int(int32(block.TotalLost<<8) >> 8),
			Jitter: block.Jitter,
		}
		c.measure(block.LastSenderReport, block.Delay, now)
	}
}

// measure takes the round trip from a report block: now less the time of the
// sender report that it answers, less how long it was kept (section 6.4.1). A
// block that answers none, or a time that cannot be, is passed over.
func (c *Control) measure(sent, kept uint32, now time.Duration) {
	if sent == 0 {
		return
	}
	trip := spanOf(int64(int32(uint32(ntp(c.epoch.Add(now))>>16)-sent-kept)), 1<<16)
	if trip < 0 || trip > maxRoundTrip {
		return
	}
	c.roundTrip = trip
}

// ntp returns t as an NTP timestamp (RFC 3550 section 4).
func ntp(t time.Time) uint64 {
	seconds := uint64(t.Unix() + ntpOffset)
	fraction := uint64(t.Nanosecond()) << 32 / uint64(time.Second)
	return seconds<<32 | fraction
}
