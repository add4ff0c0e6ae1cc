package media_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
)

// TestEchoIsSentAtTheTickAfterItCame: with the numbers of the stream it is part
// of, and losses as they were.
func TestEchoIsSentAtTheTickAfterItCame(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	s.pass(200 * ms)
	p.leg.Echo(true)
	s.pass(100 * ms)
	p.listen()
	lost := 0
	s.before = append(s.before, func(time.Duration) {
		if lost == 0 && s.clock.Now() > time.Second {
			lost = 3
			p.Sequence += 3 // three packets that do not arrive
			p.Timestamp += 3 * 160
			p.next += 60 * ms
		}
	})
	s.pass(2 * time.Second)
	packets := p.listen()
	gaps := 0
	for i, packet := range packets {
		if at := packet.Timestamp; i > 0 && int32(at-packets[i-1].Timestamp) != 160*int32(int16(packet.Sequence-packets[i-1].Sequence)) {
			t.Fatalf("packet %d: %s", i, describe(packets[i-1:i+1]))
		}
		if i > 0 && packet.Sequence != packets[i-1].Sequence+1 {
			gaps++
		}
	}
	if gaps != 1 || len(packets) < 96 || len(packets) > 98 {
		t.Errorf("%d packets with %d gaps, want 97 with 1", len(packets), gaps)
	}
	if packets[0].SSRC == p.SSRC {
		t.Error("the echo has the source of the caller")
	}
	delay := packets[len(packets)-1].At - (p.next - 20*ms)
	if delay < 0 || delay > tick {
		t.Errorf("the echo comes after %v", delay)
	}
	p.leg.Echo(false)
	s.pass(time.Second)
	if last := p.listen(); !isSilence(sound(last[2:])) {
		t.Error("it echoes on")
	}
	unbroken(t, p.heard[len(p.heard)-60:], 160)
}

func TestKeysAreNotEchoed(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	p.leg.Echo(true)
	s.pass(500 * ms)
	p.press(4, all, false)
	s.pass(500 * ms)
	if got := keysIn(p.listen()); got != "" {
		t.Errorf("keys %q came back", got)
	}
	if got := p.keys(); got != "4" {
		t.Errorf("keys %q were told", got)
	}
}

// TestCallerWhoPausesInAnEchoHearsSilence: networks drop calls that are silent.
func TestCallerWhoPausesInAnEchoHearsSilence(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	p.leg.Echo(true)
	s.pass(time.Second)
	p.listen()
	p.talk(false)
	s.pass(10 * time.Second)
	packets := p.listen()
	if len(packets) < 495 {
		t.Errorf("%d packets in the 10 s of a pause", len(packets))
	}
	p.talk(true)
	s.pass(time.Second)
	again := p.listen()
	packets = append(packets, again...)
	unbroken(t, packets, 160)
	if !bytes.Contains(sound(again), counting(int(p.Timestamp)-1600, 160)) {
		t.Error("after the pause nothing comes back")
	}
}

// TestPauseOfACallerIsMarked: also where they do not mark it, or the far end takes
// it for a loss.
func TestPauseOfACallerIsMarked(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	p.leg.Echo(true)
	s.pass(500 * ms)
	p.talk(false)
	s.pass(45 * ms) // too short for silence of ours
	p.talk(true)
	s.pass(500 * ms)
	unbroken(t, p.listen(), 160)
}

// TestPromptThatIsStoppedAtOnceLeavesNoGap: a packet of the caller that came while
// it was to be played is no loss.
func TestPromptThatIsStoppedAtOnceLeavesNoGap(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	p.leg.Echo(true)
	s.pass(500 * ms)
	for range 20 {
		p.talk(false)
		s.pass(15 * ms)
		p.talk(true) // two packets come close together, so that ours would come later
		s.pass(15 * ms)
		play := p.leg.Play(media.Play{Source: newClip(time.Second)})
		p.step(s.clock.Now() + 20*ms)
		s.pass(tick)
		p.leg.Stop(play)
		s.pass(200 * ms)
	}
	unbroken(t, p.listen(), 160)
}
