package voice_test

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/call/enginetest"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/call/softphone"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/call/voice"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/test/await"
	"github.com/switchhook/switchhook/test/handset"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// program is what is done with each call to a service, in place of an engine.
type program func(ctx context.Context, line engine.Line)

func (p program) Place(ctx context.Context, _, _ string, line engine.Line, _ func([]string), _ func(trace.Stamped)) engine.Outcome {
	p(ctx, line)
	return engine.Outcome{}
}

// leavesNothing checks that nothing is left of a test in the end. It comes first.
func leavesNothing(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	t.Cleanup(func() {
		if !t.Failed() {
			await.That(t, "an end of all that was begun", func() bool { return runtime.NumGoroutine() <= goroutines })
		}
	})
}

// switchboard serves calls by a program, and calls people at this machine. Each port
// of the sound must be free again after the calls.
func switchboard(t *testing.T, p program, change func(*voice.ServerConfig)) *service {
	t.Helper()
	ports := freshPorts(t)
	return plan{responder: enginetest.Documents{}, voice: silentVoice{}, listen: []string{dialog.UDP}, ports: ports, after: func() { areAllBack(t, ports) }, change: func(c *voice.ServerConfig) {
		c.Exchange = p
		c.Guard = fetch.Guard{Loopback: true}
		if change != nil {
			change(c)
		}
	}}.serve(t)
}

// areAllBack checks that the ports of calls that are over are free.
func areAllBack(t *testing.T, ports *media.Ports) {
	t.Helper()
	for range ports.Len() {
		if _, err := ports.Take(time.Hour); err != nil && !t.Failed() {
			t.Errorf("a port was not given back: %v", err)
		}
	}
}

// taken is how many ports for sound tests have had.
var taken atomic.Uint32

// freshPorts returns ports that no other test has had lately: what is still sent to
// those would be heard.
func freshPorts(t *testing.T) *media.Ports {
	t.Helper()
	_, ports := freshPortsOf(t, 20)
	return ports
}

// freshPortsOf returns so many, and the first.
func freshPortsOf(t *testing.T, count uint16) (first uint16, ports *media.Ports) {
	t.Helper()
	const from, room, step = 25000, 5000, 20
	first = uint16(from + (taken.Add(step)-step)%room)
	ports, err := media.NewPorts(first, first+count-1)
	if err != nil {
		t.Fatal(err)
	}
	return first, ports
}

// address is where a service is called.
func (s *service) address() string { return "sip:100@" + s.at.String() }

// connects connects a caller with an address, and has told how it went.
func connects(to string, went chan<- string) program {
	return func(ctx context.Context, line engine.Line) {
		went <- connect(ctx, line, engine.Outside{To: to, From: "+12125550100"})
	}
}

// connect connects a caller, and returns how it went.
func connect(ctx context.Context, line engine.Line, who engine.Outside) string {
	connector, _ := engine.As[engine.Connector](line)
	forwarded, err := connector.Connect(ctx, who)
	text := string(forwarded.End)
	if forwarded.Talked > 0 {
		text += " talked"
	}
	if err != nil {
		text += ": " + err.Error()
	}
	return text
}

// plays answers a caller with a moment of silence.
func plays(ctx context.Context, line engine.Line) {
	_, _ = line.Play(ctx, engine.Recording{Sound: audio.SoundOf(audio.Silence(packetTime))}, nil) // the next verb says what is wrong
}

// newPhone runs a phone until the test ends.
func newPhone(t *testing.T, codecs ...sdp.Codec) *handset.Phone {
	t.Helper()
	return handset.Start(t, softphone.Config{Codecs: codecs, Trusted: func(netip.Addr) bool { return true }})
}

// says has a phone say a tone from now on.
func says(c *handset.Call, hertz float64) {
	c.T.Helper()
	if _, err := c.Say(audio.SoundOf(sine(hertz, 30*time.Second))); err != nil {
		c.T.Fatal(err)
	}
}

// hears waits until a phone hears a tone, or several at once.
func hears(c *handset.Call, hertz ...float64) {
	c.T.Helper()
	sound, err := c.Hear().Sound(await.Context(c.T))
	if err != nil {
		c.T.Fatal(err)
	}
	reader, last := sound.Reader(), make([]int16, 0, sound.Rate())
	await.That(c.T, fmt.Sprintf("a tone of %v Hz", hertz), func() bool {
		for {
			piece := make([]int16, sound.Rate()/10)
			n := reader.Read(piece)
			last = append(last, piece[:n]...)
			last = last[max(0, len(last)-len(piece)):]
			if n < len(piece) {
				return len(last) == len(piece) && hasTones(last, sound.Rate(), hertz)
			}
		}
	})
}

// hasTones reports whether sound is these tones and hardly anything else.
func hasTones(pcm []int16, rate int, hertz []float64) bool {
	var all, those float64
	for _, s := range pcm {
		all += float64(s) * float64(s)
	}
	for _, f := range hertz {
		var re, im float64
		for i, s := range pcm {
			sin, cos := math.Sincos(2 * math.Pi * f * float64(i) / float64(rate))
			re, im = re+float64(s)*cos, im+float64(s)*sin
		}
		share := 2 * (re*re + im*im) / float64(len(pcm))
		if share < 0.6*all/float64(len(hertz)) {
			return false
		}
		those += share
	}
	return all > 0 && those > 0.8*all
}

// sine is a tone, half as loud as can be.
func sine(hertz float64, length time.Duration) audio.Clip {
	c := audio.Silence(length)
	for i := range c {
		c[i] = int16(16000 * math.Sin(2*math.Pi*hertz*float64(i)/audio.Rate))
	}
	return c
}

// talkBothWays checks that two who are connected hear each other.
func talkBothWays(one, other *handset.Call) {
	one.T.Helper()
	says(one, 500)
	says(other, 1500)
	hears(other, 500)
	hears(one, 1500)
}
