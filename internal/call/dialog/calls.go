package dialog

import (
	"context"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/engine"
)

// calls are those that a Stack has in hand.
type calls struct {
	mu     sync.Mutex
	inHand map[*Call]struct{}
	over   bool
	run    sync.WaitGroup
}

// launch runs a call, and reports whether it does: a stack that is over takes
// none, and ends it at once.
func (s *Stack) launch(c *Call) bool {
	taken := s.runs(c)
	if !taken {
		c.tell(Ended{Cause: engine.Unavailable, Status: sip.StatusServiceUnavailable})
		c.leave()
		close(c.gone)
	}
	return taken
}

// runs runs a call unless the stack is over.
func (s *Stack) runs(c *Call) bool {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	if s.calls.over {
		return false
	}
	if s.calls.inHand == nil {
		s.calls.inHand = make(map[*Call]struct{})
	}
	s.calls.inHand[c] = struct{}{}
	s.calls.run.Go(func() {
		c.run()
		s.calls.mu.Lock()
		defer s.calls.mu.Unlock()
		delete(s.calls.inHand, c)
	})
	return true
}

// abandon ends the calls in hand, without a word to the other sides, and waits
// until they are gone. To end them properly, hang up before.
func (s *Stack) abandon() {
	s.calls.mu.Lock()
	s.calls.over = true
	for c := range s.calls.inHand {
		c.do(c.abandon)
	}
	s.calls.mu.Unlock()
	s.calls.run.Wait()
}

// Settle waits until the other sides have taken the ends of the calls in hand: each
// BYE was answered, or given up. The error is the context's end. Hang up before, or
// have the calls end by themselves.
func (s *Stack) Settle(ctx context.Context) error {
	s.calls.mu.Lock()
	left := slices.Collect(maps.Keys(s.calls.inHand))
	s.calls.mu.Unlock()
	for _, c := range left {
		select {
		case <-c.settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// way returns the flow to a server that nothing has come from.
func (s *Stack) way(ctx context.Context, server sip.Uri) (flow, error) {
	host, err := resolve(ctx, server.Host, true)
	if err != nil {
		return flow{}, err
	}
	network := strings.ToLower(transportOf(server))
	port := server.Port
	if port == 0 {
		port = sip.DefaultPort(network)
	}
	f, err := s.flowTo(network, netip.AddrPortFrom(host, uint16(port)))
	f.name = nameOf(server)
	return f, err
}

// contact returns where the other side of a flow reaches us for the rest of a
// dialog, by the Request-URI that it begins with: a sips one wants another (RFC 3261
// section 12.1.1).
func (s *Stack) contact(f flow, asked sip.Uri, user string) sip.Uri {
	f = s.reachable(f)
	ours := s.sentBy(f)
	uri := sip.Uri{Scheme: "sip", User: user, Host: hostOf(ours.Addr()), Port: int(ours.Port())}
	switch {
	case f.network == TLS && asked.IsEncrypted():
		uri.Scheme = "sips"
	case f.network != UDP:
		uri.UriParams.Add("transport", f.network)
	}
	return uri
}

// hostOf returns an address as a URI has it.
func hostOf(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}

// sessionID returns a number for the o= of a call (RFC 8866 section 5.2).
func sessionID() uint64 { return rand.Uint64() >> 1 } //nolint:gosec // it is no secret

// randomRSeq returns what the number of a first reliable response is made from.
func randomRSeq() uint32 { return rand.Uint32() } //nolint:gosec // it is no secret

// party returns a Party as ident has them.
func (p Party) party() party { return party{p.Name, p.Address} }
