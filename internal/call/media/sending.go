package media

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/rtp"
)

// waits returns how many ticks a packet of ours waits for one that is forwarded to
// the leg; 0 where none is, or where we have something to say.
func (l *legState) waits(tick int64) int64 {
	if l.feeder == nil || !l.feeder.joined || l.feeder.own != l.out.own || l.player.Source != nil || l.presser.ready(tick, l.terms) {
		return 0
	}
	return patience
}

// forwards reports whether the leg sends what is forwarded to it: not what was
// not agreed on, and not while it sends something of its own.
func (l *legState) forwards(tick int64) bool {
	return l.begun && !l.over && l.terms.Direction.Sends() && l.player.Source == nil && !l.presser.ready(tick, l.terms)
}

// send sends the packet that is due: of a key, of what is played, or of silence.
func (l *legState) send(t *thread, now time.Duration) {
	out := &l.out
	out.catchUp(t.tick, l.terms)
	out.own++
	if !l.terms.Direction.Sends() {
		out.pass(l.terms)
		out.Marker = true
		return
	}
	if l.presser.ready(t.tick, l.terms) {
		l.presser.begin(l.terms)
		b := t.packet[:rtp.PressSize]
		l.presser.step(b, out.Header, t.tick, l.terms)
		l.transmitOwn(t, b, now)
		return
	}
	if !l.terms.plays {
		l.stop(t, false, now)
	}
	b := t.packet[:rtp.HeaderSize+len(l.terms.silence)]
	out.PayloadType = l.terms.Codec.Payload
	out.Put(b)
	var ended bool
	if l.player.Source == nil && l.feeder != nil && l.feeder.coder != nil {
		l.feeder.coder.fill(b[rtp.HeaderSize:], now)
	} else {
		ended = l.player.fill(b[rtp.HeaderSize:], l.terms.silence)
	}
	l.transmitOwn(t, b, now)
	if ended {
		l.stop(t, true, now)
	}
}

// transmitOwn sends a packet that was made here.
func (l *legState) transmitOwn(t *thread, b []byte, now time.Duration) {
	l.out.Sequence++
	l.out.Marker = false
	l.transmit(t, b, now)
	l.out.pass(l.terms)
}

// transmit sends a packet to the caller, if it is known where they are.
func (l *legState) transmit(t *thread, b []byte, now time.Duration) {
	if l.taps[ToCaller] != nil {
		if p, _ := rtp.Read(b); p.PayloadType == l.terms.Codec.Payload {
			l.tap(t, ToCaller, now, l.terms.Codec.Codec, p.Header, p.Payload)
		}
	}
	to := l.latch.Target()
	if !to.IsValid() || !l.socket.Send(b, to) {
		l.record.Unsent++
		return
	}
	l.out.sent(len(b) - rtp.HeaderSize)
}
