package media_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/rtp"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/fault"
)

// press has the phone press a key in place of sound: seven packets, of which the
// last three say the end. Which says which of them arrive. The first has the
// duration 0, and the last three one sequence number, where odd.
func (p *phone) press(code byte, which func(i int) bool, odd bool) {
	p.s.Helper()
	talks := p.talks
	p.talks = false
	h := p.Header
	for i := range 7 {
		end, duration := byte(0), uint16(160*(i+1))
		if i > 3 {
			end, duration = 0x80, 800
		}
		if odd && i == 0 {
			duration = 0
		}
		h.PayloadType, h.Marker = 101, i == 0
		if which(i) {
			p.send(h, []byte{code, 10 | end, byte(duration >> 8), byte(duration)})
		}
		if !odd || i < 4 {
			h.Sequence++
		}
		p.s.pass(20 * ms)
	}
	p.Sequence = h.Sequence + 1
	p.Timestamp += 7 * 20 * p.units
	p.talk(talks)
}

func all(int) bool { return true }

// TestKeyIsToldOnceWhicheverOfItsPacketsAreLost: with all losses of the seven
// packets, as phones send them and as sipp does.
func TestKeyIsToldOnceWhicheverOfItsPacketsAreLost(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	for _, odd := range []bool{false, true} {
		p := s.call(sdp.PCMU, 20*ms, media.Rules{})
		p.talk(true)
		s.pass(200 * ms)
		for arriving := range 1 << 7 {
			p.press(5, func(i int) bool { return arriving>>i&1 == 1 }, odd)
			s.pass(300 * ms)
			want := "5"
			if arriving == 0 {
				want = ""
			}
			if got := p.keys(); got != want {
				t.Errorf("packets %07b (the first is the last digit), odd %v: heard %q, want %q", arriving, odd, got, want)
			}
		}
		p.hangUp()
	}
}

func TestKeyIsToldAtItsFirstPacket(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	s.pass(200 * ms)
	p.talks = false
	h := p.Header
	h.PayloadType = 101
	began := s.clock.Now()
	p.send(h, []byte{11, 10, 0, 160})
	s.pass(20 * ms)
	e := p.events()
	if len(e) != 1 || e[0].Key != '#' || e[0].At > began || e[0].At < began-20*ms {
		t.Errorf("%+v was told 20 ms after the first packet at %v", e, began)
	}
}

func TestPromptEndsAtAKeyOnlyIfItShall(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	s.pass(200 * ms)
	for _, until := range []bool{false, true} {
		play := p.leg.Play(media.Play{Source: newClip(time.Second), UntilKey: until})
		s.pass(100 * ms)
		p.press(1, all, false)
		s.pass(2 * time.Second)
		var played media.Event
		for _, e := range p.events() {
			if e.Kind == media.Played {
				played = e
			}
		}
		if played.Play != play || played.Whole == until || until && (played.Length < 80*ms || played.Length > 140*ms) {
			t.Errorf("until a key %v: %+v", until, played)
		}
	}
}

// TestKeysThatNobodyTakesDisplaceNothingElse: a call that fetches a document takes no
// events meanwhile.
func TestKeysThatNobodyTakesDisplaceNothingElse(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	s.pass(200 * ms)
	play := p.leg.Play(media.Play{Source: newClip(time.Second)})
	for range 70 {
		p.press(1, all, false)
	}
	p.leg.Alarm(s.pool.Now())
	s.pass(100 * ms)
	told := map[media.EventKind]int{}
	for _, e := range p.events() {
		told[e.Kind]++
		if e.Kind == media.Played && e.Play != play {
			t.Errorf("%+v", e)
		}
	}
	if told[media.Key] < 30 || told[media.Played] != 1 || told[media.Reached] != 1 {
		t.Errorf("told are %d keys, %d ends of sounds, %d alarms", told[media.Key], told[media.Played], told[media.Reached])
	}
}

// TestKeysAreHeardAsTheyWerePressed: any keys, with any two of each one's ends
// lost, while a prompt plays.
func TestKeysAreHeardAsTheyWerePressed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, cleanup := newStage(t)
		defer cleanup()
		p := s.call(sdp.PCMU, 20*ms, media.Rules{})
		p.talk(true)
		s.pass(100 * ms)
		p.leg.Play(media.Play{Source: newClip(5 * time.Second)})
		keys := rapid.StringMatching(`[0-9*#A-D]{1,8}`).Draw(t, "keys")
		for i := range len(keys) {
			code, _ := rtp.CodeOf(keys[i])
			lost := rapid.IntRange(0, 2).Draw(t, "ends lost")
			p.press(code, func(i int) bool { return i < 7-lost }, rapid.Bool().Draw(t, "odd"))
			s.pass(time.Duration(rapid.IntRange(0, 20).Draw(t, "pause")) * 20 * ms)
		}
		if got := p.keys(); got != keys {
			t.Fatalf("heard %q, pressed %q", got, keys)
		}
	})
}

// TestKeysThatAreSentAreHeard: by another leg, which a phone would be.
func TestKeysThatAreSentAreHeard(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	for _, ptime := range []time.Duration{10 * ms, 20 * ms, 30 * ms, 60 * ms} {
		p := s.call(sdp.PCMU, ptime, media.Rules{})
		p.leg.Play(media.Play{Source: newClip(time.Minute)})
		s.pass(ptime)
		if err := p.leg.Press("0123456789*#ABCDd"); err != nil {
			t.Fatal(err)
		}
		s.pass(10 * time.Second)
		packets := p.listen()
		unbroken(t, packets, uint32(8*ptime/ms))
		if got := keysIn(packets); got != "0123456789*#ABCDD" {
			t.Errorf("%v: sent %q", ptime, got)
		}
		for i := 1; i < len(packets); i++ {
			if packets[i].At-packets[i-1].At != ptime {
				t.Fatalf("%v: packets %s", ptime, describe(packets[i-1:i+1]))
			}
		}
		p.hangUp()
	}
}

// keysIn returns the keys that a far end hears in packets.
func keysIn(packets []packet) string {
	var events rtp.Events
	var told []rtp.Event
	for _, p := range packets {
		if p.PayloadType == 101 {
			told = events.Step(told, rtp.Packet{Header: p.Header, Payload: p.Payload}, 8000, p.At)
		}
	}
	var keys []byte
	for _, e := range told {
		if key, ok := e.Key(); ok && !e.Ended {
			keys = append(keys, key)
		}
	}
	return string(keys)
}

func TestKeysThatCannotBeSentAreRefused(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	for _, keys := range []string{"x", "1 2", "012345678901234567890123456789012"} {
		if err := p.leg.Press(keys); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", keys, err)
		}
	}
	a := agreed(sdp.PCMU, 20*ms, p.from)
	a.Events = sdp.Format{}
	p.leg.Agree(a)
	if err := p.leg.Press("1"); fault.CodeOf(err) != fault.Unsupported {
		t.Errorf("without telephone-event: %v", err)
	}
}
