package rtp_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

// eventPacket is what a packet of an event says.
type eventPacket struct {
	Marker    bool
	Timestamp uint32
	End       bool
	Duration  uint16
}

// sent runs a Press from a timestamp on, and fails unless every packet has the
// header that it was given, but for marker and timestamp.
func sent(t interface{ Fatalf(string, ...any) }, press rtp.Press, from, packet uint32) []eventPacket {
	var packets []eventPacket
	for more, i := true, uint32(0); more; i++ {
		b := make([]byte, rtp.PressSize)
		h := rtp.Header{PayloadType: 101, Marker: true, Sequence: uint16(65534 + i), Timestamp: from + i*packet, SSRC: 7}
		more = press.Step(b, h)
		p, kind := rtp.Read(b)
		if kind != rtp.RTP || p.PayloadType != 101 || p.Sequence != h.Sequence || p.SSRC != 7 || len(p.Payload) != 4 || p.Payload[0] != 11 || p.Payload[1]&0x7f != 10 {
			t.Fatalf("packet %d is % x", i, b)
		}
		packets = append(packets, eventPacket{p.Marker, p.Timestamp, p.Payload[1]&0x80 != 0, binary.BigEndian.Uint16(p.Payload[2:])})
		if i > 10_000 {
			t.Fatalf("it never ends")
		}
	}
	return packets
}

func TestKeysAreSentAsPhonesSendThem(t *testing.T) {
	for _, c := range []struct {
		name   string
		length time.Duration
		ptime  time.Duration
		rate   int
		clock  int // of the stream
		packet uint32
		want   []eventPacket
	}{
		{"100 ms", 100 * ms, 20 * ms, 8000, 8000, 160, []eventPacket{
			{true, 500, false, 160}, {false, 500, false, 320}, {false, 500, false, 480}, {false, 500, false, 640},
			{false, 500, true, 800}, {false, 500, true, 800}, {false, 500, true, 800},
		}},
		{"no whole number of packets", 70 * ms, 30 * ms, 8000, 8000, 240, []eventPacket{
			{true, 500, false, 240}, {false, 500, false, 480}, {false, 500, true, 720}, {false, 500, true, 720}, {false, 500, true, 720},
		}},
		{"shorter than a packet", 0, 20 * ms, 8000, 8000, 160, []eventPacket{{true, 500, true, 160}, {false, 500, true, 160}, {false, 500, true, 160}}},
		{"longer than a duration can say", 1400 * ms, 700 * ms, 48000, 48000, 33600, []eventPacket{
			{true, 500, false, 33600}, {false, 500, false, 65535}, {false, 66035, true, 35265}, {false, 66035, true, 35265}, {false, 66035, true, 35265},
		}},
		{"in a stream of another clock", 60 * ms, 20 * ms, 8000, 48000, 960, []eventPacket{
			{true, 500, false, 160}, {false, 500, false, 320}, {false, 500, true, 480}, {false, 500, true, 480}, {false, 500, true, 480},
		}},
		{"longer than a duration can say, in a stream of another clock", 9 * time.Second, 4500 * ms, 8000, 48000, 216000, []eventPacket{
			{true, 500, false, 36000}, {false, 500, false, 65535}, {false, 393710, true, 42465}, {false, 393710, true, 42465}, {false, 393710, true, 42465},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			press := rtp.NewPress(11, c.length, c.ptime, c.rate).Beside(c.clock / c.rate)
			if diff := cmp.Diff(c.want, sent(t, press, 500, c.packet)); diff != "" {
				t.Errorf("packets (-want +got):\n%s", diff)
			}
		})
	}
}

// TestKeysThatAreSentAreHeard: at every rate, of every length, from every
// timestamp, with up to two of the ends lost.
func TestKeysThatAreSentAreHeard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]int{8000, 16000, 48000}).Draw(t, "rate")
		ptime := rapid.SampledFrom([]time.Duration{10 * ms, 20 * ms, 30 * ms, 60 * ms}).Draw(t, "ptime")
		length := time.Duration(rapid.IntRange(0, 4000).Draw(t, "length")) * ms
		from := rapid.Uint32().Draw(t, "timestamp")
		packets := sent(t, rtp.NewPress(11, length, ptime, rate), from, uint32(int(ptime/ms)*rate/1000))
		packets = packets[:len(packets)-rapid.IntRange(0, 2).Draw(t, "ends lost")]
		var arrived []arriving
		for i, p := range packets {
			arrived = append(arrived, arriving{time.Duration(i+1) * ptime, p.Timestamp, 11, p.End, p.Duration, p.Marker})
		}
		told := heard(&rtp.Events{}, rate, arrived)
		if keysOf(t, told) != "#" || told[1].Length < length || told[1].Length > length+2*ptime {
			t.Fatalf("of %v, %+v were heard", length, told)
		}
	})
}
