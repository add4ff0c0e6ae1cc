package voice

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/call/dialog"
)

// CalledBy says where in an INVITE the called number stands.
type CalledBy string

// Where the called number stands. Where the INVITE lacks it there, or says nothing
// that could be a number, it is the Request-URI.
const (
	// ByRequest is the Request-URI, where the call was sent to. It is the default.
	ByRequest CalledBy = "request"

	// ByTo is To, whom the caller dialled: for trunks that send each call to the
	// name of our account.
	ByTo CalledBy = "to"

	// ByFirstDiversion is the number that was dialled before anybody diverted the
	// call, ByLastDiversion the one that diverted it to us (Diversion, RFC 5806;
	// without one History-Info, RFC 7044).
	ByFirstDiversion CalledBy = "first-diversion"
	ByLastDiversion  CalledBy = "last-diversion"
)

// Anonymous is the caller who hides their number, or has none that can be read. It
// is a word, which package phone reads as a hidden number.
const Anonymous = dialog.AnonymousUser

// Numbers says who calls whom. The zero value believes nobody's
// P-Asserted-Identity, and goes by the Request-URI.
type Numbers struct {
	// Trunk reports whether an address is one of our trunks': those alone are
	// believed what they assert (RFC 3325 section 5). It must not block. Optional:
	// none is.
	Trunk func(netip.Addr) bool

	// Written reads a number as the trunks write it, and returns it as E.164 has it,
	// with its plus; what is none stays as it is. Optional: numbers stay as they came.
	Written func(string) string

	Called CalledBy // default: ByRequest
}

// Read returns who calls whom by the INVITE of a call. Both are numbers, with a
// plus where they came with one, or names of users; neither has a domain, which
// an INVITE proves nothing about. A caller who cannot be told is Anonymous; a
// called number that cannot be read is empty.
func (n *Numbers) Read(invite *sip.Request) (from, to string) {
	from, to = n.caller(invite), n.called(invite)
	if n.Written != nil && n.isTrunk(invite) {
		from, to = n.Written(from), n.Written(to)
	}
	return from, to
}

// isTrunk reports whether an INVITE came from a trunk.
func (n *Numbers) isTrunk(invite *sip.Request) bool {
	return n.Trunk != nil && n.Trunk(sourceAddress(invite))
}

// caller errs on the side of those who hide: one who does so anywhere is hidden,
// whatever else the INVITE says.
func (n *Numbers) caller(invite *sip.Request) string {
	from := invite.From()
	if from == nil || wantsPrivacy(invite) || nameless(&from.Address) {
		return Anonymous
	}
	identity := ""
	if n.isTrunk(invite) {
		identity = assertedIdentity(invite)
	}
	return cmp.Or(identity, userOf(&from.Address), Anonymous)
}

// wantsPrivacy reports whether a caller asks that nobody learns who they are
// (Privacy, RFC 3323 section 4.2 and RFC 3325 section 9.3). What "session" and
// "history" hide is not who calls.
func wantsPrivacy(invite *sip.Request) bool {
	for _, h := range invite.GetHeaders("Privacy") {
		for value := range strings.FieldsFuncSeq(h.Value(), func(r rune) bool { return strings.ContainsRune("; \t,", r) }) {
			switch strings.ToLower(value) {
			case "id", "user", "header":
				return true
			}
		}
	}
	return false
}

// nameless reports whether an address is that of somebody who hides theirs.
func nameless(uri *sip.Uri) bool {
	host := strings.ToLower(uri.Host)
	return host == dialog.AnonymousHost || strings.HasSuffix(host, "."+dialog.AnonymousHost) || strings.EqualFold(uri.User, Anonymous)
}

// sourceAddress returns where an INVITE came from; the zero Addr if that is not
// known.
func sourceAddress(invite *sip.Request) netip.Addr {
	from, _ := netip.ParseAddrPort(invite.Source()) // not known: the zero AddrPort
	return from.Addr().Unmap()
}

// assertedIdentity returns the best of the identities that a trunk asserts, which
// may be one of sip and one of tel (RFC 3325 section 9.1); empty: there is none.
func assertedIdentity(invite *sip.Request) string {
	best, most := "", 0
	for _, a := range addressesIn(invite, "P-Asserted-Identity") {
		if nameless(&a.uri) {
			return Anonymous
		}
		user := userOf(&a.uri)
		if weight := weightOf(a.uri.Scheme, user); weight > most {
			best, most = user, weight
		}
	}
	return best
}

// weightOf says how good an identity is: a tel: URI has nothing but a telephone
// number, a sip: URI may have an extension or a name.
func weightOf(scheme, user string) int {
	_, dialled := readDialled(user)
	switch {
	case user == "":
		return 0
	case scheme == "tel":
		return 3
	case dialled:
		return 2
	}
	return 1
}

func (n *Numbers) called(invite *sip.Request) string {
	named := ""
	switch n.Called {
	case ByTo:
		if to := invite.To(); to != nil {
			named = userOf(&to.Address)
		}
	case ByFirstDiversion, ByLastDiversion:
		if all := diversions(invite); len(all) > 0 {
			first, last := all[0], all[len(all)-1]
			if n.Called == ByFirstDiversion {
				last = first
			}
			named = userOf(&last)
		}
	}
	return cmp.Or(named, userOf(&invite.Recipient))
}

// diversions returns who diverted a call, the first to do so first.
func diversions(invite *sip.Request) []sip.Uri {
	var all []sip.Uri
	for _, a := range addressesIn(invite, "Diversion") {
		all = append([]sip.Uri{a.uri}, all...) // each was put before those that were there
	}
	if len(all) > 0 {
		return all
	}
	return historicalDiversions(invite)
}

// historicalDiversions returns who diverted a call by its History-Info: what the
// parameter mp of a later entry points to (RFC 7044 section 5); with servers that
// know only the older RFC 4244, the entry before one whose address has a cause
// (RFC 4458 section 2).
func historicalDiversions(invite *sip.Request) []sip.Uri {
	var all []sip.Uri
	entries := addressesIn(invite, "History-Info")
	at := make(map[string]sip.Uri, len(entries))
	for i, e := range entries {
		mapped, isMapped := paramOf(e.params, "mp")
		origin, known := at[mapped]
		_, diverted := paramOf(e.uri.UriParams, "cause")
		switch {
		case isMapped && known:
			all = append(all, origin)
		case diverted && !isMapped && i > 0:
			all = append(all, entries[i-1].uri)
		}
		if index, ok := paramOf(e.params, "index"); ok {
			at[index] = e.uri
		}
	}
	return all
}
