package rtp

import (
	"encoding/binary"
	"strings"
	"time"
)

const (
	eventSize  = 4    // of an event's payload (RFC 4733 section 2.3)
	endBit     = 0x80 // of its second byte
	segment    = 0xffff
	keys       = "0123456789*#ABCD" // by code, RFC 4733 section 3.2
	lapse      = 150 * time.Millisecond
	oldestLate = 5 // seconds; packets further behind belong to a new count of time
)

// Event is a key that a caller pressed, or another telephone event.
type Event struct {
	Code   uint8         // RFC 4733 section 3.2; 0 to 15 are the keys
	At     time.Duration // when it began: by the first packet that arrived, and its duration
	Ended  bool
	Length time.Duration // once it has ended
}

// Key returns the key of e, one of 0-9, *, # and A-D. It is not ok for events
// that are no keys, such as a flash or the tones of a fax.
func (e Event) Key() (key byte, ok bool) {
	if int(e.Code) >= len(keys) {
		return 0, false
	}
	return keys[e.Code], true
}

// CodeOf returns the code of a key (RFC 4733 section 3.2); letters may be small.
func CodeOf(key byte) (code uint8, ok bool) {
	if key >= 'a' && key <= 'd' {
		key -= 'a' - 'A'
	}
	at := strings.IndexByte(keys, key)
	return uint8(max(0, at)), at >= 0
}

// Events follows the telephone events of one caller (RFC 4733). An event is told
// at the first of its packets that arrives, whichever that is, and once more
// when it ends. Packets belong together by timestamp: senders get sequence
// numbers, markers and durations wrong. The zero value awaits the first event.
//
// Of several events in one packet (RFC 4733 section 2.5.1.5) the first counts:
// keys have pauses between them, so they cannot be packed.
type Events struct {
	start time.Duration // see Since

	begun     bool // there was an event; the rest describes the last
	ssrc      uint32
	rate      int
	timestamp uint32
	event     Event
	duration  uint32        // of the segment with this timestamp, so far
	before    int64         // duration of the segments before
	heard     time.Duration // when its last packet arrived
	wanted    bool          // it began after start
	over      bool          // its end bit was seen
}

// Since drops the events that begin before start from now on: a key cannot
// answer a question that was not yet asked.
func (e *Events) Since(start time.Duration) { e.start = start }

// Step takes a packet of an event payload type, whose clock rate is rate, and
// appends to told what it tells: at most the end of the event before, the begin
// of a new one and its end.
func (e *Events) Step(told []Event, p Packet, rate int, now time.Duration) []Event {
	if len(p.Payload) < eventSize || rate <= 0 {
		return told
	}
	code := p.Payload[0]
	if !e.begun || p.SSRC != e.ssrc || rate != e.rate {
		told = e.begin(told, p, rate, now)
	} else if ahead := p.Timestamp - e.timestamp; ahead != 0 {
		switch {
		case ahead == segment && code == e.event.Code && !e.over && !p.Marker:
			e.before += segment // a key held for longer than a duration can say, section 2.5.1.3
			e.timestamp, e.duration = p.Timestamp, 0
		case -ahead < oldestLate*uint32(e.rate):
			return told // of an event before, come late
		default:
			told = e.begin(told, p, rate, now)
		}
	}
	e.duration = max(e.duration, uint32(binary.BigEndian.Uint16(p.Payload[2:])))
	e.heard = now
	if p.Payload[1]&endBit != 0 {
		e.over = true
		return e.end(told)
	}
	return told
}

// Tick ends the event whose end was lost: nothing of it has arrived for 150 ms,
// three times the longest interval of its packets (RFC 4733 section 2.5.1.2).
func (e *Events) Tick(told []Event, now time.Duration) []Event {
	if !e.begun || now-e.heard < lapse {
		return told
	}
	return e.end(told)
}

// begin begins the event of p, and ends the one before, whose end was lost.
func (e *Events) begin(told []Event, p Packet, rate int, now time.Duration) []Event {
	if e.begun {
		told = e.end(told)
	}
	since := spanOf(int64(binary.BigEndian.Uint16(p.Payload[2:])), rate)
	*e = Events{
		start:     e.start,
		begun:     true,
		ssrc:      p.SSRC,
		rate:      rate,
		timestamp: p.Timestamp,
		event:     Event{Code: p.Payload[0], At: max(0, now-since)},
	}
	e.wanted = e.event.At >= e.start
	if !e.wanted {
		return told
	}
	return append(told, e.event)
}

// end tells that the event has ended, once.
func (e *Events) end(told []Event) []Event {
	if e.event.Ended {
		return told
	}
	e.event.Ended = true
	e.event.Length = spanOf(e.before+int64(e.duration), e.rate)
	if !e.wanted {
		return told
	}
	return append(told, e.event)
}
