package media

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/call/sdp"
)

// Report is how a leg's sound travels.
type Report struct {
	Codec    sdp.Codec     // empty: none was agreed on yet
	Received uint64        // packets from the caller
	Sent     uint64        // packets to the caller
	Lost     uint64        // of those from the caller
	Jitter   time.Duration // of those from the caller (RFC 3550 section 6.4.1)
	MOS      float64       // 1 to 4.5, as calculated by rtp.MOS; 0: nothing has arrived
}

// Report returns how the leg's sound has travelled, as of 100 ms ago at most, or
// at its end. It waits for no thread, and may be asked for at any time.
func (l *Leg) Report() Report {
	l.pool.mu.Lock()
	codec := l.codec
	l.pool.mu.Unlock()
	m := &l.state.meter
	return Report{
		Codec:    codec,
		Received: m.received.Load(),
		Sent:     m.sent.Load(),
		Lost:     m.lost.Load(),
		Jitter:   time.Duration(m.jitter.Load()),
		MOS:      math.Float64frombits(m.mos.Load()),
	}
}

// meter has the figures of a Report, for others than the thread to read. They may
// be of two readings: nobody adds them up.
type meter struct {
	received, sent, lost, mos atomic.Uint64
	jitter                    atomic.Int64
}

// measure takes a reading.
func (l *legState) measure() {
	f := l.reception.Figures(l.reports.control.RoundTrip(), 0, 0)
	l.meter.received.Store(f.Received)
	l.meter.sent.Store(uint64(l.out.packets))
	l.meter.lost.Store(f.Lost)
	l.meter.jitter.Store(int64(f.Jitter))
	if f.Received > 0 {
		l.meter.mos.Store(math.Float64bits(f.MOS))
	}
}
