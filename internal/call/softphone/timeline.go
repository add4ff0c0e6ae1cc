package softphone

import (
	"cmp"
	"slices"

	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// A byte of each of our codecs is a unit of RTP timestamps: 8000 are a second.
const (
	unitRate = 8000

	// lateness is how much newer sound may be than a packet that is still waited
	// for. Packets of keys take time in which no sound comes, so it also delays
	// what comes after a key.
	lateness = unitRate / 2

	// longestGap is the longest pause of one stream. What is further away is
	// another stream, with timestamps of its own.
	longestGap = 60 * unitRate
)

// timeline puts the packets of a stream in order by their timestamps alone: what
// it makes of them depends on no clock.
type timeline struct {
	begun bool
	ssrc  uint32
	next  uint32  // the timestamp that is to come
	held  []piece // that came before what belongs before them, in order
}

// piece is the sound of a packet in its place.
type piece struct {
	timestamp uint32
	gap       int // units that are missing before it
	codec     sdp.Codec
	payload   []byte
}

// step takes a packet, and appends to ready what comes next.
func (t *timeline) step(ready []piece, codec sdp.Codec, p rtp.Packet) []piece {
	ahead := int32(p.Timestamp - t.next)
	if !t.begun || p.SSRC != t.ssrc || ahead > longestGap || ahead < -longestGap {
		ready = t.flush(ready)
		t.begun, t.ssrc, t.next = true, p.SSRC, p.Timestamp
		ahead = 0
	}
	if ahead < 0 {
		return ready // it came twice, or too late
	}
	order := func(a piece, ahead int32) int { return cmp.Compare(int32(a.timestamp-t.next), ahead) }
	at, twice := slices.BinarySearchFunc(t.held, ahead, order)
	if twice {
		return ready
	}
	t.held = slices.Insert(t.held, at, piece{timestamp: p.Timestamp, codec: codec, payload: slices.Clone(p.Payload)})
	for len(t.held) > 0 {
		first, last := &t.held[0], &t.held[len(t.held)-1]
		if first.timestamp != t.next && int32(last.timestamp-t.next) <= lateness {
			break
		}
		ready = t.release(ready)
	}
	return ready
}

// flush appends to ready what is still held.
func (t *timeline) flush(ready []piece) []piece {
	for len(t.held) > 0 {
		ready = t.release(ready)
	}
	return ready
}

// release appends the first that is held.
func (t *timeline) release(ready []piece) []piece {
	first := t.held[0]
	t.held = slices.Delete(t.held, 0, 1)
	first.gap = int(int32(first.timestamp - t.next))
	if first.gap < 0 { // it overlaps the one before
		return ready
	}
	t.next = first.timestamp + uint32(len(first.payload))
	return append(ready, first)
}
