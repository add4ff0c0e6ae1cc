package trunk

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// resolveEvery is how often a carrier's name is resolved. Carriers that move
	// their service to other servers give their records a life of a minute or more.
	resolveEvery = time.Minute

	// resolveAgain is the pause after a name that could not be resolved. It is
	// short: while no server is known there are no calls.
	resolveAgain = 5 * time.Second

	// resolveTimeout bounds all lookups of one time.
	resolveTimeout = 10 * time.Second

	// rememberFor is how long an address counts as the carrier's that its name does
	// not lead to any more: calls in hand still come from there, and a name that
	// stands for many servers leads to some of them at a time.
	rememberFor = time.Hour
)

// addresses are where a carrier's servers are, the zero time with each, and were,
// with the time until which it counts. They are not changed once others read them.
type addresses map[netip.Addr]time.Time

// Has reports whether an address is one of the carrier's: one that its name leads
// to, or of the networks of the settings. It does not wait.
func (t *Trunk) Has(a netip.Addr) bool {
	a = a.Unmap()
	if until, ok := (*t.known.Load())[a]; ok && (until.IsZero() || time.Now().Before(until)) {
		return true
	}
	return slices.ContainsFunc(t.config.Settings.Networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

// Serves reports whether the carrier takes calls at an address: at any port of one
// that is the carrier's; on this machine, where others may listen too, at the ports of
// its servers. It does not wait.
func (t *Trunk) Serves(at netip.AddrPort) bool {
	if a := at.Addr().Unmap(); !a.IsLoopback() {
		return t.Has(a)
	}
	return slices.ContainsFunc(t.order(time.Now()), func(h dialog.Hop) bool {
		return h.Address.Addr().IsLoopback() && h.Address.Port() == at.Port()
	})
}

// Servers finds the servers of a carrier, in the order in which a call would try
// them.
func Servers(ctx context.Context, r Resolver, s Settings) ([]dialog.Hop, error) {
	t := New(Config{Settings: s, Resolver: r, Log: slog.New(slog.DiscardHandler)})
	if err := t.resolve(ctx); err != nil {
		return nil, err
	}
	return t.order(time.Now()), nil
}

// keepServers resolves the name of the carrier again and again, after it has been
// resolved, or could not be.
func (t *Trunk) keepServers(ctx context.Context, err error) {
	if t.config.Settings.Address.Literal().IsValid() {
		return
	}
	for wait(ctx, pauseAfter(err), nil) {
		err = t.resolve(ctx)
	}
}

// pauseAfter returns when a name is resolved again.
func pauseAfter(err error) time.Duration {
	if err != nil {
		return resolveAgain
	}
	return resolveEvery
}

// resolve finds the carrier's servers. Where it fails, the ones before stay.
func (t *Trunk) resolve(ctx context.Context) error {
	if t.config.Settings.Address.Literal().IsValid() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	found, err := t.lookUp(ctx)
	if err != nil {
		t.config.Log.Warn("trunk not resolved", "trunk", string(t.config.Settings.Name), "error", err.Error())
		return err
	}
	t.learn(found, time.Now())
	return nil
}

// lookUp looks the carrier's servers up: by SRV records unless the settings say at
// which port they are, and else by its addresses (RFC 3263 section 4.2).
func (t *Trunk) lookUp(ctx context.Context) (servers, error) {
	at := t.config.Settings.Address
	if at.Port == 0 {
		service, proto := t.config.Settings.Transport.service()
		_, records, err := t.config.Resolver.LookupSRV(ctx, service, proto, at.Host)
		switch missing := isMissing(err); {
		case len(records) > 0:
			return t.targets(ctx, records)
		case err != nil && !missing && t.resolved():
			return nil, err // its addresses alone may be those of its web server
		}
	}
	hops, err := t.hops(ctx, at.Host, t.config.Settings.port())
	return servers{{hops: hops}}, err
}

// resolved reports whether any server is known.
func (t *Trunk) resolved() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.servers) > 0
}

// isMissing reports whether the DNS says that there is no such record.
func isMissing(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}

// targets returns the servers of SRV records. A record whose target has no address
// is left out.
func (t *Trunk) targets(ctx context.Context, records []*net.SRV) (servers, error) {
	var found servers
	var last error = fault.Newf(fault.Unavailable, "%s takes no calls over %s, as its SRV record says", t.config.Settings.Address.Host, t.config.Settings.Transport)
	for _, r := range records {
		if r.Target == "." || r.Target == "" { // RFC 2782: the service is not there
			continue
		}
		hops, err := t.hops(ctx, r.Target, r.Port)
		if err != nil {
			last = err
			continue
		}
		found = append(found, record{priority: r.Priority, weight: r.Weight, hops: hops})
	}
	if len(found) == 0 {
		return nil, last
	}
	return found, nil
}

// hops returns the servers of a host, those with IPv4 first.
func (t *Trunk) hops(ctx context.Context, host string, port uint16) ([]dialog.Hop, error) {
	all, err := t.config.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	var v4, v6 []dialog.Hop
	for _, a := range all {
		if a = a.Unmap(); a.Is4() {
			v4 = append(v4, t.hop(netip.AddrPortFrom(a, port)))
		} else {
			v6 = append(v6, t.hop(netip.AddrPortFrom(a, port)))
		}
	}
	return append(v4, v6...), nil
}

// hop returns the server at an address. Over TLS it shows the certificate of the
// carrier's name, not of what its SRV records lead to: anybody could have changed
// those on their way (RFC 5922 section 4).
func (t *Trunk) hop(at netip.AddrPort) dialog.Hop {
	s := &t.config.Settings
	h := dialog.Hop{Network: string(s.Transport), Address: at, Overflow: s.LargeOverTCP}
	if h.Network == dialog.TLS && !s.Address.Literal().IsValid() {
		h.Name = s.Address.Host
	}
	return h
}

// learn takes servers up.
func (t *Trunk) learn(found servers, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.servers = found
	known := make(addresses)
	for a, until := range *t.known.Load() {
		switch {
		case until.IsZero():
			known[a] = now.Add(rememberFor)
		case now.Before(until):
			known[a] = until
		}
	}
	for _, r := range found {
		for _, h := range r.hops {
			known[h.Address.Addr()] = time.Time{}
		}
	}
	t.known.Store(&known)
}

// service returns how SRV records name a transport (RFC 3263 section 4.1).
func (t Transport) service() (service, proto string) {
	switch t {
	case TLS:
		return "sips", "tcp"
	case TCP:
		return "sip", "tcp"
	}
	return "sip", "udp"
}

// port returns where the carrier's servers are.
func (s *Settings) port() uint16 {
	if s.Address.Port > 0 {
		return s.Address.Port
	}
	return uint16(sip.DefaultPort(string(s.Transport)))
}
