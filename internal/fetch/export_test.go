package fetch

import "net/netip"

// Judge returns the guard's word on an address without dialling it.
func (g Guard) Judge(addr netip.Addr) error {
	network := "tcp4"
	if addr.Is6() {
		network = "tcp6"
	}
	return g.control()(network, netip.AddrPortFrom(addr, 443).String(), nil)
}
