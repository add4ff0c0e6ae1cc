package dialplan

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/phone"
)

// exit is a way out of this phone system, for a call that nothing here takes.
type exit struct {
	from, to URI
	outside  string // as Result has it
}

// noteExit notes the way out of a call that the built-in table does not know. It is
// taken once no further table knows the call either.
func (r *routing) noteExit() {
	if r.owner == nil || r.exit != nil {
		return
	}
	outside := r.foreignAddress()
	if outside == "" && (r.to.Host == "" || r.ours(r.to.Host)) {
		outside = r.numberOutside()
	}
	if outside != "" {
		r.exit = &exit{r.from, r.to, outside}
	}
}

// takeExit ends the call outside, if there is a way out.
func (r *routing) takeExit() bool {
	if r.exit == nil {
		return false
	}
	r.from, r.to = r.exit.from, r.exit.to
	return r.leave(r.exit.outside)
}

// connection hands the call to the trunk, which carries numbers; or out to the
// address that it was translated to. Unlike the built-in table it does so whatever
// host the rule names: that is the connection's, and there is one trunk.
func (r *routing) connection(name string) bool {
	if r.owner == nil {
		return r.end(Unsupported, "the application %q leads outside, where calls go on a user's behalf alone", name)
	}
	outside := r.numberOutside()
	if outside == "" {
		outside = r.foreignAddress()
	}
	if outside == "" {
		return r.end(NotFound, "%s leads nowhere: %s is neither a number nor an address of another host", name, r.to)
	}
	return r.leave(outside)
}

// leave ends the call outside, unless nobody here has asked for that. What leads out
// costs money, and people who call in must not be able to spend it: neither by the
// number that they call, nor because a user forwards their calls.
func (r *routing) leave(outside string) bool {
	switch {
	case r.forwarder != nil:
		return r.end(Refused, "user %s forwards to %s, but an answer rule does not lead outside", r.forwarder.Address(), r.to.User)
	case r.query.Owner == "":
		return r.end(Refused, "%s is outside, where a Forward, a transfer and a call by the API lead, and no call that comes in", r.to.User)
	}
	r.result.Outside = outside
	if strings.HasPrefix(outside, DefaultScheme) {
		return r.end(Outside, "%s is outside: the call goes straight to that address", outside)
	}
	r.to.User = outside
	return r.end(Outside, "%s is outside: the call leaves by the trunk", outside)
}

// numberOutside returns the number that is called, with its plus; an emergency
// number as it is dialled; "" if it is none. Extensions that nobody has are none.
func (r *routing) numberOutside() string {
	if phone.Emergency(r.to.User, r.home()) && !strings.ContainsFunc(r.to.User, unicode.IsControl) {
		return r.to.User
	}
	n, err := phone.Parse(r.to.User, r.home())
	if err != nil {
		return ""
	}
	return n.E164()
}

// foreignUser is the user part of an address that is called (RFC 3261, section 25.1):
// what of it needs no escape, and escapes.
var foreignUser = regexp.MustCompile(`^(?:[A-Za-z0-9_.!~*'()&=+$,-]|%[0-9A-Fa-f]{2})+$`)

// foreignAddress returns the address that is called, if its host is none of ours.
func (r *routing) foreignAddress() string {
	scheme := r.to.Scheme
	if scheme != "sip" && scheme != "sips" || !foreignUser.MatchString(r.to.User) || !isHostPort(r.to.Host) || r.ours(r.to.Host) {
		return ""
	}
	return fmt.Sprintf("%s:%s@%s%s", scheme, r.to.User, r.to.Host, r.to.Transport)
}

// ours reports whether a host, with a port or without, is a domain of this phone
// system.
func (r *routing) ours(host string) bool {
	name, _, _ := strings.Cut(host, ":")
	return r.directory.HasDomain(name)
}

// hostForm is a name of a host (RFC 3261, section 25.1: hostname).
var hostForm = regexp.MustCompile(`^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?$`)

// isHostPort reports whether text is the host of an address: a name, an IPv4 address,
// or an IPv6 address in brackets, each with a port or without.
func isHostPort(text string) bool {
	host := text
	if at := strings.LastIndexByte(text, ':'); at > strings.LastIndexByte(text, ']') {
		host = text[:at]
		if port, err := strconv.ParseUint(text[at+1:], 10, 16); err != nil || port == 0 {
			return false
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		address, err := netip.ParseAddr(inner)
		return closed && err == nil && address.Is6() && address.Zone() == ""
	}
	if address, err := netip.ParseAddr(host); err == nil {
		return address.Is4()
	}
	return hostForm.MatchString(host)
}
