package voice_test

import (
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/voice"
)

// TestNobodyElsePressesKeysInACall: a telephone behind a router sends from elsewhere
// than it says, so it is believed by what it sends; then somebody else sends too
// (https://github.com/emiago/diago/issues/100, https://github.com/eigger/hass-sip/pull/48).
func TestNobodyElsePressesKeysInACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newOffice(t).telephone(t, media.Rules{}, voice.Config{HangUp: func(error) {}})
		router := netip.MustParseAddrPort("198.51.100.1:1024")
		there := &telephone{wire: p.wire, to: p.to, from: router, header: rtp.Header{SSRC: 1}}
		intruder := &telephone{wire: p.wire, to: p.to, from: netip.MustParseAddrPort("203.0.113.1:4000"), header: rtp.Header{SSRC: 666}}
		p.at(100*time.Millisecond, func() { there.say(audio.Silence(time.Second)) })
		p.at(300*time.Millisecond, func() { intruder.say(audio.Silence(time.Second)) })
		p.at(1500*time.Millisecond, func() { intruder.press('9') })
		p.at(2*time.Second, func() { there.press('5') })
		in, err := p.line.Listen(t.Context(), &engine.Listening{Keys: true}, 5*time.Second)
		if err != nil || in.Key != '5' {
			t.Errorf("%c was pressed, %v", in.Key, err)
		}
		_, to := p.packets()
		for i, at := range to[10:] { // three packets are enough to know it by
			if at != router {
				t.Fatalf("packet %d went to %v", 10+i, at)
			}
		}
	})
}
