package rtp_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

// FuzzRead: whatever arrives is read without a panic; a payload is within the
// datagram, and what is passed on is read again as it was.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\r\n\r\n"))
	f.Add(datagram(voice, []byte("sound")))
	f.Add([]byte{0xbf, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{0x80, 200, 0, 1, 0, 0, 0, 9})
	f.Add([]byte{0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		p, kind := rtp.Read(b)
		if !bytes.Equal(before, b) {
			t.Fatal("reading changed the datagram")
		}
		if kind != rtp.RTP {
			return
		}
		if len(p.Payload)+rtp.HeaderSize > len(b) || !bytes.Contains(b, p.Payload) {
			t.Fatalf("payload % x of % x", p.Payload, b)
		}
		want := bytes.Clone(p.Payload)
		again, kind := rtp.Read(p.Rewrite(b, p.Header))
		if kind != rtp.RTP || again.Header != p.Header || !bytes.Equal(again.Payload, want) {
			t.Fatalf("passed on as %+v, was %+v", again, p)
		}
	})
}

// FuzzEvents: a stream of any packets, 12 bytes each, tells events whose begins
// and ends alternate, of plausible times, and no more than it has packets.
func FuzzEvents(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 20, 0, 0, 3, 232, 1, 1, 5, 10, 0, 0, 0, 20, 0, 0, 3, 232, 1, 0, 5, 138, 0, 160})
	f.Add([]byte{0, 20, 0, 0, 3, 232, 1, 1, 5, 10, 255, 255, 0, 20, 0, 1, 3, 231, 1, 0, 5, 10, 0, 160})
	f.Fuzz(func(t *testing.T, stream []byte) {
		var events rtp.Events
		var told []rtp.Event
		var now time.Duration
		n := 0
		for ; len(stream) >= 12; stream = stream[12:] {
			n++
			now += time.Duration(binary.BigEndian.Uint16(stream)) * ms / 4
			told = events.Tick(told, now)
			p := rtp.Packet{
				Header:  rtp.Header{Timestamp: binary.BigEndian.Uint32(stream[2:]), SSRC: uint32(stream[6] >> 4), Marker: stream[7]&1 != 0},
				Payload: stream[8:12],
			}
			told = events.Step(told, p, []int{8000, 48000, 0, -1}[stream[6]&3], now)
		}
		told = events.Tick(told, now+time.Minute)
		keysOf(t, told)
		if len(told)%2 != 0 || len(told) > 2*n {
			t.Fatalf("of %d packets, %d are told", n, len(told))
		}
		for _, e := range told {
			if e.At < 0 || e.At > now || e.Length < 0 {
				t.Fatalf("event %+v at %v", e, now)
			}
		}
	})
}

// FuzzControl: any RTCP is read without a panic, at a bounded expense, and
// leaves figures that can be.
func FuzzControl(f *testing.F) {
	for _, packets := range [][]rtcp.Packet{
		{&rtcp.SenderReport{SSRC: 9, Reports: []rtcp.ReceptionReport{{SSRC: 7, FractionLost: 3, TotalLost: 1 << 23, LastSenderReport: 5}}}},
		{&rtcp.ReceiverReport{SSRC: 9}, rtcp.NewCNAMESourceDescription(9, "x"), &rtcp.Goodbye{Sources: []uint32{9}, Reason: "gone"}},
		{&rtcp.TransportLayerCC{PacketStatusCount: 65535}},
	} {
		if b, err := rtcp.Marshal(packets); err == nil {
			f.Add(b)
		}
	}
	f.Add([]byte{0x9f, 201, 0, 1, 0, 0, 0, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		control := rtp.NewControl(7, "name", epoch)
		bye, err := control.Read(b, time.Minute)
		if bye && len(b) < 4 {
			t.Fatal("a goodbye of less than a header")
		}
		far := control.FarReport()
		if far.Loss < 0 || far.Loss >= 1 || far.Lost < -1<<23 || far.Lost >= 1<<23 || control.RoundTrip() < 0 || control.RoundTrip() > time.Minute {
			t.Fatalf("%+v, round trip %v, error %v", far, control.RoundTrip(), err)
		}
		var r rtp.Reception
		r.Step(voice, 8000, 0)
		if _, err := control.Report(rtp.Sent{Packets: 1}, &r, time.Minute); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzStream: any stream goes through everything on the path of a packet
// without a panic; the buffer gives frames in order, and no more than it got.
func FuzzStream(f *testing.F) {
	f.Add([]byte{0, 20, 0, 1, 0, 0, 0, 160, 0, 20, 0, 2, 0, 0, 1, 64})
	f.Add([]byte{255, 255, 127, 255, 127, 255, 255, 255, 0, 0, 255, 255, 128, 0, 0, 0})
	f.Fuzz(func(t *testing.T, stream []byte) {
		var r rtp.Reception
		b := rtp.NewBuffer(8000)
		var now time.Duration
		var steps, got uint64
		last := int64(-1)
		for ; len(stream) >= 8; stream = stream[8:] {
			steps++
			now += time.Duration(binary.BigEndian.Uint16(stream)) * ms / 4
			h := rtp.Header{Sequence: binary.BigEndian.Uint16(stream[2:]), Timestamp: binary.BigEndian.Uint32(stream[4:])}
			r.Step(h, 8000, now)
			b.Push(rtp.Packet{Header: h, Payload: stream[:1]}, now)
			for frame, ok := b.Take(now); ok; frame, ok = b.Take(now) {
				got++
				if frame.At <= last {
					t.Fatalf("place %d after %d", frame.At, last)
				}
				last = frame.At
			}
		}
		figures := r.Figures(0, b.Depth(), b.Discarded())
		if got > steps || figures.Received > steps || figures.MOS < 1 || figures.MOS > 4.5 || figures.Jitter < 0 || b.Depth() < rtp.MinDepth || b.Depth() > rtp.MaxDepth {
			t.Fatalf("%d packets, %d frames, depth %v: %+v", steps, got, b.Depth(), figures)
		}
	})
}
