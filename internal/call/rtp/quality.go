package rtp

import "time"

// Reception counts what arrives of a caller's stream, for RTCP and the record
// of the call. The zero value awaits the first packet.
type Reception struct {
	begun    bool
	ssrc     uint32
	sequence Sequence
	past     Figures // counts of the sources before

	rate    int    // of the timestamps; 0: none was timed yet
	transit int64  // of the last packet, in samples; its zero is arbitrary
	timed   bool   // there is such a packet
	jitter  uint32 // samples, times 16 (RFC 3550 appendix A.8)
	peak    uint32 // likewise

	// At the last report.
	expected, received uint32
}

// Figures are how well a call was received.
type Figures struct {
	Received   uint64 // packets, without duplicates
	Lost       uint64
	Reordered  uint64
	Duplicates uint64
	Restarts   uint64        // of the source, or others after it
	Jitter     time.Duration // at the end (RFC 3550 section 6.4.1)
	PeakJitter time.Duration
	RoundTrip  time.Duration // 0: not known
	MOS        float64       // 1 to 4.5, as calculated by MOS
}

// Loss returns which part of the packets was lost, 0 to 1.
func (f Figures) Loss() float64 {
	if f.Lost == 0 {
		return 0
	}
	return float64(f.Lost) / float64(f.Lost+f.Received)
}

// Step counts a packet from the believed source. Rate is that of its
// timestamps; 0 for telephone events, whose timestamps stand still. Duplicates
// and jumps are to be dropped.
func (r *Reception) Step(h Header, rate int, now time.Duration) Arrival {
	if !r.begun || h.SSRC != r.ssrc {
		r.retire(r.sequence)
		r.begun, r.ssrc, r.sequence = true, h.SSRC, Sequence{}
	}
	before := r.sequence
	arrival := r.sequence.Step(h.Sequence)
	switch arrival.Order {
	case Restarted:
		r.retire(before)
	case Duplicate, Jumped:
		return arrival
	}
	if rate > 0 {
		r.time(h.Timestamp, rate, now)
	}
	return arrival
}

// retire adds the counts of a source that is over to the past.
func (r *Reception) retire(s Sequence) {
	if !s.begun {
		return
	}
	r.past = r.past.with(s)
	r.past.Restarts++
	r.timed = false
	r.expected, r.received = 0, 0
}

// with returns f with the counts of s added.
func (f Figures) with(s Sequence) Figures {
	f.Received += uint64(s.received)
	f.Lost += uint64(s.Lost())
	f.Reordered += uint64(s.reordered)
	f.Duplicates += uint64(s.duplicates)
	return f
}

// time follows the jitter (RFC 3550 appendix A.8).
func (r *Reception) time(timestamp uint32, rate int, now time.Duration) {
	transit := samplesOf(now, rate) - int64(timestamp)
	change := int64(int32(transit - r.transit)) // timestamps wrap
	change = max(change, -change)
	known := r.timed && rate == r.rate && change < samplesOf(maxGap, rate)
	if rate != r.rate {
		r.jitter, r.peak = rescale(r.jitter, r.rate, rate), rescale(r.peak, r.rate, rate)
	}
	r.transit, r.timed, r.rate = transit, true, rate
	if !known { // the count began again, which is no jitter
		return
	}
	r.jitter += uint32(change) - (r.jitter+8)>>4
	r.peak = max(r.peak, r.jitter)
}

// rescale brings a count of samples from one rate to another.
func rescale(n uint32, from, to int) uint32 {
	if from == 0 {
		return 0
	}
	return uint32(uint64(n) * uint64(to) / uint64(from))
}

// Figures returns the figures so far. roundTrip is what RTCP measured, 0 where
// it did not; buffered and discarded are the depth and the losses of the Buffer
// the sound goes through, 0 without one.
func (r *Reception) Figures(roundTrip, buffered time.Duration, discarded uint32) Figures {
	f := r.past.with(r.sequence)
	f.RoundTrip = roundTrip
	if r.rate > 0 {
		f.Jitter = spanOf(int64(r.jitter>>4), r.rate)
		f.PeakJitter = spanOf(int64(r.peak>>4), r.rate)
	}
	heard := f
	heard.Lost += uint64(discarded)
	heard.Received -= min(heard.Received, uint64(discarded))
	f.MOS = MOS(roundTrip/2+buffered, heard.Loss())
	return f
}

// The E-model (ITU-T G.107), with all but delay and loss at their defaults.
const (
	ratingMax  = 93.2  // R of a call without either
	robustness = 25.1  // Bpl of G.711 with concealment, G.113 appendix I; Ie is 0
	slope      = 0.024 // R for each millisecond of delay …
	steeper    = 0.11  // … and from conversational on; Cole and Rosenbluth 2001
	converse   = 177.3 // ms, from which delay disturbs a conversation
)

// MOS estimates how people would rate a call, 1 to 4.5: by the E-model of ITU-T
// G.107, simplified as by Cole and Rosenbluth. delay is from mouth to ear; loss
// is the part of the packets that is not heard, 0 to 1, at random. It is meant
// for G.711, and is used for the other codecs because the scale of narrowband
// telephones is the one that operators know.
func MOS(delay time.Duration, loss float64) float64 {
	ms := float64(delay) / float64(time.Millisecond)
	percent := 100 * loss
	r := ratingMax - slope*ms - steeper*max(0, ms-converse)
	r -= 95 * percent / (percent + robustness) // Ie,eff, section 7.5
	switch {                                   // annex B
	case r <= 0:
		return 1
	case r >= 100:
		return 4.5
	}
	return max(1, 1+0.035*r+r*(r-60)*(100-r)*7e-6)
}
