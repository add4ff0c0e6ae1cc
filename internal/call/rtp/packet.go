// Package rtp is the arithmetic of RTP: packets and their order, digits, the
// source of a stream, RTCP and the quality of a call. It does no I/O and reads
// no clock; a now is the time since the call began.
//
// For each datagram [Read] finds the packet, [Latch.Step] says whether its
// source is the caller, and [Reception.Step] counts it. Digits then go to
// [Events.Step], and sound that is recorded, recognised or transcoded to a
// [Buffer]. A [Press] sends a digit, [Control] reads and writes RTCP.
package rtp

import "encoding/binary"

// HeaderSize is the size of a header without CSRCs and extensions, in bytes;
// we send no others.
const HeaderSize = 12

// The bits of a header's first two bytes (RFC 3550 section 5.1).
const (
	version      = 2
	paddingBit   = 0x20
	extensionBit = 0x10
	csrcCount    = 0x0f
	markerBit    = 0x80
	payloadType  = 0x7f
)

// Header is the fixed header of an RTP packet (RFC 3550 section 5.1).
type Header struct {
	PayloadType uint8 // 0 to 127
	Marker      bool
	Sequence    uint16
	Timestamp   uint32
	SSRC        uint32
}

// Put writes h to the first HeaderSize bytes of b, and panics if b is shorter.
func (h Header) Put(b []byte) {
	_ = b[HeaderSize-1]
	b[0] = version << 6
	b[1] = h.PayloadType & payloadType
	if h.Marker {
		b[1] |= markerBit
	}
	binary.BigEndian.PutUint16(b[2:], h.Sequence)
	binary.BigEndian.PutUint32(b[4:], h.Timestamp)
	binary.BigEndian.PutUint32(b[8:], h.SSRC)
}

// Packet is an RTP packet as it lies in the buffer it was read from.
type Packet struct {
	Header

	// Payload is a part of that buffer, without padding. It may be empty: such
	// packets keep a NAT binding open (RFC 6263 section 4.1).
	Payload []byte
	offset  int // of the payload in the buffer
}

// Rewrite gives the packet in b, which p was read from, another header, and
// returns the part of b to send. The CSRCs, the header extension and the
// padding are dropped; the payload is not moved.
func (p Packet) Rewrite(b []byte, h Header) []byte {
	packet := b[p.offset-HeaderSize : p.offset+len(p.Payload)]
	h.Put(packet)
	return packet
}

// Kind is what a datagram on an RTP port is (RFC 5761 section 4, RFC 7983).
type Kind uint8

// The kinds of datagrams. Noise is whatever is none of the others, and those
// of them that are cut short or contradict themselves.
const (
	Noise Kind = iota
	RTP
	RTCP
	STUN
	DTLS
)

// Read reads the datagram b. The Packet is valid where the Kind is RTP.
func Read(b []byte) (Packet, Kind) {
	kind := demultiplex(b)
	if kind != RTP {
		return Packet{}, kind
	}
	start := HeaderSize + 4*int(b[0]&csrcCount)
	if b[0]&extensionBit != 0 {
		start = extensionEnd(b, start)
	}
	end := len(b)
	if b[0]&paddingBit != 0 {
		padding := int(b[end-1])
		if padding == 0 {
			return Packet{}, Noise
		}
		end -= padding
	}
	if start > end {
		return Packet{}, Noise
	}
	return Packet{
		Header: Header{
			PayloadType: b[1] & payloadType,
			Marker:      b[1]&markerBit != 0,
			Sequence:    binary.BigEndian.Uint16(b[2:]),
			Timestamp:   binary.BigEndian.Uint32(b[4:]),
			SSRC:        binary.BigEndian.Uint32(b[8:]),
		},
		Payload: b[start:end],
		offset:  start,
	}, RTP
}

// extensionEnd returns where the header extension at start ends (RFC 3550
// section 5.3.1), after the end of b where it is cut short.
func extensionEnd(b []byte, start int) int {
	const header = 4
	if start+header > len(b) {
		return len(b) + 1
	}
	return start + header + 4*int(binary.BigEndian.Uint16(b[start+2:]))
}

// demultiplex tells the protocols apart by their first bytes.
func demultiplex(b []byte) Kind {
	switch {
	case len(b) < 4:
		return Noise
	case b[0]>>6 == version && isRTCP(b[1]) && len(b) >= rtcpMinimum:
		return RTCP
	case b[0]>>6 == version && !isRTCP(b[1]) && len(b) >= HeaderSize:
		return RTP
	case b[0] <= 3 && isSTUN(b):
		return STUN
	case b[0] >= 20 && b[0] <= 63 && len(b) >= dtlsHeader:
		return DTLS
	}
	return Noise
}

const (
	rtcpMinimum = 8  // a header and an SSRC
	dtlsHeader  = 13 // of a record, RFC 6347 section 4.1
	stunHeader  = 20
	stunCookie  = 0x2112a442
)

// isRTCP says whether the second byte of a packet of version 2 is the type of
// an RTCP packet: 192 to 223, which as marker and payload type would be one of
// 64 to 95, which RTP leaves free for this (RFC 5761 section 4).
func isRTCP(second byte) bool { return second >= 192 && second <= 223 }

// isSTUN checks the header of RFC 8489 section 5.
func isSTUN(b []byte) bool {
	return len(b) >= stunHeader &&
		binary.BigEndian.Uint32(b[4:]) == stunCookie &&
		int(binary.BigEndian.Uint16(b[2:])) == len(b)-stunHeader
}
