package clicktocall

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/entry"
	"github.com/switchhook/switchhook/internal/phone"
)

// The networks that are counted as one: who has one address of them has, or
// easily gets, the others.
const (
	network4 = 24
	network6 = 64
)

// networkOf returns the network of an address as text; of none "unknown", which
// all those without one share.
func networkOf(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	size := network6
	if address.Is4() {
		size = network4
	}
	prefix, err := address.Prefix(size)
	if err != nil || !address.IsValid() {
		return "unknown"
	}
	return prefix.String()
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

// neverCalled are the kinds of numbers that cost whoever calls them, reach no
// person, or pay somebody for being called.
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
