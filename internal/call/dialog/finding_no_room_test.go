package dialog

import (
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/emiago/sipgo/sip"
)

// TestACallThatFoundNoRoomIsRefusedAgain sends a refused INVITE again, once there is
// room: its sender may have taken the first refusal, and waits no more.
func TestACallThatFoundNoRoomIsRefusedAgain(t *testing.T) {
	var room atomic.Bool
	s := serve(t, Config{Room: func(from netip.Addr) bool { return room.Load() && from == netip.MustParseAddr("127.0.0.1") }}, nil)
	p := reach(t, s, 0)
	invite := message("INVITE")
	first := p.ask(invite)
	if got := valueOf(first, "Reason"); first.StatusCode != 503 || first.GetHeader("Retry-After") == nil || got != `Q.850;cause=42;text="switching equipment congestion"` {
		t.Errorf("the call was answered by\n%s", first)
	}
	room.Store(true)
	if again := p.ask(invite); again.StatusCode != 503 || again.To().String() != first.To().String() {
		t.Errorf("the same again was answered by\n%s\nthe first time by\n%s", again, first)
	}
	if other := p.ask(message("INVITE")); other.StatusCode != sip.StatusGlobalDecline {
		t.Errorf("the next call was answered by %s, want its handler's answer", other.StartLine())
	}
}
