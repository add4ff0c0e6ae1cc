package media

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// legState is a leg as its thread has it. Nothing else touches it.
type legState struct {
	next *legState // of the legs of its slot

	socket    Socket
	terms     *terms // nil: nothing is agreed on
	latch     rtp.Latch
	strict    bool
	reception rtp.Reception
	keys      rtp.Events
	told      [4]rtp.Event // room for what keys tells
	pressed   keyName      // the last key
	out       stream
	player    player
	seam      *audio.Seam // nil: the codec needs none
	presser   presser
	relay     relay  // where it forwards what arrives
	feeder    *relay // that forwards to it; nil: none
	watch     watch
	alarm     time.Duration // 0: none
	answered  bool
	reports   reports
	meter     meter
	taps      [tracks]*Tap

	news     *ring[Event]
	listener *listener
	begun    bool // to send
	closing  bool
	over     bool
	record   Record // of the call, whole once it is closed
}

// visit does what is due at a tick, and returns the tick of the next visit; 0:
// the leg is over.
func (l *legState) visit(t *thread, now time.Duration) int64 {
	l.receive(t, now)
	if l.closing {
		l.finish(t, now)
		return 0
	}
	if l.alarm > 0 && now >= l.alarm {
		l.alarm = 0
		l.say(t, Event{Kind: Reached, At: now})
	}
	if l.terms == nil {
		return t.tick + slots
	}
	l.tell(t, l.keys.Tick(l.told[:0], now))
	if l.watch.tick(now) {
		l.say(t, Event{Kind: Quiet, At: now})
	}
	l.reports.step(l, t, now)
	if !l.begun {
		l.begun, l.out.at = true, t.tick
	}
	if t.tick >= l.out.at+l.waits(t.tick) {
		l.send(t, now)
	}
	if l.relay.to != nil {
		return t.tick + 1 // what is forwarded must not wait here
	}
	return min(max(l.out.at, t.tick+1), t.tick+slots)
}

// maxBatches is how often a leg is read at a visit. A thread that was late has
// much to read; one leg that is flooded must not keep the others waiting.
const maxBatches = 4

// receive takes what has arrived.
func (l *legState) receive(t *thread, now time.Duration) {
	for range maxBatches {
		n := l.socket.Receive(t.batch)
		t.received += uint64(n)
		for i := range n {
			l.take(t, &t.batch.datagrams[i], now)
		}
		if n < batchSize {
			return
		}
	}
}

// take takes a datagram.
func (l *legState) take(t *thread, d *datagram, now time.Duration) {
	p, kind := rtp.Read(d.bytes)
	switch {
	case l.terms == nil || l.closing:
	case kind == rtp.RTP:
		l.packet(t, d, p, now)
	case kind == rtp.RTCP:
		l.reports.take(l, d, now)
	default:
		l.record.Ignored++
	}
}

// packet takes an RTP packet from the caller. What was not agreed on shows only that
// somebody is there: comfort noise, of a phone that sends no silence (RFC 3389).
func (l *legState) packet(t *thread, d *datagram, p rtp.Packet, now time.Duration) {
	what := l.terms.of(p.PayloadType)
	at := now - min(d.age, now)
	if what.codec == "" && l.latch.Believes(d.from) {
		l.heard(t, at)
	}
	if what.codec == "" || l.latch.Step(d.from, p.Header) == rtp.Ignored {
		l.record.Ignored++
		return
	}
	rate := what.rate
	if what.event {
		rate = 0
	}
	arrival := l.reception.Step(p.Header, rate, at)
	l.heard(t, at)
	if !l.terms.Direction.Receives() {
		return
	}
	if what.event {
		// Whatever its number is: some senders give those of a key's end the same.
		l.tell(t, l.keys.Step(l.told[:0], p, what.rate, at))
		l.forward(t, d, p, arrival, what, now)
		l.pressed = nameOf(p)
		return
	}
	if arrival.Order == rtp.Duplicate || arrival.Order == rtp.Jumped {
		return
	}
	l.tap(t, FromCaller, at, what.codec, p.Header, p.Payload)
	l.forward(t, d, p, arrival, what, now)
}

// heard takes that something has come from the caller.
func (l *legState) heard(t *thread, at time.Duration) {
	if l.watch.heard(at) {
		l.say(t, Event{Kind: Heard, At: at})
	}
}

// tell tells the call the keys that were pressed.
func (l *legState) tell(t *thread, events []rtp.Event) {
	for _, e := range events {
		key, ok := e.Key()
		if !ok || e.Ended {
			continue
		}
		l.say(t, Event{Kind: Key, At: e.At, Key: key})
		if l.player.UntilKey {
			l.stop(t, false, e.At)
		}
	}
}

// stop ends what is played.
func (l *legState) stop(t *thread, whole bool, at time.Duration) {
	if e, played := l.player.stop(whole); played {
		e.At = at
		l.say(t, e)
	}
}

// say tells the call something.
func (l *legState) say(t *thread, e Event) {
	if e.Kind == Key && l.news.room() <= reserved || !l.news.push(e) {
		t.counts.lostEvents.Add(1)
	}
	t.wake(l.listener)
}

// tap gives sound to who listens to a track.
func (l *legState) tap(t *thread, track Track, at time.Duration, codec sdp.Codec, h rtp.Header, payload []byte) {
	if tap := l.taps[track]; tap != nil && tap.put(at, codec, h, payload) {
		t.wake(tap.listener)
	}
}

// forward sends what has arrived to where it is forwarded.
func (l *legState) forward(t *thread, d *datagram, p rtp.Packet, arrival rtp.Arrival, what *accepted, now time.Duration) {
	to := l.relay.to
	if to == nil {
		return
	}
	if !to.forwards(t.tick) {
		l.relay.joined = false // what is left out is no loss
		return
	}
	var b []byte
	switch coder := l.relay.coder; {
	case what.event && to != l && arrival.Order != rtp.Jumped: // an echo of keys would be keys of ours
		b = l.relay.keys(d.bytes, p, arrival, what.rate, t.tick)
	case !what.event && what.codec == to.terms.Codec.Codec:
		b = l.relay.sound(d.bytes, p, arrival, what.rate, t.tick)
	case !what.event && coder != nil && what.codec == l.terms.Codec.Codec:
		coder.push(p, now-min(d.age, now))
	}
	if b != nil {
		to.transmit(t, b, now)
	}
}
