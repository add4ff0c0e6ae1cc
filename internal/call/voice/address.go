package voice

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emiago/sipgo/sip"

	"github.com/switchhook/switchhook/internal/phone"
)

// address is a value of a header field of addresses: <sip:100@example.net>;index=1.
type address struct {
	uri    sip.Uri
	params sip.HeaderParams
}

// maxAddresses is how many values of one header field are read. No call is
// diverted more often.
const maxAddresses = 32

// addressesIn returns the addresses of the header fields of a name, each of which
// may have several. What cannot be read is left out.
func addressesIn(invite *sip.Request, name string) []address {
	var all []address
	for _, h := range invite.GetHeaders(name) {
		for rest := h.Value(); rest != "" && len(all) < maxAddresses; {
			var one string
			one, rest = cutValue(rest)
			var a address
			if _, err := sip.ParseAddressValue(strings.TrimSpace(one), &a.uri, &a.params); err == nil {
				all = append(all, a)
			}
		}
	}
	return all
}

// cutValue cuts the first value off a list. The commas in a name in quotation
// marks, and in an address in angle brackets, do not end it (RFC 3261 section
// 20.10).
func cutValue(list string) (value, rest string) {
	quoted, inside := false, false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '\\' && quoted:
			i++ // the next is text, whatever it is
		case c == '"' && !inside:
			quoted = !quoted
		case quoted:
		case c == '<' || c == '>':
			inside = c == '<'
		case c == ',' && !inside:
			return list[:i], list[i+1:]
		}
	}
	return list, ""
}

// paramOf returns a parameter by its name in lower case, however it is written.
func paramOf(params sip.HeaderParams, name string) (value string, ok bool) {
	at := slices.IndexFunc(params, func(p sip.HeaderKV) bool { return strings.EqualFold(strings.TrimSpace(p.K), name) })
	if at < 0 {
		return "", false
	}
	return strings.TrimSpace(params[at].V), true
}

// maxUser is how many characters the user of an address may have: what package
// phone reads. A longer one is no number, and its beginning would be another's.
const maxUser = 64

// userOf returns the user of an address: a number as it is dialled, or a name.
// Empty: there is none, or it is nothing that could be one.
//
// The user of a sip: URI may be written as a tel: URI is, with and without
// user=phone (RFC 3261 section 19.1.6). Of its parameters phone-context alone
// counts: those of number portability, such as rn (RFC 4694), say which way the
// call goes, and ext is not dialled.
func userOf(uri *sip.Uri) string {
	var text string
	switch uri.Scheme {
	case "tel":
		text = uri.Raw()
	case "sip", "sips":
		text = uri.User
	}
	text, params, _ := strings.Cut(text, ";")
	user, err := url.PathUnescape(text)
	if err != nil || utf8.RuneCountInString(user) > maxUser {
		return ""
	}
	if number, ok := readDialled(user); ok {
		return withContext(number, params)
	}
	if uri.Scheme == "tel" || !isName(user) {
		return ""
	}
	return user
}

// readDialled returns what is dialled of a number, which is all but the marks that
// people write between (visual-separator, RFC 3966 section 3) and blanks.
func readDialled(text string) (number string, ok bool) {
	number = strings.Map(func(r rune) rune {
		if strings.ContainsRune("-.() ", r) {
			return -1
		}
		return r
	}, text)
	dialled := strings.TrimPrefix(number, "+")
	return number, dialled != "" && strings.Trim(dialled, "0123456789*#") == ""
}

// withContext returns a local number with what its context puts before it (RFC
// 3966 section 5.1.5). A context that is a domain says nothing about the number.
func withContext(number, params string) string {
	for param := range strings.SplitSeq(params, ";") {
		name, context, _ := strings.Cut(param, "=")
		context, err := url.PathUnescape(context)
		if err != nil || !strings.EqualFold(name, "phone-context") || !strings.HasPrefix(context, "+") || strings.HasPrefix(number, "+") {
			continue
		}
		if whole := phone.ReadCaller("tel:"+number+";phone-context="+context, phone.HomeIn()); !whole.Hidden() {
			return whole.E164()
		}
	}
	return number
}

// isName reports whether a text can be the name of a user. No character is let in
// that means something in an address: a name with an @ would be somebody's of
// another domain.
func isName(text string) bool {
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.!~*'+#&=$", r)
	}
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return utf8.ValidString(text) && !strings.ContainsFunc(text, odd) && strings.ContainsFunc(text, word)
}
