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
	ended := l.fill(b[rtp.HeaderSize:], now)
	l.transmitOwn(t, b, now)
	if ended {
		l.stop(t, true, now)
	}
}

// fill fills a packet with the sound that is due. It reports whether what is played
// ended with it.
func (l *legState) fill(packet []byte, now time.Duration) (ended bool) {
	var begins bool
	if l.player.Source == nil && l.feeder != nil && l.feeder.coder != nil {
		begins = l.feeder.coder.fill(packet, now)
	} else {
		before := l.player.sent
		ended = l.player.fill(packet, l.terms.silence)
		begins = before == 0 && l.player.sent > 0
	}
	if l.seam != nil {
		if begins {
			l.seam.Begin()
		}
		l.seam.Pass(packet)
	}
	return ended
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
	if l.taps[ToCaller] != nil || l.seam != nil {
		if p, _ := rtp.Read(b); p.PayloadType == l.terms.Codec.Payload {
			l.sounded(t, p, now)
		}
	}
	to := l.latch.Target()
	if !to.IsValid() || !l.socket.Send(b, to) {
		l.record.Unsent++
		return
	}
	t.sent++
	l.out.sent(len(b) - rtp.HeaderSize)
}

// sounded notes a packet of sound that is sent.
func (l *legState) sounded(t *thread, p rtp.Packet, now time.Duration) {
	if l.taps[ToCaller] != nil {
		l.tap(t, ToCaller, now, l.terms.Codec.Codec, p.Header, p.Payload)
	}
	if l.seam != nil {
		l.seam.Sent(p.Payload)
	}
}
