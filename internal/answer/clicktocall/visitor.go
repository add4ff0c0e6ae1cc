package clicktocall

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/phone"
)

// Subnets are the networks of an address that are counted as one, as they are
// bought: who has one address of them has, or easily gets, the others.
type Subnets struct {
	Network string // IPv4 /24, IPv6 /64; of no address "unknown", which all those without one share
	Site    string // IPv6 /56, what a household or an office has; empty: there is none
	Block   string // IPv4 /16, IPv6 /48, which tunnels give away; empty: there is none
}

// subnetsOf returns the networks of an address as texts.
func subnetsOf(address netip.Addr) Subnets {
	address = address.Unmap().WithZone("")
	within := func(size int) string {
		prefix, err := address.Prefix(size)
		if err != nil {
			return ""
		}
		return prefix.String()
	}
	switch {
	case !address.IsValid():
		return Subnets{Network: "unknown"}
	case address.Is4():
		return Subnets{Network: within(24), Block: within(16)}
	}
	return Subnets{Network: within(64), Site: within(56), Block: within(48)}
}

// v6 reports whether they are of IPv6, where a block has one owner.
func (s Subnets) v6() bool { return s.Site != "" }

// owner is what counts once towards everybody's work: what one person has.
func (s Subnets) owner() string {
	if s.v6() {
		return s.Block
	}
	return s.Network
}

// width is how many times what a network may a wider one may, and at most which
// part of an entry's day.
type width struct{ times, part int }

// The widths. An IPv4 /16 has thousands of households and one provider.
var (
	widthOfSite   = width{times: 2, part: 4}
	widthOfBlock6 = width{times: 4, part: 4}
	widthOfBlock4 = width{times: 16, part: 2}
)

// block is the width of the block.
func (s Subnets) block() width {
	if s.v6() {
		return widthOfBlock6
	}
	return widthOfBlock4
}

// maxOrigin bounds what is given back to a page. A name has 253 characters.
const maxOrigin = 300

// originOf returns the origin of a page as its browser says it, as far as it
// can be one; empty: there is none.
func originOf(header string) string {
	odd := func(r rune) bool { return r <= ' ' || r > unicode.MaxASCII || r == '"' || r == ',' }
	if len(header) > maxOrigin || strings.ContainsFunc(header, odd) {
		return ""
	}
	return header
}

// allowed reports whether the page may show the entry's button. Browsers write
// origins in small letters, as entries have them.
func allowed(e *entry.Entry, origin string) bool {
	return len(e.Origins) == 0 || origin != "" && slices.Contains(e.Origins, origin)
}

// neverCalled are the kinds of numbers that charge the caller, reach no person,
// or pay somebody for being called.
var neverCalled = []phone.Kind{
	phone.Premium, phone.Special, phone.Short, phone.SharedCost, phone.TollFree, phone.Pager, phone.Personal, phone.Voicemail, phone.Satellite,
}

// destination returns the number that a visitor is called at, or why they are
// not: it must be one of the entry's regions, and of a kind that is called.
func destination(number string, regions []string) (phone.Number, Code) {
	if len(regions) == 0 {
		regions = []string{phone.DefaultRegion}
	}
	n := phone.Read(number, phone.HomeIn(regions...))
	switch {
	case slices.Contains(neverCalled, n.Kind()):
		return phone.Number{}, NumberRefused
	case !slices.ContainsFunc(regions, n.In):
		return phone.Number{}, NumberInvalid
	}
	return n, ""
}
