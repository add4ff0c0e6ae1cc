package voice_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/voice"
)

// TestWhoIsHeldIsSentSoundAllTheTime: what the telephone plays that holds them, or
// silence, so that nothing on the way takes the call for dead. They are not told, and
// so are taken for gone if they become silent, but not for who holds them. The codec
// stays what it was.
func TestWhoIsHeldIsSentSoundAllTheTime(t *testing.T) {
	for _, c := range []struct {
		codec     sdp.Codec
		direction sdp.Direction
		hears     func(p *opusPhone)
	}{
		{sdp.Opus, sdp.SendOnly, hearsMusic},
		{sdp.Opus, sdp.Inactive, hearsSilence},
		{sdp.PCMU, sdp.SendOnly, hearsMusic},
		{sdp.PCMU, sdp.Inactive, hearsSilence},
	} {
		t.Run(string(c.codec)+" "+c.direction.String(), func(t *testing.T) {
			leavesNothing(t)
			p := passes(t, []sdp.Codec{c.codec}, []sdp.Codec{c.codec}, connectsTo, func(c *voice.ServerConfig) { c.Rules = media.Rules{Timeout: 1500 * time.Millisecond} })
			for _, sides := range []struct {
				holds, held *opusPhone
				call        *dialog.Call
			}{{p.alice, p.bob, p.call}, {p.bob, p.alice, p.called}} {
				hold := sides.holds.local
				hold.Direction = c.direction
				sides.call.Change(hold)
				isToldThat(sides.holds, func(e dialog.Agreed) bool { return e.Direction == c.direction })
				c.hears(sides.held)
				sides.call.Change(sides.holds.local)
				if back := isToldThat(sides.holds, func(e dialog.Agreed) bool { return e.Direction == sdp.SendRecv }); back.Codec.Codec != c.codec {
					t.Errorf("after the hold it is %s", back.Codec.Codec)
				}
				p.bothHear()
			}
			hangup(p.call)
			p.ends("answered talked" + callerHungUp)
		})
	}
}

// longHold is so many packets that nobody may be silent for as long.
const longHold = 100

func hearsMusic(p *opusPhone) { p.hearsOther(longHold) }

func hearsSilence(p *opusPhone) {
	p.hears("silence", longHold, func(packet rtp.Packet) bool {
		return isOpusSilence(packet) || bytes.Equal(packet.Payload, bytes.Repeat([]byte{0xff}, 160))
	})
}
