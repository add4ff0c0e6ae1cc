package voice

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// hearing is a track of a leg, such as what the caller says: in order, decoded, and
// brought to a telephone's band.
type hearing struct {
	leg   *media.Leg
	track media.Track
	tap   *media.Tap

	codec     sdp.Codec
	buffer    *rtp.Buffer
	decoder   audio.Decoder
	down      *audio.Resampler // of G.722; else nil
	concealer audio.Concealer
	origin    time.Duration // when the first packet of the buffer was heard, by Pool.Now
	next      int64         // place after the last frame

	packet      [1500]byte
	pcm, narrow []int16
}

// longestLoss is for how long lost sound is made up. A longer loss is silence.
const longestLoss = 60 * time.Millisecond

func hear(leg *media.Leg, track media.Track) *hearing {
	return &hearing{leg: leg, track: track, tap: leg.Listen(track)}
}

func (h *hearing) close() { h.leg.Unlisten(h.track) }

// take takes what there is to hear by now. What is late by more than the buffer's
// depth is lost.
func (h *hearing) take(now time.Duration, each func(piece)) {
	for f, ok := h.tap.Read(h.packet[:]); ok; f, ok = h.tap.Read(h.packet[:]) {
		if !isSpoken(f.Codec) {
			continue // the last of a connection
		}
		if f.Codec != h.codec {
			h.flush(each)
			h.begin(f)
		}
		h.buffer.Push(f.Packet, f.At)
		h.drain(f.At, each)
	}
	h.drain(now, each)
}

// flush takes what waits for its turn.
func (h *hearing) flush(each func(piece)) {
	h.drain(1<<62, each)
}

// begin begins to hear another codec, with a packet of it.
func (h *hearing) begin(f media.Frame) {
	h.codec, h.buffer, h.origin, h.next = f.Codec, rtp.NewBuffer(f.Codec.ClockRate()), f.At, 0
	codec, _ := media.CodecOf(f.Codec)
	h.decoder, h.down = audio.NewDecoder(codec), nil
	h.concealer = audio.NewConcealer(codec.Rate())
	if codec.Rate() != audio.Rate {
		h.down, _ = audio.NewResampler(codec.Rate(), audio.Rate) // there is one for the rates of codecs
	}
}

func (h *hearing) drain(now time.Duration, each func(piece)) {
	if h.buffer == nil {
		return
	}
	for f, ok := h.buffer.Take(now); ok; f, ok = h.buffer.Take(now) {
		if lost := h.span(f.At - h.next); lost > 0 && lost <= longestLoss {
			h.makeUp(lost, each)
		}
		h.pcm = h.decoder.Append(h.pcm[:0], f.Payload)
		h.concealer.Came(h.pcm)
		h.pass(f.At, each)
		h.next = f.At + int64(len(f.Payload))
	}
}

// span returns how long so many units of the timestamp take.
func (h *hearing) span(units int64) time.Duration {
	return time.Duration(units) * time.Second / time.Duration(h.codec.ClockRate())
}

// makeUp passes on something in place of what was lost.
func (h *hearing) makeUp(lost time.Duration, each func(piece)) {
	n := int(lost * time.Duration(h.codec.SampleRate()) / time.Second)
	h.pcm = append(h.pcm[:0], make([]int16, n)...)
	h.concealer.Lost(h.pcm)
	h.pass(h.next, each)
}

// pass passes on h.pcm, whose place in the stream is given.
func (h *hearing) pass(place int64, each func(piece)) {
	p := piece{at: h.origin + h.span(place), pcm: h.pcm}
	if h.down != nil {
		h.narrow = h.down.Append(h.narrow[:0], h.pcm)
		p.pcm, p.wide = h.narrow, h.pcm
	}
	each(p)
}
