package media

import (
	"bytes"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// terms are what a call's two sides agreed on, as a thread needs it. They do not
// change: another agreement makes others.
type terms struct {
	sdp.Agreement
	accepts  [1 << 7]uint8 // by payload type: the place in accepted
	accepted []accepted    // the first is none

	ticks   int64       // between two packets that we send
	units   uint32      // of timestamps, a tick
	silence []byte      // of one packet
	plays   bool        // we can make sound of the codec
	seam    *audio.Seam // for a leg that has G.722 from now on; nil: it is another codec
}

// accepted is what a payload type stands for that may arrive.
type accepted struct {
	codec sdp.Codec // "": nothing
	rate  int       // of its timestamps
	event bool      // it is keys, not sound
}

func newTerms(a sdp.Agreement) *terms {
	t := &terms{
		Agreement: a,
		accepted:  make([]accepted, 1, 1+len(a.Receive)),
		ticks:     max(1, int64(a.Ptime/tickTime)),
		units:     uint32(unitsOf(tickTime, a.Codec.Codec.ClockRate())),
	}
	for _, f := range a.Receive {
		t.accepts[f.Payload] = uint8(len(t.accepted))
		t.accepted = append(t.accepted, accepted{f.Codec, f.Codec.ClockRate(), strings.HasPrefix(string(f.Codec), "telephone-event/")})
	}
	_, t.plays = CodecOf(a.Codec.Codec)
	t.silence = silenceOf(a.Codec.Codec, a.Ptime)
	if a.Codec.Codec == sdp.G722 {
		t.seam = new(audio.Seam)
	}
	if a.Codec.Codec == sdp.Opus {
		t.ticks = int64(opusSilenceTime / tickTime)
	}
	return t
}

// of returns what a payload type stands for.
func (t *terms) of(payload uint8) *accepted { return &t.accepted[t.accepts[payload]] }

// packet returns how many units of timestamps a packet of ours has.
func (t *terms) packet() uint32 { return uint32(t.ticks) * t.units }

// hasEvents reports whether keys can be sent.
func (t *terms) hasEvents() bool { return t.Events.Codec != "" }

// eventUnits returns how many units of the timestamps are one of the durations of keys.
func (t *terms) eventUnits() int { return t.Codec.Codec.ClockRate() / t.Events.Codec.ClockRate() }

// quiet reports whether nothing needs to arrive: either side has put the other on
// hold.
func (t *terms) quiet() bool { return t.Held || !t.Direction.Receives() }

// unitsOf returns how many units of timestamps d takes at a clock rate.
func unitsOf(d time.Duration, rate int) int64 { return int64(d) * int64(rate) / int64(time.Second) }

// CodecOf returns a codec as package audio has it; not Opus, which passes as it is. All
// of those have a clock rate of 8000 Hz in RTP and audio.ByteRate: a byte is a unit of
// timestamps.
func CodecOf(c sdp.Codec) (codec audio.Codec, ok bool) {
	switch c {
	case sdp.PCMU:
		return audio.PCMU, true
	case sdp.PCMA:
		return audio.PCMA, true
	case sdp.G722:
		return audio.G722, true
	}
	return 0, false
}

// opusSilence is a frame of Opus in which nothing is heard: 20 ms of CELT in full
// band, one channel (RFC 6716 section 3.1), that begins with the flag of silence
// (section 4.3).
var opusSilence = []byte{0xf8, 0xff, 0xfe}

const opusSilenceTime = 20 * time.Millisecond

// silenceOf returns a packet of silence, or nil where it is not known what that is.
func silenceOf(c sdp.Codec, ptime time.Duration) []byte {
	if codec, ok := CodecOf(c); ok {
		return bytes.Repeat([]byte{codec.Silence()}, int(unitsOf(ptime, c.ClockRate())))
	}
	if c == sdp.Opus {
		return opusSilence
	}
	return nil
}
