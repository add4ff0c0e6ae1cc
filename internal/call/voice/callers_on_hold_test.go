package voice_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/voice"
)

// TestACallerMayHoldForLong: however their telephone says so, longer than a caller may
// be silent, and the sound is there again at once. Other servers have hung up, or sent
// to 0.0.0.0 from then on (https://github.com/thevoiceguy/siphon-ai/issues/402,
// https://github.com/team-telnyx/freeswitch/pull/651).
func TestACallerMayHoldForLong(t *testing.T) {
	for _, hold := range []struct{ name, address, direction string }{
		{"sendonly", "192.0.2.1", "sendonly"},
		{"inactive", "192.0.2.1", "inactive"},
		{"an address of zeros", "0.0.0.0", "sendrecv"},
	} {
		t.Run(hold.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, hangUp := context.WithCancelCause(t.Context())
				p := newOffice(t).telephone(t, media.Rules{Timeout: 30 * time.Second}, voice.Config{HangUp: hangUp})
				p.session = sdp.NewSession(1)
				p.say(audio.Silence(time.Second))
				var held, resumed int
				p.at(time.Second, func() { p.offers(t, hold.address, hold.direction) })
				p.at(91*time.Second, func() {
					held = p.received()
					p.offers(t, "192.0.2.1", "sendrecv")
				})
				p.at(91*time.Second+100*time.Millisecond, func() {
					resumed = p.received()
					hangUp(engine.ErrHungUp)
				})
				_, err := p.line.Play(ctx, engine.Recording{Sound: audio.SoundOf(audio.Silence(10 * time.Minute))}, nil)
				if !errors.Is(err, engine.ErrHungUp) {
					t.Errorf("the call ended with %v", err)
				}
				if held < 48 || held > 52 {
					t.Errorf("%d packets were sent until the end of the hold, want those of a second", held)
				}
				if resumed-held < 3 {
					t.Errorf("%d packets were sent in the 100 ms after it", resumed-held)
				}
			})
		})
	}
}

// received returns how many packets the telephone was sent at its own address.
func (p *telephone) received() (n int) {
	_, to := p.packets()
	for _, at := range to {
		if at == p.from {
			n++
		}
	}
	return n
}

// offers changes the session of a call.
func (p *telephone) offers(t *testing.T, address, direction string) {
	offer, err := sdp.Parse(fmt.Appendf(nil, "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 %s\nt=0 0\nm=audio %d RTP/AVP 0\na=%s\n", address, p.from.Port(), direction))
	if err != nil {
		t.Error(err)
		return
	}
	_, changes, err := p.session.Answer(offer, sdp.Local{Address: p.to, Codecs: voice.Codecs()})
	if err != nil {
		t.Error(err)
		return
	}
	p.line.Tell(dialog.Agreed{Agreement: p.session.Agreement(), Changes: changes})
}
