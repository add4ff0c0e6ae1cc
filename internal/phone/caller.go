package phone

import (
	"net/url"
	"strings"
)

// ReadCaller reads a number as Read does, also one in an address (RFC 3261,
// section 19.1.6; RFC 3966): sip:+12125550123@example.net, or with an extension
// after it, which is not part of it. A short one in a SIP address is an
// extension somewhere else, and no number.
func ReadCaller(text string, home Home) Number {
	address := strings.TrimSpace(strings.Map(visible, text))
	if plain, err := url.PathUnescape(address); err == nil {
		address = plain
	}
	if _, inside, ok := strings.Cut(address, "<"); ok { // after the name that is shown
		address, _, _ = strings.Cut(inside, ">")
	}
	scheme, rest, _ := strings.Cut(address, ":")
	if strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips") {
		user, _, _ := strings.Cut(rest, "@")
		if n := readBeforeExtension(user, home); len(n.digits) >= minDigits {
			return n
		}
		return Number{}
	}
	switch strings.ToLower(scheme) {
	case "tel", "callto", "sms", "whatsapp":
		address = rest
	}
	return readBeforeExtension(strings.Trim(address, `"`), home)
}

// readBeforeExtension reads a number that may have an extension and other
// parameters after it.
func readBeforeExtension(text string, home Home) Number {
	if _, params, _ := strings.Cut(text, ";"); countDigits(params) >= minDigits && !strings.Contains(params, "=") {
		return Number{} // another number
	}
	number, plus, _ := telURI(text)
	if plus {
		number = "+" + number
	}
	n, err := read(number, home)
	if err != nil && !floating.MatchString(number) {
		return Read(beforeExtension(number), home)
	}
	return n
}

// beforeExtension returns what stands before the first character that is not
// part of a number, as in 2125550123 x4; empty: that is too short for one, or
// what follows may be another number.
func beforeExtension(text string) string {
	digits := 0
	for i, r := range text {
		switch {
		case digit(r) >= 0:
			digits++
		case groups(r), r == '+', r == '\uff0b':
		case digits >= minDigits && (r == '@' || countDigits(text[i:]) < minDigits):
			return text[:i]
		default:
			return ""
		}
	}
	return text
}

func countDigits(text string) int {
	n := 0
	for _, r := range text {
		if digit(r) >= 0 {
			n++
		}
	}
	return n
}

// telURI returns the number of a URI without its scheme, and whether it has an
// extension. A local one belongs to its context, unless it begins with that.
func telURI(uri string) (number string, plus, extension bool) {
	number, params, _ := strings.Cut(uri, ";")
	context := ""
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		switch {
		case strings.EqualFold(name, "ext"):
			extension = true
		case strings.EqualFold(name, "phone-context") && strings.HasPrefix(value, "+"):
			context = value[1:]
		}
	}
	if context == "" || strings.HasPrefix(strings.TrimSpace(number), "+") {
		return number, false, extension
	}
	if digits, _, err := digitsOf(number); err == nil && strings.HasPrefix(digits, context) && abroad(digits).Valid() && !abroad(context+digits).Valid() {
		return number, true, extension
	}
	return context + number, true, extension
}
