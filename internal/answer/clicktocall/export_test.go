package clicktocall

import (
	"net/netip"
	"time"
)

// What decides on a request, for tests of it by itself.

// First returns what the first of all rules says that says something.
func First(c *Case) *Refusal {
	if refused := firstOf(rulesOfRequest, c); refused != nil {
		return refused
	}
	return firstOf(rulesOfLedger, c)
}

// Status is the HTTP status of a code.
func Status(c Code) int { return c.status() }

// Destination is destination.
func Destination(number string, regions []string) (string, Code) {
	n, code := destination(number, regions)
	return n.Digits(), code
}

// SubnetsOf is subnetsOf.
func SubnetsOf(address netip.Addr) Subnets { return subnetsOf(address) }

// Weather is weather.
type Weather = weather

// WorkBits is workBits.
func WorkBits(w Weather) int { return workBits(w) }

// MostBits is the most work that is asked for.
const MostBits = mostBits

// Worked is worked.
func Worked(challenge, nonce string, bits int) bool { return worked(challenge, nonce, bits) }

// Mint returns a token for a page, and what it is about.
func Mint(k Key, id, origin, network string, bits int, now time.Time) (text, challenge string) {
	t, text := k.mint(bearer{id, origin, network}, bits, now)
	return text, t.challenge()
}

// Genuine reports whether a token is good for a page.
func Genuine(k Key, text, id, origin, network string, now time.Time) bool {
	_, ok := k.read(text, bearer{id, origin, network}, now)
	return ok
}

// CapsOf are all caps of a call that is asked for at once.
func CapsOf(l Limits, bare bool) []Cap {
	return append(l.capsOfAsking(Subnets{Network: "n"}, bare), l.capsOfCalling("1", "w", "t", bare)...)
}

// CodeOf is Key.codeOf.
func CodeOf(k Key, number string, born time.Time) string { return k.codeOf(number, born).Half() }
