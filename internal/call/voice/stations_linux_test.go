package voice_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/test/await"
)

// station is a telephone that does what a softphone does not: it announces sound, and
// sends it before it answers, or none at all.
type station struct {
	t     *testing.T
	stack *dialog.Stack
	pool  *media.Pool
	leg   *media.Leg // of the call
	local sdp.Local
	calls chan *dialog.Call
	told  chan dialog.Event
}

func newStation(t *testing.T) *station {
	t.Helper()
	p := &station{t: t, calls: make(chan *dialog.Call, 1), told: make(chan dialog.Event, 100)}
	var err error
	if p.pool, err = media.New(media.Config{Address: loopback, Ports: freshPorts(t), Threads: 1}); err != nil {
		t.Fatal(err)
	}
	p.pool.Start()
	t.Cleanup(p.pool.Stop)
	if p.leg, err = p.pool.Open(media.Rules{}); err != nil {
		t.Fatal(err)
	}
	p.local = sdp.Local{Address: netip.AddrPortFrom(loopback, p.leg.Port()), Codecs: []sdp.Codec{sdp.PCMU}}
	p.stack, err = dialog.New(dialog.Config{
		Listen: []dialog.Listen{{Network: dialog.UDP, Address: netip.AddrPortFrom(loopback, 0)}}, Trusted: func(netip.Addr) bool { return true },
		Incoming: func(c *dialog.Call) func(dialog.Event) {
			p.calls <- c
			return p.tell
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, p.stack, func() error { return nil })
	return p
}

func (p *station) tell(e dialog.Event) { p.told <- e }

func (p *station) uri() sip.Uri {
	return sip.Uri{Scheme: "sip", User: "station", Host: "127.0.0.1", Port: int(p.stack.Addresses()[0].Address.Port())}
}

func (p *station) address() string {
	uri := p.uri()
	return uri.String()
}

// dial calls somebody.
func (p *station) dial(to string) *dialog.Call {
	p.t.Helper()
	var target sip.Uri
	if err := sip.ParseUri(to, &target); err != nil {
		p.t.Fatal(err)
	}
	return p.stack.Dial(dialog.Outgoing{Target: target, From: dialog.Party{Address: p.uri()}, To: dialog.Party{Address: target}, Local: p.local}, p.tell)
}

// rings waits for a call to the station.
func (p *station) rings() *dialog.Call {
	p.t.Helper()
	return await.From(p.t, "a call", p.calls)
}

// says has the station say a tone from now on, answered or not.
func (p *station) says(hertz float64) {
	p.t.Helper()
	for {
		if agreed, ok := await.From(p.t, "an agreement", p.told).(dialog.Agreed); ok {
			p.leg.Agree(agreed.Agreement)
			break
		}
	}
	p.leg.Play(media.Play{Source: audio.SoundOf(sine(hertz, 30*time.Second)).Frames(audio.PCMU)})
}

// soundOf is a tone.
func soundOf(hertz float64, length time.Duration) *audio.Sound {
	return audio.SoundOf(sine(hertz, length))
}
