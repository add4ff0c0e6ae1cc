package media

import (
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/rtp"
)

// MachineNetwork returns the default of Config.Network, for a Pool whose clock is
// that of a test.
func MachineNetwork() Network { return machineNetwork{} }

// NewTranscoder returns what makes packets that arrive into the next that is sent.
func NewTranscoder(from, to audio.Codec) func(packet []byte, p rtp.Packet, now time.Duration) {
	c := newTranscoder(from, to)
	return func(packet []byte, p rtp.Packet, now time.Duration) {
		c.push(p, now)
		c.fill(packet, now)
	}
}
