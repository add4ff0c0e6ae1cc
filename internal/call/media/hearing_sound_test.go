package media_test

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// TestTapsHearBothTracks: a recorder that reads now and then gets every frame.
func TestTapsHearBothTracks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, cleanup := newStage(t)
		defer cleanup()
		codec := rapid.SampledFrom([]sdp.Codec{sdp.PCMU, sdp.PCMA}).Draw(t, "codec")
		ptime := rapid.SampledFrom([]time.Duration{10 * ms, 20 * ms, 30 * ms, 60 * ms}).Draw(t, "ptime")
		p := s.call(codec, ptime, media.Rules{})
		p.talk(true)
		p.leg.Play(media.Play{Source: newClip(10 * time.Second)})
		s.pass(200 * ms)
		from, to := p.leg.Listen(media.FromCaller), p.leg.Listen(media.ToCaller)
		s.pass(20 * ms)
		p.listen()
		var said, heard []byte
		b := make([]byte, 1500)
		drain := func(tap *media.Tap, into *[]byte) {
			for f, ok := tap.Read(b); ok; f, ok = tap.Read(b) {
				if f.Codec != codec || f.At > s.clock.Now() || f.At < s.clock.Now()-2*time.Second {
					t.Fatalf("a frame of %s at %v, now %v", f.Codec, f.At, s.clock.Now())
				}
				*into = append(*into, f.Packet.Payload...)
			}
		}
		drain(from, &said)
		drain(to, &heard)
		said, heard = nil, nil
		first := int(p.Timestamp) - int(8*ptime/ms)
		for range rapid.IntRange(1, 5).Draw(t, "reads") {
			s.pass(time.Duration(rapid.IntRange(1, 100).Draw(t, "pause")) * tick)
			drain(from, &said)
			drain(to, &heard)
		}
		if want := sound(p.listen()); !bytes.Equal(heard, want) {
			t.Fatalf("to the caller: %d bytes, sent were %d", len(heard), len(want))
		}
		for _, begin := range []int{first, first + int(8*ptime/ms)} { // the one under way was heard before, or not
			if bytes.Equal(said, counting(begin, len(said))) && len(said) > 0 || len(said) == 0 {
				return
			}
		}
		t.Fatalf("from the caller: %d bytes that are not in a row", len(said))
	})
}

func TestTapThatIsNotReadLosesFramesAndNothingElse(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	s.pass(200 * ms)
	p.listen()
	tap := p.leg.Listen(media.FromCaller)
	s.pass(20 * time.Second)
	if n := len(p.listen()); n != 1000 {
		t.Errorf("%d packets were sent in 20 s", n)
	}
	kept := 0
	b := make([]byte, 1500)
	for _, ok := tap.Read(b); ok; _, ok = tap.Read(b) {
		kept++
	}
	if kept < 300 || kept > 400 || int(tap.Lost())+kept < 998 {
		t.Errorf("%d frames were kept, %d lost", kept, tap.Lost())
	}
	second := p.leg.Listen(media.FromCaller)
	s.pass(time.Second)
	if !tap.Ended() || second.Ended() {
		t.Error("the first ends when there is a second")
	}
}
