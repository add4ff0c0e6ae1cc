package dialog

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// BenchmarkKeepingMessages writes the messages of a call of a usual kind, and as many
// that are of no call.
func BenchmarkKeepingMessages(b *testing.B) {
	const messages = 10
	peer := netip.MustParseAddrPort("192.0.2.1:5060")
	var raw [messages][]byte
	for i := range raw {
		raw[i] = []byte("INVITE sip:a@b SIP/2.0\r\nX: " + strings.Repeat("x", 500+i) + "\r\nCall-ID: 1\r\n\r\n")
	}
	for name, callID := range map[string]string{"of a call": "1", "of none": "2"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				var all ladders
				all.add(callID, &ladder{})
				for _, r := range raw {
					all.wrote(time.Time{}, UDP, peer, r)
				}
			}
		})
	}
}
