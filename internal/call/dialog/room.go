package dialog

import (
	"net/netip"
	"sync/atomic"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// crowded reports whether an INVITE is to be refused because there is no room for a
// call from its source. One that was, and is sent again because the refusal got
// lost, is refused again, even if there is room by now: their transaction may have
// ended with the first, and nobody would be there to answer.
func (s *Stack) crowded(req *sip.Request) bool {
	if s.room == nil {
		return false
	}
	mark := s.fingerprint(req)
	if s.turnedAway.has(mark) {
		return true
	}
	from, _ := netip.ParseAddrPort(req.Source()) // not known: the zero AddrPort
	if s.room(from.Addr().Unmap()) {
		return false
	}
	s.turnedAway.add(mark)
	return true
}

// noRoom is the refusal of a call that there is no room for.
func noRoom() *refusal {
	m := meaningOf(engine.Overloaded)
	return &refusal{status: m.status, fields: []sip.Header{sip.NewHeader("Reason", m.reason.String()), retryAfter(overloadRetry)}}
}

// turnedAway remembers the fingerprints of the latest requests that found no room,
// in a place of fixed size: at a thousand a second, for longer than they are sent
// again. The zero value is ready to use, by several goroutines.
type turnedAway [1 << 15]atomic.Uint64

func (t *turnedAway) add(mark uint64)      { t[mark%uint64(len(t))].Store(mark) }
func (t *turnedAway) has(mark uint64) bool { return t[mark%uint64(len(t))].Load() == mark }
