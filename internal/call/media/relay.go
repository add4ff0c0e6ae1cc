package media

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

const (
	// patience is how long a stream that is forwarded may be silent before we send
	// silence in its place: more than networks delay a packet, and far less than
	// border controllers wait for one.
	patience = int64(60 * time.Millisecond / tickTime)

	// maxAhead is by how much the packets that are forwarded may be ahead of time.
	maxAhead = int64(40 * time.Millisecond / tickTime)

	// maxLeap is how far timestamps may leap within a stream that is forwarded. A
	// longer pause, or a sender that counts from elsewhere, is a new beginning.
	maxLeap = 10 // seconds
)

// relay forwards what arrives on one leg to another, or back. The packets get the
// source, the numbers and the times of the stream that they become part of; their
// sound is not touched. Losses and reordering stay what they were, so that the far
// end's buffer can deal with them.
type relay struct {
	to    *legState   // nil: nowhere
	coder *transcoder // where the codecs differ; nil: they cannot be made into each other, or need not
	key   relayedKey
	past  keyName // the last key before: it was not meant for who is there now
	joint
}

// joint is where the stream that arrives was joined to the one that is sent. It is
// so at its first packet, and again after the one that is sent had packets of ours.
type joint struct {
	joined    bool
	own       uint32 // of the stream that is sent, at that time
	ssrc      uint32
	rate      int
	first     uint32 // extended number of that packet
	sequence  uint16 // to be added
	timestamp uint32 // to be added
}

// sound forwards a packet of sound in the codec of the leg it goes to, at a tick.
// It returns the packet that is to be sent; none where it cannot be.
func (r *relay) sound(b []byte, p rtp.Packet, arrival rtp.Arrival, rate int, tick int64) []byte {
	to, out := r.to, &r.to.out
	if !r.fits(p, arrival, rate) {
		r.join(p, arrival, rate, tick)
	}
	if r.late(arrival) {
		return nil
	}
	h := rtp.Header{
		PayloadType: to.terms.Codec.Payload,
		Marker:      p.Marker || out.Marker,
		Sequence:    p.Sequence + r.sequence,
		Timestamp:   p.Timestamp + r.timestamp,
		SSRC:        out.SSRC,
	}
	if h.Sequence == out.Sequence && h.Timestamp != out.Timestamp {
		h.Marker = true // a pause, which not all senders mark
	}
	units := r.length(p.Payload)
	r.advance(h.Sequence, h.Timestamp+units, int64(units/to.terms.units), tick)
	return p.Rewrite(b, h)
}

// keys forwards a packet of a key.
func (r *relay) keys(b []byte, p rtp.Packet, arrival rtp.Arrival, rate int, tick int64) []byte {
	to, out := r.to, &r.to.out
	if arrival.Order == rtp.Duplicate || len(p.Payload) < eventSize || !to.terms.hasEvents() || nameOf(p) == r.past {
		return nil
	}
	fits := r.continues(p, arrival)
	if !fits {
		r.join(p, arrival, rate, tick)
	}
	if r.late(arrival) {
		return nil
	}
	begin := out.Timestamp
	if fits && rate == r.rate {
		begin = p.Timestamp + r.timestamp
	}
	timestamp, length := r.key.step(p, begin, rate, to.terms.Events.Codec.ClockRate())
	r.advance(p.Sequence+r.sequence, timestamp+length*uint32(to.terms.eventUnits()), to.terms.ticks, tick)
	return p.Rewrite(b, rtp.Header{
		PayloadType: to.terms.Events.Payload,
		Marker:      p.Marker,
		Sequence:    p.Sequence + r.sequence,
		Timestamp:   timestamp,
		SSRC:        out.SSRC,
	})
}

// late reports whether a packet belongs before the place where the streams were
// joined, which others have filled.
func (r *relay) late(arrival rtp.Arrival) bool {
	return arrival.Order == rtp.Late && int32(arrival.Number-r.first) < 0
}

// continues reports whether a packet is of the stream that was joined.
func (r *relay) continues(p rtp.Packet, arrival rtp.Arrival) bool {
	return r.joined && r.own == r.to.out.own && r.ssrc == p.SSRC && arrival.Order != rtp.Restarted
}

// fits reports whether it has its count of time, too.
func (r *relay) fits(p rtp.Packet, arrival rtp.Arrival, rate int) bool {
	leap := int32(p.Timestamp + r.timestamp - r.to.out.Timestamp)
	return r.continues(p, arrival) && r.rate == rate && max(leap, -leap) < int32(maxLeap*rate)
}

// join joins the stream that arrives to the one that is sent, with a packet that
// goes to its end.
func (r *relay) join(p rtp.Packet, arrival rtp.Arrival, rate int, tick int64) {
	out := &r.to.out
	out.catchUp(tick, r.to.terms)
	r.joint = joint{
		joined: true, own: out.own, ssrc: p.SSRC, rate: rate,
		first:     arrival.Number,
		sequence:  out.Sequence - p.Sequence,
		timestamp: out.Timestamp - p.Timestamp,
	}
}

// advance notes where the stream that is sent stands after a packet: its number,
// where it ends, and how many ticks it takes.
func (r *relay) advance(sequence uint16, end uint32, ticks, tick int64) {
	out := &r.to.out
	if int32(end-out.Timestamp) > 0 {
		out.Timestamp = end
	}
	if next := sequence + 1; int16(next-out.Sequence) > 0 {
		out.Sequence = next
	}
	// Some come early. A sender whose clock is fast is always a little ahead.
	out.at = min(max(out.at, tick), tick+maxAhead) + ticks
	out.Marker = false
}

// length returns how many units of timestamps a payload of sound takes.
func (r *relay) length(payload []byte) uint32 {
	codec := r.to.terms.Codec.Codec
	if _, ok := CodecOf(codec); ok {
		return uint32(len(payload))
	}
	if codec == sdp.Opus {
		return opusLength(payload)
	}
	return r.to.terms.packet()
}

// opusLength returns how long a packet of Opus is, in units of 48000 Hz: its
// frames are all of one length, which the first byte says, as it says how many
// they are (RFC 6716 section 3.1).
func opusLength(payload []byte) uint32 {
	const shortest = 120 // 2.5 ms
	if len(payload) == 0 {
		return 0
	}
	config, code := payload[0]>>3, payload[0]&3
	var frame uint32
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		frame = []uint32{4, 8, 16, 24}[config%4] * shortest
	case config < 16: // hybrid: 10, 20 ms
		frame = 4 << (config % 2) * shortest
	default: // CELT: 2.5, 5, 10, 20 ms
		frame = 1 << (config % 4) * shortest
	}
	switch {
	case code == 0:
		return frame
	case code < 3:
		return 2 * frame
	case len(payload) > 1:
		return uint32(payload[1]&0x3f) * frame
	}
	return 0
}
