package media

import (
	"encoding/binary"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

const (
	eventSize = 4         // of the payload of a key (RFC 4733 section 2.3)
	segment   = 1<<16 - 1 // the longest duration that it can say
)

// keyName is what the packets of one key have in common.
type keyName struct {
	known     bool
	ssrc      uint32
	timestamp uint32
}

func nameOf(p rtp.Packet) keyName { return keyName{true, p.SSRC, p.Timestamp} }

// relayedKey is a key that is forwarded. All of its packets are sent with one
// timestamp, as they arrive with one; the far end takes another for another key.
type relayedKey struct {
	keyName
	out    uint32 // its timestamp as it is sent
	code   byte
	before uint64 // what its segments before took, where rates differ
}

// step takes a packet of a key whose timestamps count at the rate from. It writes
// the duration at the rate to into the payload, and returns it with the timestamp
// to send. A key that is new gets begin.
func (k *relayedKey) step(p rtp.Packet, begin uint32, from, to int) (timestamp, length uint32) {
	code, duration := p.Payload[0], p.Payload[2:eventSize]
	switch same := k.known && k.ssrc == p.SSRC; {
	case same && k.timestamp == p.Timestamp:
	case same && from != to && p.Timestamp-k.timestamp == segment && code == k.code && !p.Marker:
		// A key held for long comes in segments (RFC 4733 section 2.5.1.3), whose
		// borders are elsewhere at another rate: here it stays one.
		k.before += segment
		k.timestamp = p.Timestamp
	default:
		*k = relayedKey{keyName: nameOf(p), out: begin, code: code}
	}
	whole := k.before + uint64(binary.BigEndian.Uint16(duration))
	length = uint32(min(whole*uint64(to)/uint64(from), segment))
	binary.BigEndian.PutUint16(duration, uint16(length))
	return k.out, length
}
