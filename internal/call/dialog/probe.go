package dialog

import (
	"context"
	"crypto/tls"
	"net/netip"
	"sync"

	"github.com/emiago/sipgo/sip"
)

// Probe asks a server what it can do (OPTIONS, RFC 3261 section 11), from a socket of
// its own. Any answer will do: then somebody is there, and err is nil. Else it is that
// of Client.Ask; where it wraps a *tls.CertificateVerificationError, the server of TLS
// has another certificate than calls to it need.
func Probe(ctx context.Context, to Hop) error { return probe(ctx, to, nil) }

// Knock is as Probe, over TLS with any certificate: it says whether somebody is at an
// address.
func Knock(ctx context.Context, network string, at netip.AddrPort) error {
	unverified := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true} //nolint:gosec // nothing is told
	return probe(ctx, Hop{Network: network, Address: at}, unverified)
}

func probe(ctx context.Context, to Hop, dialTLS *tls.Config) error {
	c, at := Config{DialTLS: dialTLS}, to.Address
	if to.Network == UDP {
		c.Listen = []Listen{{Network: UDP, Address: netip.AddrPortFrom(unspecified(at.Addr()), 0)}}
	}
	stack, err := New(c)
	if err != nil {
		return err
	}
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	var served sync.WaitGroup
	served.Go(func() { _ = stack.Serve(serving) }) // of what its socket cannot do the answer says all
	host := at.Addr().String()
	if at.Addr().Is6() {
		host = "[" + host + "]"
	}
	target := sip.Uri{Scheme: "sip", Host: host, Port: int(at.Port())}
	target.UriParams.Add("transport", to.Network)
	from := Party{Address: sip.Uri{Scheme: "sip", User: "probe", Host: AnonymousHost}}
	_, err = stack.Client(Account{}).Ask(ctx, Request{Method: sip.OPTIONS, Target: target, Hop: to, From: from, To: Party{Address: target}})
	end()
	served.Wait()
	return err
}

// unspecified returns what stands for all addresses of the family of an address.
func unspecified(a netip.Addr) netip.Addr {
	if a.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}
