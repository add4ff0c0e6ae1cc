package media_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

func TestSilenceIsSentFromTheFirstAgreementToTheEnd(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	for _, c := range []struct {
		codec   sdp.Codec
		silence byte
	}{{sdp.PCMU, 0xff}, {sdp.PCMA, 0xd5}} {
		p := s.call(c.codec, 20*ms, media.Rules{})
		s.pass(10 * time.Second)
		packets := p.listen()
		if len(packets) < 499 || len(packets) > 500 {
			t.Errorf("%s: %d packets in 10 s", c.codec, len(packets))
		}
		if !packets[0].Marker {
			t.Errorf("%s: the first packet has no marker", c.codec)
		}
		unbroken(t, packets, 160)
		if got := sound(packets); !bytes.Equal(got, bytes.Repeat([]byte{c.silence}, len(packets)*160)) {
			t.Errorf("%s: what is sent is no silence", c.codec)
		}
		for _, packet := range packets {
			if packet.To != p.from {
				t.Fatalf("%s: sent to %v, want %v", c.codec, packet.To, p.from)
			}
		}
	}
}

func TestPromptIsSentWhole(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	s.pass(100 * ms)
	p.listen()
	prompt := newClip(1010 * ms) // half a packet is silence
	want := []byte(prompt)
	play := p.leg.Play(media.Play{Source: prompt})
	s.pass(2 * time.Second)
	packets := p.listen()
	unbroken(t, packets, 160)
	got := sound(packets)
	begin := bytes.Index(got, want)
	if begin < 0 || begin > 320 || !isSilence(got[:begin]) || !isSilence(got[begin+len(want):]) {
		t.Errorf("the prompt is not there: it begins at %d", begin)
	}
	wantEvents := []media.Event{{Kind: media.Played, Play: play, Length: 1010 * ms, Whole: true}}
	if diff := cmp.Diff(wantEvents, p.events(), ignoreAt); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// ignoreAt leaves out when an event was.
var ignoreAt = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".At" }, cmp.Ignore())

// TestPacketsAreSentWithTheTimeThatWasAgreedOn: 30 ms sent as 20, 40, 20, 40 ms is
// what users of other engines met.
func TestPacketsAreSentWithTheTimeThatWasAgreedOn(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	for _, ptime := range []time.Duration{10 * ms, 20 * ms, 30 * ms, 40 * ms, 50 * ms, 60 * ms} {
		p := s.call(sdp.PCMU, ptime, media.Rules{})
		p.leg.Play(media.Play{Source: newClip(2 * time.Second)})
		s.pass(3 * time.Second)
		packets := p.listen()
		units := uint32(8 * ptime / ms)
		unbroken(t, packets, units)
		for i, packet := range packets {
			if len(packet.Payload) != int(units) || i > 0 && packet.At-packets[i-1].At != ptime {
				t.Fatalf("%v: packet %d has %d bytes at %v: %s", ptime, i, len(packet.Payload), packet.At, describe(packets[max(0, i-3):i+1]))
			}
		}
		p.hangUp()
	}
}

func TestPromptIsReplacedAndStopped(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	first := p.leg.Play(media.Play{Source: newClip(time.Minute)})
	s.pass(time.Second)
	second := p.leg.Play(media.Play{Source: newClip(time.Minute)})
	s.pass(time.Second)
	p.leg.Stop(first) // it is over already
	s.pass(time.Second)
	p.leg.Stop(second)
	s.pass(time.Second)
	want := []media.Event{
		{Kind: media.Played, Play: first, Length: time.Second},
		{Kind: media.Played, Play: second, Length: 2 * time.Second},
	}
	if diff := cmp.Diff(want, p.events(), ignoreAt); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	packets := p.listen()
	unbroken(t, packets, 160)
	if got := sound(packets[len(packets)-40:]); !isSilence(got) {
		t.Error("it plays on after Stop")
	}
}

// TestPromptIsPlayedFromWhereItWas: as after a change of the codec.
func TestPromptIsPlayedFromWhereItWas(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	prompt := newClip(time.Second)
	p.leg.Play(media.Play{Source: prompt})
	s.pass(400 * ms)
	p.leg.Agree(agreed(sdp.PCMA, 20*ms, p.from))
	s.pass(100 * ms)
	e := p.events()
	if len(e) != 1 || e[0].Whole || e[0].Length != 400*ms {
		t.Fatalf("events %+v", e)
	}
	p.listen()
	p.leg.Play(media.Play{Source: prompt, From: e[0].Length})
	s.pass(time.Second)
	packets := p.listen()
	if packets[0].PayloadType != 8 || !bytes.Contains(sound(packets), prompt[3200:]) || bytes.Contains(sound(packets), prompt[3199:]) {
		t.Error("it is not played from there")
	}
	if e := p.events(); len(e) != 1 || !e[0].Whole || e[0].Length != 600*ms {
		t.Errorf("events %+v", e)
	}
}

func TestLoopIsPlayedWithoutAGap(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	tone := newClip(7 * ms)
	ring := p.leg.Play(media.Play{Source: tone, Loop: true})
	s.pass(time.Second)
	p.leg.Stop(ring)
	s.pass(20 * ms)
	got := sound(p.listen()[:50])
	for i, b := range got {
		if b != tone[i%len(tone)] {
			t.Fatalf("byte %d is %d", i, b)
		}
	}
	if e := p.events(); len(e) != 1 || e[0].Length != time.Second {
		t.Errorf("events %+v", e)
	}
	p.leg.Play(media.Play{Source: clip{}, Loop: true})
	s.pass(time.Second)
	if e := p.events(); len(e) != 1 || e[0].Length != 0 {
		t.Errorf("of a loop of nothing: %+v", e)
	}
}

// growing is a Source that is still being made.
type growing struct {
	clip
	more bool
}

func (g *growing) Done(at int) bool { return !g.more && g.clip.Done(at) }

func TestPromptThatComesTooSlowlyGoesOnWhereItWas(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	whole := newClip(200 * ms)
	g := &growing{whole[:900], true}
	p.leg.Play(media.Play{Source: g})
	s.pass(time.Second)
	g.clip, g.more = whole, false
	s.pass(time.Second)
	packets := p.listen()
	unbroken(t, packets, 160)
	if got := bytes.ReplaceAll(sound(packets), []byte{0xff}, nil); !bytes.Equal(got, whole) {
		t.Errorf("%d bytes of sound were sent, want %d", len(got), len(whole))
	}
	if e := p.events(); len(e) != 1 || !e[0].Whole || e[0].Length != 200*ms {
		t.Errorf("events %+v", e)
	}
}

// TestThreadThatWasLateMakesUpForIt: and for what is too much the time is skipped,
// with a marker.
func TestThreadThatWasLateMakesUpForIt(t *testing.T) {
	for _, c := range []struct {
		late    time.Duration
		packets int // in the second
		markers int
	}{{0, 50, 0}, {60 * ms, 50, 0}, {95 * ms, 50, 0}, {400 * ms, 31, 1}} {
		t.Run(c.late.String(), func(t *testing.T) {
			s, cleanup := newStage(t)
			defer cleanup()
			p := s.call(sdp.PCMU, 20*ms, media.Rules{})
			s.pass(time.Second)
			first := p.listen()[0]
			end := s.clock.Now() + time.Second
			s.late(c.late)
			for s.clock.Now() < end {
				s.late(0)
			}
			packets := p.listen()
			markers := 0
			for _, packet := range packets {
				if packet.Marker {
					markers++
				}
			}
			if diff := len(packets) - c.packets; diff < -1 || diff > 1 || markers != c.markers {
				t.Errorf("%d packets and %d markers, want %d and %d: %s", len(packets), markers, c.packets, c.markers, describe(packets))
			}
			unbroken(t, packets, 160)
			last := packets[len(packets)-1]
			if passed, told := (last.At-first.At)/ms, (last.Timestamp-first.Timestamp)/8; max(int(passed)-int(told), int(told)-int(passed)) > 20 {
				t.Errorf("%d ms have passed, the timestamps say %d", passed, told)
			}
			if got := s.pool.Counts(); got.Latest != c.late || (got.Skipped > 0) != (c.markers > 0) {
				t.Errorf("counts %+v", got)
			}
		})
	}
}

// TestSoundIsSentWhateverIsAsked: 50 packets a second of one stream, whatever is
// played, stopped, pressed, echoed and agreed on again, and whether the caller
// speaks.
func TestSoundIsSentWhateverIsAsked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, cleanup := newStage(t)
		defer cleanup()
		p := s.call(sdp.PCMU, 20*ms, media.Rules{Timeout: time.Second})
		p.leg.Answered()
		var play media.PlayID
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{
			"play", "play until key", "stop", "press", "echo", "no echo", "talk", "hush", "agree", "tap", "wait",
		}), 1, 20).Draw(t, "steps")
		s.pass(40 * ms)
		began := s.clock.Now()
		p.listen()
		for _, step := range steps {
			switch step {
			case "play", "play until key":
				play = p.leg.Play(media.Play{Source: newClip(time.Duration(rapid.IntRange(0, 900).Draw(t, "prompt")) * ms), UntilKey: step != "play"})
			case "stop":
				p.leg.Stop(play)
			case "press":
				if err := p.leg.Press("4*"); err != nil {
					t.Fatal(err)
				}
			case "echo", "no echo":
				p.leg.Echo(step == "echo")
			case "talk", "hush":
				p.talk(step == "talk")
			case "agree":
				p.leg.Agree(agreed(sdp.PCMU, 20*ms, p.from))
			case "tap":
				p.leg.Listen(media.FromCaller)
				p.leg.Listen(media.ToCaller)
			}
			s.pass(time.Duration(rapid.IntRange(0, 20).Draw(t, "pause")) * tick)
		}
		took := s.clock.Now() - began
		packets := p.listen()
		unbroken(t, packets, 160)
		// An echo ends where the caller stops, which is known a moment later.
		gaps := 0
		for i, packet := range packets {
			if i > 0 && packet.At-packets[i-1].At > 40*ms {
				gaps += 3
			}
		}
		if len(packets) > 0 && s.clock.Now()-packets[len(packets)-1].At > 40*ms {
			gaps += 3
		}
		if want := int(took / (20 * ms)); len(packets) < want-2-gaps || len(packets) > want+3 {
			t.Fatalf("%d packets in %v, want %d and up to %d less: %s", len(packets), took, want, gaps, describe(packets))
		}
	})
}

// TestOpusIsSentAsSilence: it is passed on between two legs, but not made here.
func TestOpusIsSentAsSilence(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.Opus, 60*ms, media.Rules{})
	p.leg.Play(media.Play{Source: newClip(time.Second)})
	s.pass(time.Second)
	packets := p.listen()
	unbroken(t, packets, 960)
	if len(packets) != 50 || !bytes.Equal(packets[7].Payload, []byte{0xf8, 0xff, 0xfe}) {
		t.Errorf("%d packets of % x", len(packets), packets[7].Payload)
	}
	if e := p.events(); len(e) != 1 || e[0].Whole || e[0].Length != 0 {
		t.Errorf("events %+v", e)
	}
}
