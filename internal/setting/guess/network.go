package guess

import (
	"net/http"
	"net/netip"
)

// RemoteAddress returns the address of a request's connection; the zero Addr if
// it has none.
func RemoteAddress(r *http.Request) netip.Addr {
	address, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return address.Addr()
}

// The sizes of the networks that are counted, the client's own first. They are
// the sizes that people can buy: who has an IPv6 address has its /64, often the
// /56, and a tunnel brings a /48.
var (
	sizes4 = [...]int{32, 24}
	sizes6 = [...]int{64, 56, 48}
)

// networks are an address's networks that are counted.
type networks struct {
	prefixes [len(sizes6)]netip.Prefix
	size     int
	v4       bool
}

// networksOf returns those of an address. An unknown address has a network of
// its own, the zero Prefix.
func networksOf(address netip.Addr) (n networks) {
	address = address.Unmap().WithZone("")
	sizes := sizes6[:]
	if n.v4 = address.Is4(); n.v4 {
		sizes = sizes4[:]
	}
	if !address.IsValid() {
		sizes = sizes[:1]
	}
	for i, size := range sizes {
		n.prefixes[i], _ = address.Prefix(size) // the zero Prefix of no address
	}
	n.size = len(sizes)
	return n
}

func (n *networks) own() netip.Prefix     { return n.prefixes[0] }
func (n *networks) wider() []netip.Prefix { return n.prefixes[1:n.size] }
func (n *networks) all() []netip.Prefix   { return n.prefixes[:n.size] }
