package media_test

import (
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/rtp"
)

// TestTranscodingTakesNoMemoryOfItsThread from the first packet on: a thread that
// allocates can be made to collect garbage.
func TestTranscodingTakesNoMemoryOfItsThread(t *testing.T) {
	codecs := []audio.Codec{audio.PCMU, audio.PCMA, audio.G722}
	arrives, sent := make([]byte, 160), make([]byte, 160)
	for _, from := range codecs {
		for _, to := range codecs {
			fresh := []func([]byte, rtp.Packet, time.Duration){media.NewTranscoder(from, to), media.NewTranscoder(from, to)}
			first := func() { // of each, one after the other
				step := fresh[0]
				fresh = fresh[1:]
				for i := range 50 {
					p := rtp.Packet{Header: rtp.Header{Sequence: uint16(i), Timestamp: uint32(160 * i)}, Payload: arrives}
					step(sent, p, time.Duration(i)*20*ms)
				}
			}
			if n := testing.AllocsPerRun(1, first); n > 0 {
				t.Errorf("from %d to %d: %v allocations", from, to, n)
			}
		}
	}
}
