package media_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// phone is the far end of a leg.
type phone struct {
	s    *stage
	leg  *media.Leg
	from netip.AddrPort // where its packets come from

	rtp.Header               // of its next packet
	ptime      time.Duration // of its packets
	units      uint32        // of its timestamps, in a millisecond
	next       time.Duration // packet
	talks      bool
	says       func(n int) []byte // payload; n is the timestamp since it began

	heard []packet // whatever it was sent
}

// packet is one that a phone was sent.
type packet struct {
	rtp.Header
	Payload []byte
	At      time.Duration
	To      netip.AddrPort
}

// agreed returns what is agreed on with a phone at remote: a codec, whose payload
// type is that of static codecs or 107, and its keys by 101.
func agreed(codec sdp.Codec, ptime time.Duration, remote netip.AddrPort) sdp.Agreement {
	number := map[sdp.Codec]uint8{sdp.PCMU: 0, sdp.PCMA: 8, sdp.G722: 9, sdp.Opus: 107}[codec]
	sound := sdp.Format{Payload: number, Codec: codec}
	keys := sdp.Format{Payload: 101, Codec: sdp.TelephoneEvent(codec.ClockRate())}
	return sdp.Agreement{Codec: sound, Events: keys, Receive: []sdp.Format{sound, keys}, Ptime: ptime, Remote: remote}
}

// call opens a leg, and has a phone of a codec at its end, which is silent.
func (s *stage) call(codec sdp.Codec, ptime time.Duration, rules media.Rules) *phone {
	s.Helper()
	leg, err := s.pool.Open(rules)
	if err != nil {
		s.Fatal(err)
	}
	from := netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), 20000+leg.Port())
	a := agreed(codec, ptime, from)
	p := &phone{
		s: s, leg: leg, from: from, ptime: ptime, units: uint32(codec.ClockRate() / 1000),
		Header: rtp.Header{PayloadType: a.Codec.Payload, Sequence: 65530, Timestamp: 1<<32 - 1000, SSRC: uint32(leg.Port())},
	}
	p.says = func(n int) []byte { return counting(n, int(p.units)*int(p.ptime/ms)) }
	s.before = append(s.before, p.step)
	leg.Agree(a)
	return p
}

// counting returns a payload in which each byte is another.
func counting(from, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(from + i)
	}
	return b
}

// at returns where the leg receives.
func (p *phone) at() netip.AddrPort { return netip.AddrPortFrom(here, p.leg.Port()) }

// control returns where the leg receives RTCP.
func (p *phone) control() netip.AddrPort { return netip.AddrPortFrom(here, p.leg.Port()+1) }

// step sends the packet that is due, if the phone talks.
func (p *phone) step(now time.Duration) {
	for p.talks && now >= p.next {
		p.next = max(p.next, now-p.ptime) + p.ptime
		p.send(p.Header, p.says(int(p.Timestamp)))
		p.Sequence++
		p.Timestamp += p.units * uint32(p.ptime/ms)
	}
}

// talk begins to send packets, or ends it; what is not sent is a pause. It begins
// no earlier than the last packet is over.
func (p *phone) talk(on bool) {
	now := p.s.clock.Now()
	if on && !p.talks && p.next > 0 {
		p.Timestamp += p.units * uint32(max(0, now-p.next)/ms)
	}
	p.talks, p.next = on, max(p.next, now+tick)
}

// send sends a packet.
func (p *phone) send(h rtp.Header, payload []byte) {
	b := make([]byte, rtp.HeaderSize, rtp.HeaderSize+len(payload))
	h.Put(b)
	p.s.network.arrive(p.at(), p.from, append(b, payload...))
}

// listen returns what the phone was sent since it listened last.
func (p *phone) listen() []packet {
	p.s.Helper()
	var all []packet
	for _, d := range p.s.network.takeSent(p.at()) {
		got, kind := rtp.Read(d.bytes)
		if kind != rtp.RTP {
			p.s.Fatalf("at %v % x was sent, which is no RTP", d.at, d.bytes)
		}
		all = append(all, packet{got.Header, got.Payload, d.at, d.other})
	}
	p.heard = append(p.heard, all...)
	return all
}

// events returns what the leg tells.
func (p *phone) events() []media.Event {
	var all []media.Event
	for e, ok := p.leg.Next(); ok; e, ok = p.leg.Next() {
		all = append(all, e)
	}
	return all
}

// keys returns the keys that the leg tells.
func (p *phone) keys() string {
	var keys strings.Builder
	for _, e := range p.events() {
		if e.Kind == media.Key {
			keys.WriteByte(e.Key)
		}
	}
	return keys.String()
}

// unbroken fails unless packets are one stream: each begins where the one before
// it ended, or has a marker and begins later.
func unbroken(t fataler, packets []packet, units uint32) {
	t.Helper()
	for i := 1; i < len(packets); i++ {
		before, p := packets[i-1], packets[i]
		if p.Sequence != before.Sequence+1 || p.SSRC != before.SSRC {
			t.Fatalf("packet %d: %+v follows %+v", i, p.Header, before.Header)
		}
		step := int32(p.Timestamp - before.Timestamp)
		if key := p.PayloadType == 101 || before.PayloadType == 101; key {
			if step < 0 {
				t.Fatalf("packet %d goes back by %d: %+v follows %+v", i, -step, p.Header, before.Header)
			}
			continue
		}
		if step != int32(units) && (!p.Marker || step < int32(units)) {
			t.Fatalf("packet %d at %v: %+v follows %+v, %d later", i, p.At, p.Header, before.Header, step)
		}
	}
}

// sound returns what packets carry, one after another.
func sound(packets []packet) []byte {
	var all []byte
	for _, p := range packets {
		all = append(all, p.Payload...)
	}
	return all
}

// isSilence reports whether all of it is silence of µ-law.
func isSilence(b []byte) bool {
	return !slices.ContainsFunc(b, func(code byte) bool { return code != audio.MulawSilence })
}

// clip is a Source that is whole, and has no byte that is silence.
type clip []byte

func newClip(d time.Duration) clip {
	b := make([]byte, 8*int(d/ms))
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

func (c clip) Copy(dst []byte, at int) int { return copy(dst, c[min(at, len(c)):]) }

func (c clip) Done(at int) bool { return at >= len(c) }

// describe returns packets for a message: when, marker, timestamp since the first.
func describe(packets []packet) string {
	var all []string
	for _, p := range packets {
		marker := ""
		if p.Marker {
			marker = "M"
		}
		all = append(all, fmt.Sprintf("%v%s+%d", p.At, marker, p.Timestamp-packets[0].Timestamp))
	}
	return strings.Join(slices.Compact(all), " ")
}

// hangUp closes the leg, while time passes.
func (p *phone) hangUp() media.Record {
	done := make(chan media.Record, 1)
	go func() { done <- p.leg.Close() }()
	for {
		select {
		case record := <-done:
			return record
		default:
			p.s.pass(tick)
		}
	}
}
