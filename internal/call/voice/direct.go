package voice

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
	"github.com/switchhook/switchhook/internal/call/engine"
	"github.com/switchhook/switchhook/internal/fault"
)

// waysTo returns how somebody is called, in the order of trial, and which carrier
// carries the call; nil: it goes to them directly.
func (d *dialler) waysTo(ctx context.Context, who engine.Outside) (ways []dialog.Outgoing, by Carrier, err error) {
	scheme, _, _ := strings.Cut(who.To, ":")
	switch isAddress := strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips"); {
	case d == nil || d.stack == nil:
		return nil, nil, fault.Newf(fault.Unsupported, "no calls are made here")
	case isAddress:
		direct, err := d.direct(ctx, who)
		return []dialog.Outgoing{direct}, nil, err
	case d.carrier == nil:
		return nil, nil, fault.Newf(fault.Unsupported, "no trunk is set up, so no number can be called")
	}
	ways, err = d.carrier.Outgoing(ctx, who)
	return ways, d.carrier, err
}

// direct returns how somebody is called at an address of theirs.
func (d *dialler) direct(ctx context.Context, who engine.Outside) (dialog.Outgoing, error) {
	var target sip.Uri
	if err := sip.ParseUri(who.To, &target); err != nil || target.Host == "" {
		return dialog.Outgoing{}, fault.Newf(fault.Invalid, "%q is no address that can be called", who.To).WithHint("write it as sip:name@example.net")
	}
	target.Headers, target.Password = nil, ""
	hop, err := d.hop(ctx, target)
	if err != nil {
		return dialog.Outgoing{}, err
	}
	o := dialog.Outgoing{
		Target: target, Hop: hop, To: dialog.Party{Address: sip.Uri{Scheme: target.Scheme, User: target.User, Host: target.Host}},
		From: dialog.Party{Name: who.Name, Address: sip.Uri{Scheme: "sip", User: who.From}},
	}
	if who.Private {
		o.From, o.Header = dialog.Anonymous(), []sip.Header{dialog.Private()}
	}
	return o, nil
}

// hop returns where a call to an address goes. It is decided here for good: of a name
// that stands for something else the next time, that would not be checked.
func (d *dialler) hop(ctx context.Context, target sip.Uri) (dialog.Hop, error) {
	hop := dialog.Hop{Network: dialog.UDP}
	transport, says := target.UriParams.Get("transport")
	switch {
	case target.IsEncrypted():
		hop.Network = dialog.TLS
	case says:
		hop.Network = strings.ToLower(transport)
	}
	if hop.Network != dialog.UDP && hop.Network != dialog.TCP && hop.Network != dialog.TLS {
		return hop, fault.Newf(fault.Unsupported, "%s is to be called over %s, which is not spoken here", target.Host, hop.Network)
	}
	port := target.Port
	if port == 0 {
		port = sip.DefaultPort(hop.Network)
	}
	address, named, err := d.addressOf(ctx, target.Host, uint16(port))
	if err != nil {
		return hop, err
	}
	if named {
		hop.Name = target.Host
	}
	hop.Address = netip.AddrPortFrom(address, uint16(port))
	return hop, nil
}

// addressOf returns an address of a host that may be called at a port, of IPv4 if it
// has one, and whether the host is a name. The carrier's may not be: it may take a
// call from our address for one that passed the rules for numbers.
func (d *dialler) addressOf(ctx context.Context, host string, port uint16) (address netip.Addr, named bool, err error) {
	all, named, err := lookUp(ctx, host)
	if err != nil {
		return netip.Addr{}, named, &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("the address of %s is not known", host), Err: err}
	}
	for _, a := range all {
		refused := d.guard.Judge(a)
		switch {
		case refused != nil:
			err = &fault.Error{Code: fault.Refused, Message: fmt.Sprintf("%s is not to be called", host), Err: refused}
		case d.carrier != nil && d.carrier.Serves(netip.AddrPortFrom(a, port)):
			return netip.Addr{}, named, fault.Newf(fault.Refused, "%s is the carrier's, which is called by numbers alone", host).WithHint("write the number")
		case !address.IsValid() || a.Is4() && address.Is6():
			address = a
		}
	}
	if address.IsValid() {
		return address, named, nil
	}
	return netip.Addr{}, named, err
}

// lookUp returns the addresses of a host.
func lookUp(ctx context.Context, host string) (all []netip.Addr, named bool, err error) {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return []netip.Addr{a.Unmap()}, false, nil
	}
	all, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	for i := range all {
		all[i] = all[i].Unmap()
	}
	return all, true, err
}
