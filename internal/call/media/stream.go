package media

import "github.com/switchhook/switchhook/internal/call/rtp"

// stream is the RTP stream that a leg sends. It has one count of time, whatever
// the packets carry: where one ends the next begins, and only where packets could
// not be sent the count skips their time, and a marker says so.
type stream struct {
	rtp.Header        // of the packet to come
	at         int64  // the tick at which it is due
	own        uint32 // counts packets of ours, those that were forwarded left out

	packets, bytes uint32 // that were sent, as RTCP counts them
}

// catchUp skips the packets that were due before the one of this tick and can no
// longer be sent.
func (s *stream) catchUp(tick int64, t *terms) {
	missed := (tick - s.at) / t.ticks
	if missed <= 0 {
		return
	}
	s.at += missed * t.ticks
	s.Timestamp += uint32(missed) * t.packet()
	s.Marker = true
}

// pass lets the time of a packet pass.
func (s *stream) pass(t *terms) {
	s.at += t.ticks
	s.Timestamp += t.packet()
}

// sent counts a packet that was sent, and what it carried.
func (s *stream) sent(payload int) {
	s.packets++
	s.bytes += uint32(payload)
}
