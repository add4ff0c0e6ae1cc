package media_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/audio"
	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// join returns two phones whose legs are joined and who talk.
func (s *stage) join(one, other sdp.Codec) (a, b *phone) {
	s.Helper()
	a = s.call(one, 20*ms, media.Rules{})
	b = s.call(other, 20*ms, media.Rules{Beside: a.leg})
	a.talk(true)
	s.pass(15 * ms) // not at the same tick
	b.talk(true)
	s.pass(200 * ms)
	if err := a.leg.Join(b.leg); err != nil {
		s.Fatal(err)
	}
	s.pass(200 * ms)
	a.listen()
	b.listen()
	return a, b
}

// TestJoinedLegsHearEachOtherAtTheNextTick: what one says arrives at the other
// untouched, as part of the stream that it is sent.
func TestJoinedLegsHearEachOtherAtTheNextTick(t *testing.T) {
	for _, codec := range []sdp.Codec{sdp.PCMU, sdp.G722, sdp.Opus} {
		t.Run(string(codec), func(t *testing.T) {
			s, cleanup := newStage(t)
			defer cleanup()
			a, b := s.join(codec, codec)
			a.says = func(n int) []byte { return append([]byte{0xf8}, counting(n, 159)...) }
			b.says = func(n int) []byte { return append([]byte{0xf8, 1}, counting(n, 158)...) }
			s.pass(40 * ms)
			for _, c := range []struct{ from, to *phone }{{a, b}, {b, a}} {
				c.to.listen()
				first := int(c.from.Timestamp)
				s.pass(time.Second)
				packets := c.to.listen()
				unbroken(t, packets, 20*c.from.units)
				if n := len(packets); n < 49 || n > 51 {
					t.Errorf("%d packets in a second", n)
				}
				for i := range 40 {
					if want := c.from.says(first + i*20*int(c.from.units)); !bytes.Equal(packets[i].Payload, want) && !bytes.Equal(packets[i+1].Payload, want) {
						t.Fatalf("packet %d is % x, want % x", i, packets[i].Payload[:8], want[:8])
					}
				}
				if last := packets[len(packets)-1]; last.At-(c.from.next-20*ms) > tick || last.SSRC == c.from.SSRC || last.To != c.to.from {
					t.Errorf("the last packet is %+v at %v, said at %v", last.Header, last.At, c.from.next-20*ms)
				}
			}
		})
	}
}

// TestKeyIsPassedOnOnce: whichever of its packets are lost.
func TestKeyIsPassedOnOnce(t *testing.T) {
	for _, codecs := range [][2]sdp.Codec{{sdp.PCMU, sdp.PCMU}, {sdp.PCMU, sdp.PCMA}} {
		s, cleanup := newStage(t)
		a, b := s.join(codecs[0], codecs[1])
		for arriving := range 1 << 7 {
			a.press(8, func(i int) bool { return arriving>>i&1 == 1 }, arriving%3 == 0)
			s.pass(300 * ms)
			want := "8"
			if arriving == 0 {
				want = ""
			}
			if passed, told := keysIn(b.listen()), a.keys(); passed != want || told != want {
				t.Errorf("%v, packets %07b: passed on %q, told %q", codecs, arriving, passed, told)
			}
		}
		if got := b.keys(); got != "" {
			t.Errorf("of the other leg %q was told", got)
		}
		cleanup()
	}
}

// TestKeysAreScaledToTheClockOfTheOtherLeg: a phone sends them at 8000 Hz beside
// Opus, as some do; the other takes them at 48000 alone.
func TestKeysAreScaledToTheClockOfTheOtherLeg(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	a, b := s.join(sdp.Opus, sdp.Opus)
	both := agreed(sdp.Opus, 20*ms, a.from)
	both.Receive = append(both.Receive, sdp.Format{Payload: 96, Codec: sdp.TelephoneEvent(8000)})
	a.leg.Agree(both)
	s.pass(200 * ms)
	for _, c := range []struct {
		payload uint8
		want    []uint16
	}{{101, []uint16{160, 320, 480, 640, 800}}, {96, []uint16{960, 1920, 2880, 3840, 4800}}} {
		b.listen()
		a.talks = false
		h := a.Header
		h.PayloadType = c.payload
		for i := range 5 {
			end := byte(i / 4 << 7)
			a.send(h, []byte{3, 10 | end, byte((i + 1) * 160 >> 8), byte((i + 1) * 160)})
			h.Sequence++
			s.pass(20 * ms)
		}
		a.Sequence = h.Sequence
		a.talk(true)
		s.pass(200 * ms)
		var got []uint16
		timestamps := map[uint32]bool{}
		for _, p := range b.listen() {
			if p.PayloadType == 101 {
				got = append(got, binary.BigEndian.Uint16(p.Payload[2:]))
				timestamps[p.Timestamp] = true
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" || len(timestamps) != 1 {
			t.Errorf("payload type %d: with %d timestamps, durations (-want +got):\n%s", c.payload, len(timestamps), diff)
		}
	}
}

// TestKeyIsNotPassedOnToWhoDoesNotTakeIt: it is told, and who was told may send it
// otherwise.
func TestKeyIsNotPassedOnToWhoDoesNotTakeIt(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	a, b := s.join(sdp.PCMU, sdp.PCMU)
	plain := agreed(sdp.PCMU, 20*ms, b.from)
	plain.Events, plain.Receive = sdp.Format{}, plain.Receive[:1]
	b.leg.Agree(plain)
	s.pass(200 * ms)
	b.listen()
	a.press(8, all, false)
	s.pass(time.Second)
	packets := b.listen()
	unbroken(t, packets, 160)
	if got := keysIn(packets); got != "" || a.keys() != "8" {
		t.Errorf("%q was sent", got)
	}
}

func TestPromptToOneOfTwoComesFirst(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	a, b := s.join(sdp.PCMU, sdp.PCMU)
	prompt := newClip(time.Second)
	a.leg.Play(media.Play{Source: prompt})
	s.pass(2 * time.Second)
	packets := a.listen()
	unbroken(t, packets, 160)
	if !bytes.Contains(sound(packets), prompt) {
		t.Error("the prompt is not heard")
	}
	if last := packets[len(packets)-1].Payload; !bytes.Equal(last, b.says(int(b.Timestamp)-160)) && !bytes.Equal(last, b.says(int(b.Timestamp)-320)) {
		t.Error("after it the other is not heard")
	}
	unbroken(t, b.listen(), 160)
}

func TestLegThatIsLeftGoesOnWithSilence(t *testing.T) {
	for _, how := range []string{"part", "close", "echo of the other"} {
		t.Run(how, func(t *testing.T) {
			s, cleanup := newStage(t)
			defer cleanup()
			a, b := s.join(sdp.PCMU, sdp.PCMU)
			switch how {
			case "part":
				b.leg.Part()
			case "close":
				b.hangUp()
			default:
				b.leg.Echo(true)
			}
			s.pass(time.Second)
			packets := a.listen()
			unbroken(t, packets, 160)
			if n := len(packets); n < 49 || n > 52 || !isSilence(sound(packets[10:])) {
				t.Errorf("%d packets, of which the last is % x", n, packets[n-1].Payload[:8])
			}
		})
	}
}

func TestLegsOfDifferentThreadsAreNotJoined(t *testing.T) {
	ports, err := media.NewPorts(4000, 4100)
	if err != nil {
		t.Fatal(err)
	}
	c := newClock()
	close(c.free)
	pool, err := media.New(media.Config{Address: here, Ports: ports, Threads: 2, Clock: c, Network: &network{clock: c, sockets: map[netip.AddrPort]*socket{}}})
	if err != nil {
		t.Fatal(err)
	}
	var legs []*media.Leg
	for range 2 {
		leg, err := pool.Open(media.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		legs = append(legs, leg)
	}
	if err := legs[0].Join(legs[1]); !errors.Is(err, media.ErrApart) {
		t.Errorf("error %v, want %v", err, media.ErrApart)
	}
}

// tone returns what a phone says that has a tone of 1 kHz.
func tone(codec audio.Codec) func(int) []byte {
	sample := 0
	encoder := audio.NewEncoder(codec)
	return func(int) []byte {
		pcm := make([]int16, codec.Rate()/50)
		for i := range pcm {
			pcm[i] = int16(8000 * math.Sin(2*math.Pi*1000*float64(sample)/float64(codec.Rate())))
			sample++
		}
		return encoder.Append(nil, pcm)
	}
}

// levelOf returns the level of a tone of 1 kHz in what a phone heard, and of all
// else, as amplitudes.
func levelOf(codec audio.Codec, payload []byte) (level, rest float64) {
	decoder := audio.NewDecoder(codec)
	pcm := decoder.Append(nil, payload)
	pcm = pcm[len(pcm)/4:] // the filters need a beginning
	var re, im, power float64
	for i, v := range pcm {
		x := 2 * math.Pi * 1000 * float64(i) / float64(codec.Rate())
		re += float64(v) * math.Cos(x)
		im += float64(v) * math.Sin(x)
		power += float64(v) * float64(v)
	}
	n := float64(len(pcm))
	level = 2 * math.Hypot(re, im) / n
	return level, math.Sqrt(math.Max(0, 2*power/n-level*level))
}

// TestSoundIsTranscoded: between any two codecs a tone stays what it is, and the
// stream has no gap.
func TestSoundIsTranscoded(t *testing.T) {
	codecs := map[sdp.Codec]audio.Codec{sdp.PCMU: audio.PCMU, sdp.PCMA: audio.PCMA, sdp.G722: audio.G722}
	for one, from := range codecs {
		for other, to := range codecs {
			if one == other {
				continue
			}
			t.Run(string(one)+" to "+string(other), func(t *testing.T) {
				s, cleanup := newStage(t)
				defer cleanup()
				a, b := s.join(one, other)
				a.says, b.says = tone(from), tone(to)
				s.pass(time.Second)
				b.listen()
				a.listen()
				s.pass(time.Second)
				for _, c := range []struct {
					hears *phone
					codec audio.Codec
				}{{a, from}, {b, to}} {
					packets := c.hears.listen()
					unbroken(t, packets, 160)
					level, rest := levelOf(c.codec, sound(packets))
					if len(packets) != 50 || level < 7500 || level > 8500 || rest > 400 {
						t.Errorf("%d packets with the tone at %.0f, want 8000, and %.0f else", len(packets), level, rest)
					}
				}
			})
		}
	}
}

// TestTranscodedSoundIsWhole: whatever the packets of either side take.
func TestTranscodedSoundIsWhole(t *testing.T) {
	for _, ptime := range []time.Duration{10 * ms, 30 * ms, 60 * ms} {
		t.Run(ptime.String(), func(t *testing.T) {
			s, cleanup := newStage(t)
			defer cleanup()
			a, b := s.join(sdp.PCMU, sdp.PCMA)
			a.ptime = ptime
			s.pass(200 * ms)
			b.listen()
			first := int(a.Timestamp)
			s.pass(time.Second)
			packets := b.listen()
			unbroken(t, packets, 160)
			want := audio.AppendAlaw(nil, audio.AppendPCMFromMulaw(nil, counting(first, 4800)))
			if len(packets) != 50 || !bytes.Contains(sound(packets), want) {
				t.Errorf("what was said is not in the %d packets", len(packets))
			}
		})
	}
}

// TestTranscodedSoundIsUnbroken: whatever is lost, late and paused of it.
func TestTranscodedSoundIsUnbroken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, cleanup := newStage(t)
		defer cleanup()
		a, b := s.join(sdp.PCMU, rapid.SampledFrom([]sdp.Codec{sdp.PCMA, sdp.G722}).Draw(t, "codec"))
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"lose", "pause", "burst", "pace", "agree", "play"}).Draw(t, "step") {
			case "lose":
				n := rapid.IntRange(1, 20).Draw(t, "packets")
				a.Sequence += uint16(n)
				a.Timestamp += uint32(160 * n)
			case "pause":
				a.talk(false)
				s.pass(time.Duration(rapid.IntRange(1, 60).Draw(t, "ticks")) * tick)
				a.talk(true)
			case "burst":
				for range rapid.IntRange(1, 5).Draw(t, "packets") {
					a.next = s.clock.Now()
					a.step(s.clock.Now())
				}
			case "pace":
				a.ptime = rapid.SampledFrom([]time.Duration{10 * ms, 20 * ms, 30 * ms, 60 * ms}).Draw(t, "ptime")
			case "agree":
				b.leg.Agree(agreed(rapid.SampledFrom([]sdp.Codec{sdp.PCMU, sdp.PCMA, sdp.G722}).Draw(t, "to"), 20*ms, b.from))
			case "play":
				b.leg.Play(media.Play{Source: newClip(50 * ms)})
			}
			s.pass(time.Duration(rapid.IntRange(1, 40).Draw(t, "then")) * tick)
		}
		packets := b.listen()
		for i := 1; i < len(packets); i++ {
			if packets[i].Sequence-packets[i-1].Sequence == 0 || int32(packets[i].Timestamp-packets[i-1].Timestamp) <= 0 {
				t.Fatalf("packet %d: %s", i, describe(packets[i-1:i+1]))
			}
		}
		s.pass(time.Second)
		b.listen()
		s.pass(time.Second)
		if packets := b.listen(); len(packets) < 16 || isSilence(packets[len(packets)-1].Payload) && packets[0].PayloadType == 0 {
			t.Fatalf("afterwards it is not heard: %d packets", len(packets))
		}
	})
}

// TestNoKeyIsPassedOnTwice: whatever is played, agreed on and lost while it is
// pressed. A prompt may swallow one.
func TestNoKeyIsPassedOnTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, cleanup := newStage(t)
		defer cleanup()
		a, b := s.join(sdp.PCMU, rapid.SampledFrom([]sdp.Codec{sdp.PCMU, sdp.PCMA}).Draw(t, "codec"))
		disturb := func() {
			switch rapid.IntRange(0, 9).Draw(t, "meanwhile") {
			case 0:
				b.leg.Play(media.Play{Source: newClip(time.Duration(rapid.IntRange(1, 90).Draw(t, "prompt")) * ms)})
			case 1:
				b.leg.Agree(agreed(sdp.PCMU, 20*ms, b.from))
			case 2:
				if err := a.leg.Join(b.leg); err != nil {
					t.Fatal(err)
				}
			}
		}
		const pressed = "0123456789*#"
		arrived := make([]byte, 0, len(pressed))
		for code := range len(pressed) {
			n := 0
			a.press(byte(code), func(int) bool {
				disturb()
				arrives := rapid.IntRange(0, 3).Draw(t, "arrives") > 0
				if arrives {
					n++
				}
				return arrives
			}, rapid.Bool().Draw(t, "odd"))
			s.pass(time.Duration(rapid.IntRange(0, 20).Draw(t, "pause")) * tick)
			if n > 0 {
				arrived = append(arrived, pressed[code])
			}
		}
		s.pass(time.Second)
		if told := a.keys(); told != string(arrived) {
			t.Fatalf("told %q, arrived %q", told, arrived)
		}
		rest := string(arrived)
		passed := keysIn(b.listen())
		for _, key := range passed {
			at := strings.IndexRune(rest, key)
			if at < 0 {
				t.Fatalf("passed on %q of %q", passed, arrived)
			}
			rest = rest[at+1:]
		}
	})
}
