package core

import (
	"math"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// reports tells whether it is known how a call's sound travels.
func (p *placedCall) reports() bool {
	can := p.can.Load()
	return can != nil && can.audio != nil
}

// report returns how a call's sound travels.
func (p *placedCall) report() engine.AudioReport {
	if !p.reports() {
		return engine.AudioReport{}
	}
	return p.can.Load().audio.AudioReport()
}

// setAudioReport puts a report into a call's record. The first three fields are the
// vendor's, with the caller as side a; the others are ours.
func setAudioReport(f Fields, r engine.AudioReport) {
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
