package rtp

import (
	"encoding/binary"
	"time"
)

const (
	pressVolume = 10 // dBm0 below zero, what telephones send
	lastPackets = 3  // that say the end, so that two may be lost (RFC 4733 section 2.5.1.4)
)

// PressSize is the size of a packet of a Press, in bytes.
const PressSize = HeaderSize + eventSize

// Press sends one telephone event (RFC 4733 section 2.5.1). In its time no
// sound is sent, and the timestamps of the stream go on.
type Press struct {
	code   uint8
	length uint32
	packet uint32
	scale  uint32 // of the timestamps, to a unit of the durations

	begun bool
	start uint32 // timestamp of the event, or of its segment
	sent  uint32 // in segments before
	ends  int    // packets sent that say the end
	total uint16 // the duration that they say
}

// NewPress returns the Press of an event, at the clock rate of its payload type
// and a packet every ptime.
func NewPress(code uint8, length, ptime time.Duration, rate int) Press {
	at := func(d time.Duration) uint32 { return uint32(int64(d) * int64(rate) / int64(time.Second)) }
	return Press{code: code, length: at(length), packet: at(ptime), scale: 1}
}

// Beside returns p for a stream whose timestamps count so many units in one of p's.
func (p Press) Beside(units int) Press {
	p.scale = uint32(units)
	return p
}

// Step writes the packet that is due to b, which has PressSize bytes, and
// reports whether there is another to follow. h has the timestamp that a packet
// of sound would have now; it and the marker are replaced by those of the event.
func (p *Press) Step(b []byte, h Header) (more bool) {
	h.Marker = !p.begun
	if !p.begun {
		p.begun, p.start = true, h.Timestamp
	}
	// A packet tells its whole time in advance, as one of sound does: receivers
	// were seen that lose an event whose first packet has the duration 0.
	duration := (h.Timestamp-p.start)/p.scale + p.packet
	h.Timestamp = p.start
	h.Put(b)
	b[HeaderSize] = p.code
	b[HeaderSize+1] = pressVolume
	switch {
	case p.ends > 0:
		p.ends++
	case duration > segment:
		// The duration has 16 bits: a segment that says all of them, then another
		// (RFC 4733 section 2.5.1.3).
		duration = segment
		p.start += segment * p.scale
		p.sent += segment
	default:
		p.total = uint16(duration)
		if p.sent+duration >= p.length {
			p.ends = 1
		}
	}
	if p.ends > 0 {
		duration = uint32(p.total)
		b[HeaderSize+1] |= endBit
	}
	binary.BigEndian.PutUint16(b[HeaderSize+2:], uint16(duration))
	return p.ends < lastPackets
}
