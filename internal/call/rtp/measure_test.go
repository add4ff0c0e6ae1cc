package rtp_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

// leg is what a call has of this package, and the buffers of its packets.
type leg struct {
	latch     rtp.Latch
	reception rtp.Reception
	events    rtp.Events
	buffer    *rtp.Buffer
	press     rtp.Press

	packet, key, out []byte
	told             []rtp.Event
	n                int
}

func newLeg() *leg {
	key := rtp.Header{PayloadType: 101, SSRC: 1}
	return &leg{
		latch:  rtp.NewLatch(phone, false),
		buffer: rtp.NewBuffer(8000),
		press:  rtp.NewPress(5, time.Hour, 20*ms, 8000),
		packet: datagram(rtp.Header{SSRC: 1}, make([]byte, 160)),
		key:    datagram(key, []byte{5, 10, 0, 160}),
		out:    make([]byte, rtp.PressSize),
		told:   make([]rtp.Event, 0, 8),
	}
}

// header returns that of the next packet.
func (l *leg) header() rtp.Header {
	l.n++
	return rtp.Header{SSRC: 1, Sequence: uint16(l.n), Timestamp: uint32(160 * l.n)}
}

// sound takes a packet of sound, plays it out, and passes it on.
func (l *leg) sound() {
	h := l.header()
	h.Put(l.packet)
	now := time.Duration(l.n) * 20 * ms
	p, _ := rtp.Read(l.packet)
	l.latch.Step(phone, p.Header)
	l.reception.Step(p.Header, 8000, now)
	l.buffer.Push(p, now)
	l.buffer.Take(now)
	p.Rewrite(l.packet, h)
}

// keys takes a packet of a key, a new one each time, and sends one.
func (l *leg) keys() {
	h := l.header()
	h.Put(l.key)
	now := time.Duration(l.n) * 20 * ms
	p, _ := rtp.Read(l.key)
	l.told = l.events.Step(l.told[:0], p, 8000, now)
	l.told = l.events.Tick(l.told, now)
	l.press.Step(l.out, h)
}

func TestThePathOfAPacketAllocatesNothing(t *testing.T) {
	l := newLeg()
	for range 100 { // the buffer's frames have their memory then
		l.sound()
	}
	for name, path := range map[string]func(){"sound": l.sound, "keys": l.keys} {
		if n := testing.AllocsPerRun(1000, path); n != 0 {
			t.Errorf("%s: %v allocations a packet", name, n)
		}
	}
}

func BenchmarkSound(b *testing.B) {
	l := newLeg()
	b.ReportAllocs()
	for b.Loop() {
		l.sound()
	}
}

func BenchmarkKeys(b *testing.B) {
	l := newLeg()
	b.ReportAllocs()
	for b.Loop() {
		l.keys()
	}
}

// BenchmarkPassedOn is a packet of a bridge or an echo, which has no Buffer.
func BenchmarkPassedOn(b *testing.B) {
	l := newLeg()
	b.ReportAllocs()
	for b.Loop() {
		h := l.header()
		h.Put(l.packet)
		p, _ := rtp.Read(l.packet)
		l.latch.Step(phone, p.Header)
		l.reception.Step(p.Header, 8000, time.Duration(l.n)*20*ms)
		p.Rewrite(l.packet, h)
	}
}
