package media

import (
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// Track is a direction of a call's sound.
type Track uint8

// The tracks.
const (
	FromCaller Track = iota // what the caller says, as it arrived
	ToCaller                // what the caller hears
	tracks     = 2
)

// Frame is a packet of sound that a Tap heard.
type Frame struct {
	At     time.Duration // when it arrived or was sent, by Pool.Now
	Codec  sdp.Codec
	Packet rtp.Packet // its header, and the payload
}

const (
	tapSize  = 1 << 16 // bytes: seven seconds of G.711 in packets of 20 ms
	tapFrame = 24      // bytes of a frame beside its payload
)

// Tap hears one track of a leg, for a recorder, a recogniser or a stream. The
// packets are those of the network: who reads them has a rtp.Buffer put them in
// order. One goroutine reads; where it is too slow, frames are lost.
type Tap struct {
	*listener
	memory [tapSize]byte // a ring of frames
	read   atomic.Uint64
	write  atomic.Uint64
	lost   atomic.Uint64
}

func newTap() *Tap { return &Tap{listener: newListener()} }

// Ready returns a channel that has a value once there are frames to read, and
// when the leg is closed.
func (t *Tap) Ready() <-chan struct{} { return t.ready }

// Ended reports whether nothing more will come: the leg was closed, or another Tap
// took the place of this one.
func (t *Tap) Ended() bool { return t.over.Load() }

// Lost returns how many frames did not fit, because they were read too slowly.
func (t *Tap) Lost() uint64 { return t.lost.Load() }

// Read returns the next frame. Its payload is in b, which should have 1,500
// bytes; what does not fit is cut.
func (t *Tap) Read(b []byte) (f Frame, ok bool) {
	at := t.read.Load()
	if at == t.write.Load() {
		return Frame{}, false
	}
	var head [tapFrame]byte
	t.get(head[:], at)
	size := int(binary.LittleEndian.Uint16(head[18:]))
	payload := b[:min(size, len(b))]
	t.get(payload, at+tapFrame)
	t.read.Store(at + uint64(tapFrame+size))
	return Frame{
		At:    time.Duration(binary.LittleEndian.Uint64(head[:])),
		Codec: tapCodecs[head[20]],
		Packet: rtp.Packet{Header: rtp.Header{
			Timestamp:   binary.LittleEndian.Uint32(head[8:]),
			SSRC:        binary.LittleEndian.Uint32(head[12:]),
			Sequence:    binary.LittleEndian.Uint16(head[16:]),
			PayloadType: head[21],
			Marker:      head[22] != 0,
		}, Payload: payload},
	}, true
}

// tapCodecs are those that calls have.
var tapCodecs = [...]sdp.Codec{"", sdp.PCMU, sdp.PCMA, sdp.G722, sdp.Opus}

// put adds a frame, for the thread. It reports whether it fit.
func (t *Tap) put(at time.Duration, codec sdp.Codec, h rtp.Header, payload []byte) bool {
	end := t.write.Load()
	size := uint64(tapFrame + len(payload))
	if end+size-t.read.Load() > tapSize {
		t.lost.Add(1)
		return false
	}
	var head [tapFrame]byte
	binary.LittleEndian.PutUint64(head[:], uint64(at))
	binary.LittleEndian.PutUint32(head[8:], h.Timestamp)
	binary.LittleEndian.PutUint32(head[12:], h.SSRC)
	binary.LittleEndian.PutUint16(head[16:], h.Sequence)
	binary.LittleEndian.PutUint16(head[18:], uint16(len(payload)))
	for i, c := range tapCodecs {
		if c == codec {
			head[20] = byte(i)
		}
	}
	head[21] = h.PayloadType
	if h.Marker {
		head[22] = 1
	}
	t.set(head[:], end)
	t.set(payload, end+tapFrame)
	t.write.Store(end + size)
	return true
}

// get copies from the ring, and set to it.
func (t *Tap) get(b []byte, at uint64) {
	n := copy(b, t.memory[at%tapSize:])
	copy(b[n:], t.memory[:])
}

func (t *Tap) set(b []byte, at uint64) {
	n := copy(t.memory[at%tapSize:], b)
	copy(t.memory[:], b[n:])
}
