package voice_test

import (
	"bytes"
	"cmp"
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/recording"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/speech"
	"github.com/switchhook/switchhook/internal/call/voice"
)

const packetTime = 20 * time.Millisecond

// telephone is a caller's, at the far end of a leg in a synctest bubble.
type telephone struct {
	line *voice.Line
	wire *wire
	from netip.AddrPort
	to   netip.AddrPort // the leg

	codec   sdp.Codec // empty: PCMU
	tones   bool      // it sends keys as tones
	keeps   voice.Recordings
	session sdp.Session   // with offers
	late    time.Duration // it leaves the offer to us, and agrees so long after the answer
	mu      sync.Mutex
	header  rtp.Header // of the next packet
}

// bubbleClock is the time of a synctest bubble.
type bubbleClock struct{ start time.Time }

func (c bubbleClock) Now() time.Duration        { return time.Since(c.start) }
func (c bubbleClock) Sleep(until time.Duration) { time.Sleep(until - c.Now()) }

// newTelephone returns a telephone that has just called.
func newTelephone(t *testing.T, hangUp context.CancelCauseFunc) *telephone {
	return newTelephoneWith(t, hangUp, nil, nil)
}

// newTelephoneWith is newTelephone, with a voice and a recogniser.
func newTelephoneWith(t *testing.T, hangUp context.CancelCauseFunc, sounds voice.Sounds, recogniser speech.Recogniser) *telephone {
	return newOffice(t).telephone(t, media.Rules{Strict: true, Timeout: quietAfter}, voice.Config{HangUp: hangUp, Sounds: sounds, Recogniser: recogniser})
}

// office has telephones at the legs of one pool.
type office struct {
	wire *wire
	pool *media.Pool
}

// here is where the legs are.
var here = netip.MustParseAddr("127.0.0.1")

func newOffice(t *testing.T) office {
	ports, err := media.NewPorts(4000, 4999)
	if err != nil {
		t.Fatal(err)
	}
	clock := bubbleClock{time.Now()}
	o := office{wire: &wire{clock: clock, sockets: map[netip.AddrPort]*socket{}}}
	o.pool, err = media.New(media.Config{Address: here, Ports: ports, Threads: 1, Clock: clock, Network: o.wire})
	if err != nil {
		t.Fatal(err)
	}
	o.pool.Start()
	t.Cleanup(o.pool.Stop)
	return o
}

// telephone returns a telephone that has just called. Of the configuration it sets
// what is its own.
func (o office) telephone(t *testing.T, rules media.Rules, c voice.Config) *telephone {
	leg, err := o.pool.Open(rules)
	if err != nil {
		t.Fatal(err)
	}
	p := &telephone{
		keeps: recordings{}, wire: o.wire, header: rtp.Header{SSRC: 1},
		from: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), leg.Port()), to: netip.AddrPortFrom(here, leg.Port()),
	}
	c.Call, c.Leg, c.Clock, c.Recordings, c.Number = p, leg, o.pool.Now, p, "+12125550123"
	c.Local = sdp.Local{Address: p.to, Codecs: voice.Codecs()}
	p.line = voice.New(c)
	return p
}

// agrees returns what the telephone agrees on.
func (p *telephone) agrees() dialog.Agreed {
	p.mu.Lock()
	defer p.mu.Unlock()
	sound := sdp.Format{Payload: payloads[p.codec], Codec: cmp.Or(p.codec, sdp.PCMU)}
	a := sdp.Agreement{Codec: sound, Receive: []sdp.Format{sound}, Ptime: packetTime, Remote: p.from}
	if !p.tones {
		a.Events = sdp.Format{Payload: 101, Codec: sdp.TelephoneEvent(8000)}
		a.Receive = append(a.Receive, a.Events)
	}
	return dialog.Agreed{Agreement: a}
}

// Answer is what the line asks of its call.
func (p *telephone) Answer(sdp.Local) {
	if p.late > 0 {
		p.line.Tell(dialog.Answered{})
		p.at(p.late, func() { p.line.Tell(p.agrees()) })
		return
	}
	p.line.Tell(p.agrees())
	p.line.Tell(dialog.Answered{})
}

// payloads are the types of packets of sound (RFC 3551 section 6).
var payloads = map[sdp.Codec]uint8{sdp.PCMU: 0, sdp.PCMA: 8, sdp.G722: 9, sdp.Opus: 107}

func (p *telephone) Hangup(engine.Cause)    {}
func (p *telephone) Ring(int, *sdp.Local)   {}
func (p *telephone) Info(string, []byte)    {}
func (p *telephone) RefuseTransfer(int)     {}
func (p *telephone) Transfer(dialog.Target) {}

// ChangeCodecs is answered with PCMU, a tenth of a second later.
func (p *telephone) ChangeCodecs([]sdp.Codec) {
	p.at(100*time.Millisecond, func() {
		p.mu.Lock()
		p.codec = sdp.PCMU
		p.mu.Unlock()
		p.line.Tell(p.agrees())
	})
}

func (p *telephone) hangup() { p.line.Tell(dialog.Ended{Cause: engine.Normal, Theirs: true}) }

// at has something happen at a time of the call.
func (p *telephone) at(at time.Duration, do func()) { time.AfterFunc(at, do) }

// press presses a key for a tenth of a second, all of whose packets come at once.
func (p *telephone) press(key byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	code, _ := rtp.CodeOf(key)
	press := rtp.NewPress(code, 5*packetTime, packetTime, 8000)
	p.header.PayloadType = 101
	packet := make([]byte, rtp.PressSize)
	for more := true; more; {
		more = press.Step(packet, p.header)
		p.header.Sequence++
		p.header.Timestamp += 160
		p.wire.arrive(p.to, p.from, packet)
	}
}

// say has the caller say something from now on, a packet every 20 ms.
func (p *telephone) say(clip audio.Clip) {
	p.mu.Lock()
	codec := audioCodecs[p.codec]
	p.mu.Unlock()
	coded := make([]byte, len(clip))
	audio.SoundOf(clip).Frames(codec).Copy(coded, 0)
	for i := 0; i+160 <= len(coded); i += 160 {
		payload := coded[i : i+160]
		p.at(time.Duration(i/8)*time.Millisecond, func() { p.send(payload) })
	}
}

var audioCodecs = map[sdp.Codec]audio.Codec{sdp.PCMA: audio.PCMA, sdp.G722: audio.G722}

func (p *telephone) send(payload []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.header.PayloadType = payloads[p.codec]
	packet := make([]byte, rtp.HeaderSize, rtp.HeaderSize+len(payload))
	p.header.Put(packet)
	p.wire.arrive(p.to, p.from, append(packet, payload...))
	p.header.Sequence++
	p.header.Timestamp += 160
}

// packets returns the packets that the telephone was sent, and where each went.
func (p *telephone) packets() (all []rtp.Packet, to []netip.AddrPort) {
	p.wire.mu.Lock()
	defer p.wire.mu.Unlock()
	for _, d := range p.wire.sent {
		if packet, kind := rtp.Read(d.bytes); kind == rtp.RTP && d.at == p.to {
			all, to = append(all, packet), append(to, d.to)
		}
	}
	return all, to
}

// heard returns what the caller has heard.
func (p *telephone) heard() audio.Clip {
	p.wire.mu.Lock()
	defer p.wire.mu.Unlock()
	var clip audio.Clip
	decoder := audio.NewDecoder(audio.G722)
	down, _ := audio.NewResampler(audio.Wideband, audio.Rate)
	for _, d := range p.wire.sent {
		packet, kind := rtp.Read(d.bytes)
		switch {
		case kind != rtp.RTP || d.at != p.to:
		case packet.PayloadType == payloads[sdp.PCMU]:
			clip = audio.AppendPCMFromMulaw(clip, packet.Payload)
		case packet.PayloadType == payloads[sdp.PCMA]:
			clip = audio.AppendPCMFromAlaw(clip, packet.Payload)
		case packet.PayloadType == payloads[sdp.G722]:
			clip = down.Append(clip, decoder.Append(nil, packet.Payload))
		}
	}
	return clip
}

// wire has what was sent to legs, and what they sent.
type wire struct {
	mu      sync.Mutex
	clock   media.Clock
	sockets map[netip.AddrPort]*socket
	sent    []sent
}

// sent is a datagram of a leg.
type sent struct {
	at, to netip.AddrPort
	bytes  []byte
}

type socket struct {
	*wire
	at      netip.AddrPort
	arrived []datagram
}

type datagram struct {
	bytes []byte
	from  netip.AddrPort
	at    time.Duration
}

func (w *wire) Open(at netip.AddrPort) (media.Socket, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &socket{wire: w, at: at}
	w.sockets[at] = s
	return s, nil
}

func (w *wire) arrive(at, from netip.AddrPort, b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.sockets[at]
	s.arrived = append(s.arrived, datagram{bytes.Clone(b), from, w.clock.Now()})
}

func (s *socket) Receive(b *media.Batch) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(b.Size(), len(s.arrived))
	for i, d := range s.arrived[:n] {
		b.Put(i, d.bytes, d.from, s.clock.Now()-d.at)
	}
	s.arrived = s.arrived[n:]
	return n
}

func (s *socket) Send(b []byte, to netip.AddrPort) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, sent{s.at, to, bytes.Clone(b)})
	return true
}

func (s *socket) Close() error { return nil }

// Begin begins a recording where the recordings are kept.
func (p *telephone) Begin(number string) (recording.Writer, error) { return p.keeps.Begin(number) }

// recordings are kept by nobody.
type recordings struct{}

func (recordings) Begin(string) (recording.Writer, error) { return recordings{}, nil }
func (recordings) Write([]int16) error                    { return nil }
func (recordings) Keep() (string, error)                  { return "http://recordings.example/1.wav", nil }
func (recordings) Discard()                               {}
