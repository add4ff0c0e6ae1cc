package core

import (
	"math"
	"time"
)

// AudioReporter is a Line that knows how its sound travels. The report goes into
// the call's events and its record; a Line that lacks it has none.
type AudioReporter interface {
	// AudioReport returns how it travelled so far. It is asked at any time, by any
	// goroutine, also after the call.
	AudioReport() AudioReport
}

// AudioReport says how the sound of a line travels. What is not known is zero.
type AudioReport struct {
	Codec    string        // as SDP names it (RFC 3551), such as PCMU; empty: none was agreed on yet
	Received int64         // packets from the caller
	Sent     int64         // packets to the caller
	Lost     int64         // of those from the caller (RFC 3550, section 6.4.1)
	Jitter   time.Duration // of those from the caller, likewise
	MOS      float64       // how good it sounds, from 1 to 4.5 (ITU-T G.107)
}

// report returns how a call's sound travels.
func (p *placedCall) report() AudioReport {
	if p.audio == nil {
		return AudioReport{}
	}
	return p.audio.AudioReport()
}

// setIn puts the report into a call's record. The first three fields are the
// vendor's, with the caller as side a; the others are ours.
func (r AudioReport) setIn(f Fields) {
	for name, value := range map[string]any{
		"call-audio-codec":                     r.Codec,
		"call-audio-relay-side-a-packet-count": r.Received,
		"call-audio-relay-side-b-packet-count": r.Sent,
		"call-audio-packets-lost":              r.Lost,
		"call-audio-jitter-milliseconds":       r.Jitter.Milliseconds(),
		"call-audio-mos":                       math.Round(r.MOS*100) / 100,
	} {
		f.set(name, value)
	}
}
