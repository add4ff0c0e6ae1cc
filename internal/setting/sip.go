package setting

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// SIPAddress is an address of this machine to take calls at, with how they come:
// "udp://0.0.0.0:5060", or "tls://[::]:5061".
type SIPAddress struct {
	Network string // udp, tcp or tls
	Address netip.AddrPort
}

// UnmarshalText reads an address.
func (a *SIPAddress) UnmarshalText(text []byte) error {
	network, at, ok := strings.Cut(string(text), "://")
	switch {
	case !ok:
		return ErrForm
	case network != "udp" && network != "tcp" && network != "tls":
		return errors.New("does not begin with udp://, tcp:// or tls://")
	}
	address, err := readListen(at)
	if err != nil {
		return err
	}
	*a = SIPAddress{network, address}
	return nil
}

// readListen reads an address of this machine with its port.
func readListen(at string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(at)
	switch {
	case err != nil && strings.Contains(err.Error(), "missing port"):
		return netip.AddrPort{}, errors.New("has no port, such as 5060")
	case err != nil:
		return netip.AddrPort{}, ErrForm
	case !isPort(port):
		return netip.AddrPort{}, errors.New("has a port that is not a number up to 65535")
	}
	address, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return netip.AddrPort{}, errors.New("names no IP address; 0.0.0.0 stands for all of this machine, [::] for those of IPv6")
	case address.Zone() != "" || address.Is4In6():
		return netip.AddrPort{}, ErrForm
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return netip.AddrPortFrom(address, uint16(number)), err
}

// Takes says what a SIPAddress is.
func (a SIPAddress) Takes() string {
	return `udp, tcp or tls with an address and a port, such as "udp://0.0.0.0:5060"`
}

// String returns the address as it is written.
func (a SIPAddress) String() string { return a.Network + "://" + a.Address.String() }

// IP is an address without a port. The zero value is none.
type IP struct{ netip.Addr }

// UnmarshalText reads an address.
func (a *IP) UnmarshalText(text []byte) error {
	address, err := netip.ParseAddr(string(text))
	if err != nil || address.Zone() != "" {
		return ErrForm
	}
	a.Addr = address.Unmap()
	if a.IsUnspecified() {
		return errors.New("stands for all addresses of a machine")
	}
	return nil
}

// Takes says what an IP is.
func (a IP) Takes() string { return `an IP address, such as "203.0.113.5"` }

// IsSet reports whether there is one.
func (a IP) IsSet() bool { return a.IsValid() }

// Ports are those from First to Last, both included.
type Ports struct{ First, Last uint16 }

// UnmarshalText reads the first port, a dash and the last one.
func (p *Ports) UnmarshalText(text []byte) error {
	first, last, ok := strings.Cut(string(text), "-")
	if !ok || !isPort(first) || !isPort(last) || first == "0" {
		return ErrForm
	}
	from, _ := strconv.ParseUint(first, 10, 16) // isPort has read them
	to, _ := strconv.ParseUint(last, 10, 16)
	if *p = (Ports{uint16(from), uint16(to)}); p.Last < p.First {
		return errors.New("ends before it begins")
	}
	return nil
}

// Takes says what Ports are.
func (p Ports) Takes() string { return `the first and the last port, such as "20000-29999"` }

// String returns the ports as they are written.
func (p Ports) String() string { return fmt.Sprintf("%d-%d", p.First, p.Last) }

// Len returns how many ports there are.
func (p Ports) Len() int { return int(p.Last) - int(p.First) + 1 }

// Has reports whether a port is one of them.
func (p Ports) Has(port uint16) bool { return p.First <= port && port <= p.Last }
