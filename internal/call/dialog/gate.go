package dialog

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
	"golang.org/x/time/rate"
)

// How many connections there may be at once, of which one over TCP takes 42 KiB
// and one over TLS 67: from all sources and from one, which may be an office with
// a telephone on each desk. Those that are trusted are not counted.
const (
	maxConnections = 4096
	maxFromSource  = 256
)

// gate decides who is heard. It knows the time and whom the operator trusts,
// which a limiter does not.
type gate struct {
	limits  *limiter
	heard   func(netip.Addr) bool // nil: everybody is; not changed once the gate is in use
	trusted func(netip.Addr) bool
	began   time.Time
	log     *slog.Logger
	dropped dropped
	told    rate.Sometimes // of silenced sources: a flood of them is not to flood the log

	mu          sync.Mutex
	connections map[netip.Prefix]int
	total       int
	called      map[netip.Addr]int // who has calls with us, each time
}

func newGate(trusted func(netip.Addr) bool, log *slog.Logger) *gate {
	return &gate{
		limits: newLimiter(), trusted: trusted, began: time.Now(), log: log, dropped: newDropped(),
		told:        rate.Sometimes{First: 10, Interval: 10 * time.Second},
		connections: make(map[netip.Prefix]int), called: make(map[netip.Addr]int),
	}
}

// welcomes reports whether an address may begin something with us, such as a call.
func (g *gate) welcomes(from netip.Addr) bool { return g.heard == nil || g.heard(from) }

// hears reports whether what an address sends is read at all: it may begin
// something, or there is a call with it.
func (g *gate) hears(from netip.Addr) bool {
	if g.welcomes(from) {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.called[from] > 0
}

// call has an address heard until the function that is returned is called.
func (g *gate) call(with netip.Addr) (over func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.called[with]++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.called[with]--; g.called[with] == 0 {
			delete(g.called, with)
		}
	}
}

// begins reports whether a request may begin what it begins, by who sent it; one
// within a dialog begins nothing.
func (g *gate) begins(req *sip.Request) bool {
	if to := req.To(); to != nil && to.Params.Has("tag") {
		return true
	}
	from, err := netip.ParseAddrPort(req.Source())
	if err != nil || g.welcomes(from.Addr().Unmap()) {
		return true // of no source: it is refused as such
	}
	g.dropped[NotAllowed].Add(1)
	return false
}

// admit is limiter.admit, for all but those who are trusted. Those who are not
// heard are silent for as long as that stays so.
func (g *gate) admit(from netip.Addr, bytes int) (wait time.Duration, silent bool) {
	if !g.hears(from) {
		g.dropped[NotAllowed].Add(1)
		return silence, true
	}
	wait, silent = g.limits.admit(from, bytes, time.Since(g.began))
	switch {
	case wait == 0:
	case g.trusted(from):
		return 0, false
	case silent:
		g.dropped[Silenced].Add(1)
	default:
		g.dropped[TooFast].Add(1)
	}
	return wait, silent
}

// offend counts an offence, of all but those who are trusted.
func (g *gate) offend(from netip.Addr) {
	g.dropped[Unreadable].Add(1)
	if g.trusted(from) || !g.limits.offend(from, time.Since(g.began)) {
		return
	}
	g.told.Do(func() {
		g.log.LogAttrs(context.Background(), slog.LevelWarn, "source silenced",
			slog.String("source", SourceOf(from).String()), slog.Duration("for", silence))
	})
}

// connect reports whether a connection may stay, and whether it is counted: then
// it is to be given to disconnect in the end.
func (g *gate) connect(from netip.Addr) (ok, counted bool) {
	if !g.hears(from) {
		g.dropped[NotAllowed].Add(1)
		return false, false
	}
	if g.trusted(from) {
		return true, false
	}
	if wait, _ := g.admit(from, 0); wait > 0 {
		return false, false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	source := SourceOf(from)
	if g.total >= maxConnections || g.connections[source] >= maxFromSource {
		g.dropped[TooMany].Add(1)
		return false, false
	}
	g.total++
	g.connections[source]++
	return true, true
}

// disconnect takes back a connection that was counted.
func (g *gate) disconnect(from netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	source := SourceOf(from)
	g.total--
	if g.connections[source]--; g.connections[source] == 0 {
		delete(g.connections, source)
	}
}
