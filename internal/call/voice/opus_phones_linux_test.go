package voice_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/test/await"
)

// opusPhone is a telephone whose sound is opaque: it says packets of numbers, in
// whatever codec was agreed on, and keeps those that it hears.
type opusPhone struct {
	t     *testing.T
	stack *dialog.Stack
	conn  *net.UDPConn
	local sdp.Local
	calls chan *dialog.Call
	told  chan dialog.Event
	done  chan struct{}

	mu     sync.Mutex
	agreed sdp.Agreement
	header rtp.Header // of the next packet
	number uint32     // of it
	heard  []rtp.Packet
}

// newOpusPhone runs a phone that takes the given codecs, the preferred first, and says
// params of Opus.
func newOpusPhone(t *testing.T, params string, codecs ...sdp.Codec) *opusPhone {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: loopback.AsSlice()})
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(loopback, conn.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	p := &opusPhone{
		t: t, conn: conn, calls: make(chan *dialog.Call, 1), told: make(chan dialog.Event, 100), done: make(chan struct{}),
		local:  sdp.Local{Address: at, Codecs: codecs, Params: map[sdp.Codec]string{sdp.Opus: params}},
		header: rtp.Header{SSRC: uint32(at.Port()), Sequence: 65500, Timestamp: 1<<32 - 9600, Marker: true},
	}
	p.stack, err = dialog.New(dialog.Config{
		Listen: []dialog.Listen{{Network: dialog.UDP, Address: netip.AddrPortFrom(loopback, 0)}}, Trusted: func(netip.Addr) bool { return true },
		Incoming: func(c *dialog.Call) func(dialog.Event) {
			p.calls <- c
			return p.tell
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(p.hear)
	running.Go(p.say)
	t.Cleanup(func() {
		close(p.done)
		_ = conn.Close()
		running.Wait()
	})
	run(t, p.stack, func() error { return nil })
	return p
}

// tell takes what happens to the call.
func (p *opusPhone) tell(e dialog.Event) {
	if agreed, ok := e.(dialog.Agreed); ok {
		p.mu.Lock()
		p.agreed = agreed.Agreement
		p.mu.Unlock()
	}
	p.told <- e
}

func (p *opusPhone) address() string {
	uri := p.uri()
	return uri.String()
}

func (p *opusPhone) uri() sip.Uri {
	return sip.Uri{Scheme: "sip", User: "phone", Host: "127.0.0.1", Port: int(p.stack.Addresses()[0].Address.Port())}
}

func (p *opusPhone) dial(to string) *dialog.Call {
	p.t.Helper()
	var target sip.Uri
	if err := sip.ParseUri(to, &target); err != nil {
		p.t.Fatal(err)
	}
	return p.stack.Dial(dialog.Outgoing{Target: target, From: dialog.Party{Address: p.uri()}, To: dialog.Party{Address: target}, Local: p.local}, p.tell)
}

// rings waits for a call to the phone.
func (p *opusPhone) rings() *dialog.Call {
	p.t.Helper()
	return await.From(p.t, "a call", p.calls)
}

// isTold waits for an event of the type of E. Others may come before it.
func isTold[E dialog.Event](p *opusPhone) E {
	p.t.Helper()
	return isToldThat(p, func(E) bool { return true })
}

// isToldThat waits for an event of the type of E that is as it should be.
func isToldThat[E dialog.Event](p *opusPhone, is func(E) bool) E {
	p.t.Helper()
	var passed []string
	for {
		told := await.From(p.t, fmt.Sprintf("%T", *new(E)), p.told)
		if e, ok := told.(E); ok && is(e) {
			return e
		}
		passed = append(passed, fmt.Sprintf("%T%+v", told, told))
		if _, over := told.(dialog.Ended); over {
			p.t.Fatalf("there was no %T, but %s", *new(E), strings.Join(passed, ", "))
		}
	}
}

// opusPacket is a payload of the phone: 20 ms of Opus in stereo, as its first byte
// says (RFC 6716 section 3.1), and a number in place of sound.
func opusPacket(number uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0xfc}, number)
	return append(b, make([]byte, number%97)...) // of many lengths
}

// say says a packet every 20 ms, once something is agreed on.
func (p *opusPhone) say() {
	ticker := time.NewTicker(packetTime)
	defer ticker.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-ticker.C:
		}
		p.mu.Lock()
		if p.agreed.Codec.Codec != "" && p.agreed.Direction.Sends() {
			p.number++
			p.send(p.agreed.Codec.Payload, opusPacket(p.number))
			p.header.Timestamp += uint32(p.agreed.Codec.Codec.ClockRate() / 50)
		}
		p.mu.Unlock()
	}
}

// send sends a packet. The lock is held.
func (p *opusPhone) send(payloadType uint8, payload []byte) {
	p.header.PayloadType = payloadType
	packet := make([]byte, rtp.HeaderSize, rtp.HeaderSize+len(payload))
	p.header.Put(packet)
	p.header.Sequence++
	p.header.Marker = false
	_, _ = p.conn.WriteToUDPAddrPort(append(packet, payload...), p.agreed.Remote) // what is lost is missed
}

// press presses a key for a tenth of a second, at the clock of the events that were
// agreed on.
func (p *opusPhone) press(key byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	code, _ := rtp.CodeOf(key)
	start, unit := p.header.Timestamp, uint16(p.agreed.Events.Codec.ClockRate()/50)
	for i := range uint16(5) {
		p.header.Marker = i == 0
		p.header.Timestamp = start
		p.send(p.agreed.Events.Payload, binary.BigEndian.AppendUint16([]byte{code, 10 | byte(i/4)<<7}, (i+1)*unit))
	}
	p.header.Timestamp = start + uint32(p.agreed.Codec.Codec.ClockRate()/10)
}

func (p *opusPhone) hear() {
	b := make([]byte, 1500)
	for {
		n, err := p.conn.Read(b)
		if err != nil {
			return
		}
		if packet, kind := rtp.Read(slices.Clone(b[:n])); kind == rtp.RTP {
			p.mu.Lock()
			p.heard = append(p.heard, packet)
			p.mu.Unlock()
		}
	}
}

// packets returns what the phone has heard so far.
func (p *opusPhone) packets() []rtp.Packet {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.heard)
}

// hears waits for so many packets of a kind in a row, from now on.
func (p *opusPhone) hears(what string, count int, is func(rtp.Packet) bool) {
	p.t.Helper()
	before := len(p.packets())
	await.That(p.t, what, func() bool {
		row := 0
		for _, packet := range p.packets()[before:] {
			if row++; !is(packet) {
				row = 0
			}
			if row == count {
				return true
			}
		}
		return false
	})
}

// isOpusSilence reports whether a packet is 20 ms of silence.
func isOpusSilence(p rtp.Packet) bool { return string(p.Payload) == "\xf8\xff\xfe" }

// hearsTone waits until the phone, which has PCMU now, hears a tone.
func (p *opusPhone) hearsTone(hertz float64) {
	p.t.Helper()
	const packets = 5
	await.That(p.t, "the tone", func() bool {
		heard := p.packets()
		var pcm []int16
		for _, packet := range heard[max(0, len(heard)-packets):] {
			if packet.PayloadType == 0 {
				pcm = audio.AppendPCMFromMulaw(pcm, packet.Payload)
			}
		}
		return len(pcm) == packets*audio.Samples(packetTime) && hasTones(pcm, audio.Rate, []float64{hertz})
	})
}

// hearsOther waits until so many more packets of the other phone's sound have come, and
// checks that they are what that has said, in its order, as one stream. Where this
// machine is slow we send silence between them.
func (p *opusPhone) hearsOther(count int) {
	p.t.Helper()
	p.mu.Lock()
	agreed, own, before := p.agreed, p.header.SSRC, len(p.heard)
	p.mu.Unlock()
	var said []rtp.Packet
	await.That(p.t, "sound of the other telephone", func() bool {
		said = slices.DeleteFunc(p.packets()[before:], func(packet rtp.Packet) bool {
			return packet.PayloadType != agreed.Receive[0].Payload || !isSaid(packet.Payload)
		})
		return len(said) >= count
	})
	units := uint32(agreed.Codec.Codec.ClockRate() / 50)
	for i, packet := range said {
		number := binary.BigEndian.Uint32(packet.Payload[1:])
		if packet.SSRC == own || !bytes.Equal(packet.Payload, opusPacket(number)) {
			p.t.Errorf("packet %d is %+v", i, packet)
		}
		if i == 0 {
			continue
		}
		last := said[i-1]
		if got := number - binary.BigEndian.Uint32(last.Payload[1:]); got != 1 || packet.SSRC != last.SSRC {
			p.t.Errorf("packet %d is %d after the one before, of the stream %x after %x", i, got, packet.SSRC, last.SSRC)
		}
		if steps := packet.Timestamp - last.Timestamp; steps != units && (steps < units || packet.Sequence == last.Sequence+1 && !packet.Marker) {
			p.t.Errorf("packet %d is %d units after the one before", i, int32(steps))
		}
	}
}

// isSaid reports whether a payload is one of another phone.
func isSaid(payload []byte) bool { return len(payload) >= 5 && payload[0] == 0xfc }

// hearsKey waits for a key that the phone is sent, and returns how long it was.
func (p *opusPhone) hearsKey(key byte) time.Duration {
	p.t.Helper()
	code, _ := rtp.CodeOf(key)
	p.mu.Lock()
	events := p.agreed.Events
	p.mu.Unlock()
	var length time.Duration
	await.That(p.t, "the key", func() bool {
		for _, packet := range p.packets() {
			if packet.PayloadType == events.Payload && len(packet.Payload) == 4 && packet.Payload[0] == code && packet.Payload[1]&0x80 != 0 {
				length = time.Duration(binary.BigEndian.Uint16(packet.Payload[2:])) * time.Second / time.Duration(events.Codec.ClockRate())
				return true
			}
		}
		return false
	})
	return length
}

// hangup ends a call of the phone.
func hangup(call *dialog.Call) { call.Hangup(engine.Normal) }
