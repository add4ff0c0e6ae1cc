package media

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

const (
	pressTime  = 100 * time.Millisecond // of a key, as telephones send it
	pressPause = 100 * time.Millisecond // after it; Q.24 asks for 40 ms at least
	maxPresses = 32
)

// presser sends keys one after another.
type presser struct {
	codes [maxPresses]uint8 // a ring of those to come
	first int
	count int

	active bool // a key is being sent
	key    rtp.Press
	pause  int64 // the tick before which the next must not begin
}

// add adds a key; what does not fit is dropped, which Leg.Press has ruled out.
func (p *presser) add(code uint8) {
	if p.count == maxPresses {
		return
	}
	p.codes[(p.first+p.count)%maxPresses] = code
	p.count++
}

// ready reports whether a packet of a key is to be sent at a tick.
func (p *presser) ready(tick int64, t *terms) bool {
	return t.hasEvents() && (p.active || p.count > 0 && tick >= p.pause)
}

// begin begins the next key, if none is being sent.
func (p *presser) begin(t *terms) {
	if p.active {
		return
	}
	p.key = rtp.NewPress(p.codes[p.first], pressTime, time.Duration(t.ticks)*tickTime, t.Events.Codec.ClockRate()).Beside(t.eventUnits())
	p.first = (p.first + 1) % maxPresses
	p.count--
	p.active = true
}

// step writes the next packet of the key that is being sent.
func (p *presser) step(b []byte, h rtp.Header, tick int64, t *terms) {
	h.PayloadType = t.Events.Payload
	p.active = p.key.Step(b, h)
	if !p.active {
		p.pause = tick + t.ticks + int64(pressPause/tickTime)
	}
}
