package media_test

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/switchhook/switchhook/internal/call/media"
	"github.com/switchhook/switchhook/internal/call/sdp"
	"github.com/switchhook/switchhook/internal/fault"
)

func TestPortsOfOtherProgramsAreLeftOut(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	s.network.refuse = func(at netip.AddrPort) error {
		if at.Port() == 4000 || at.Port() == 4003 {
			return fmt.Errorf("bind: %w", syscall.EADDRINUSE)
		}
		return nil
	}
	leg, err := s.pool.Open(media.Rules{})
	if err != nil || leg.Port() != 4004 {
		t.Fatalf("port %d, %v", leg.Port(), err)
	}
	if len(s.network.sockets) != 2 {
		t.Errorf("open are %d sockets, want 2", len(s.network.sockets))
	}
	broken := errors.New("no such address")
	s.network.refuse = func(netip.AddrPort) error { return broken }
	if _, err := s.pool.Open(media.Rules{}); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	s.network.refuse = func(netip.AddrPort) error { return syscall.EADDRINUSE }
	if _, err := s.pool.Open(media.Rules{}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("error %v, want one of the code %s", err, fault.Unavailable)
	}
	s.network.refuse = nil
	s.pass(5 * time.Second) // those that were tried are free again
	for i := range 499 {
		if _, err := s.pool.Open(media.Rules{}); err != nil {
			t.Fatalf("leg %d: %v", i, err)
		}
	}
}

// TestClosedLegLeavesNothing: no socket, no packet, no port, and what is asked of
// it then does nothing.
func TestClosedLegLeavesNothing(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	tap := p.leg.Listen(media.FromCaller)
	play := p.leg.Play(media.Play{Source: newClip(time.Minute)})
	s.pass(time.Second)
	first := p.hangUp()
	if e := p.events(); len(e) != 1 || e[0].Play != play || e[0].Whole {
		t.Errorf("events %+v", e)
	}
	if len(s.network.sockets) != 0 || !tap.Ended() {
		t.Errorf("open are %d sockets; the tap has ended: %v", len(s.network.sockets), tap.Ended())
	}
	<-p.leg.Done()
	other := s.call(sdp.PCMU, 20*ms, media.Rules{Beside: p.leg})
	p.leg.Play(media.Play{Source: newClip(time.Second)})
	p.leg.Echo(true)
	p.leg.Agree(agreed(sdp.PCMA, 30*ms, p.from))
	if err := other.leg.Join(p.leg); err != nil {
		t.Error(err)
	}
	other.talk(true)
	s.pass(time.Second)
	if got := p.leg.Close(); got != first {
		t.Errorf("closed again: %+v, want %+v", got, first)
	}
	if packets := other.listen(); len(packets) < 49 {
		t.Errorf("the other leg has sent %d packets", len(packets))
	}
}

func TestStoppedPoolHasClosedItsLegs(t *testing.T) {
	s, cleanup := newStage(t)
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	s.pass(time.Second)
	late := s.call(sdp.PCMU, 20*ms, media.Rules{}) // not yet seen by the thread
	cleanup()
	if record := p.leg.Close(); record.Sent.Packets < 49 {
		t.Errorf("the record is %+v", record)
	}
	late.leg.Close()
	if len(s.network.sockets) != 0 {
		t.Errorf("open are %d sockets", len(s.network.sockets))
	}
	if _, err := s.pool.Open(media.Rules{}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a leg was opened: %v", err)
	}
}

// TestLegsHaveTheirTurnsOneAfterAnother: and not all at the same tick.
func TestLegsHaveTheirTurnsOneAfterAnother(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	var phones []*phone
	for range 40 {
		phones = append(phones, s.call(sdp.PCMU, 20*ms, media.Rules{}))
	}
	s.pass(time.Second)
	turns := map[time.Duration]int{}
	for _, p := range phones {
		turns[lastOf(t, p).At%(20*ms)]++
	}
	for turn, n := range turns {
		if n != 10 {
			t.Errorf("%d of 40 legs have their turn %v after a multiple of 20 ms", n, turn)
		}
	}
}

func TestALegIsBoundToWhatItsRulesSay(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	other := netip.MustParseAddr("2001:db8::1")
	leg, err := s.pool.Open(media.Rules{Address: other})
	if err != nil {
		t.Fatal(err)
	}
	for _, port := range []uint16{leg.Port(), leg.Port() + 1} {
		if s.network.sockets[netip.AddrPortFrom(other, port)] == nil {
			t.Errorf("nothing is open at port %d of %s", port, other)
		}
	}
}

func TestPacketsAreCounted(t *testing.T) {
	s, cleanup := newStage(t)
	defer cleanup()
	p := s.call(sdp.PCMU, 20*ms, media.Rules{})
	p.talk(true)
	s.pass(time.Second)
	if c := s.pool.Counts(); c.Sent < 49 || c.Sent > 51 || c.Received < 49 || c.Received > 51 {
		t.Errorf("in a second %d packets were sent and %d received, want about 50 each", c.Sent, c.Received)
	}
}
