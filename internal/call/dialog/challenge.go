package dialog

import (
	"slices"
	"strings"
	"unicode"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

const (
	// maxChallenges is how many challenges of a response are read. A real one has
	// one for each server on the way and each algorithm it knows.
	maxChallenges = 16

	// maxChallenge is how many bytes of a challenge we are ready to repeat in each
	// request. Real ones have a few hundred.
	maxChallenge = 4096
)

// algorithms are those we can compute, the best first. A server offers all that
// it accepts, so the order is ours to choose: SHA-256 and its family before MD5
// (RFC 8760 section 2.1).
var algorithms = []string{"SHA-512-256", "SHA-512", "SHA-256", "MD5"}

// guard is who asks for credentials: a server on the way (Proxy-Authenticate) or
// the one that the request is for (WWW-Authenticate), by the name of its realm.
type guard struct {
	proxy bool
	realm string
}

// challenge is what a guard asks for.
type challenge struct {
	guard
	digest.Challenge
}

// challengesOf returns what each guard asks for in a 401 or a 407, in the order
// of the response, and of what it accepts the best that we can answer. Both kinds
// of guards may speak in either response (RFC 3261 section 22.3). What cannot be
// answered is left out: other schemes than Digest, algorithms that we do not know,
// challenges without a nonce.
func challengesOf(res *sip.Response) []challenge {
	var found []challenge
	for _, field := range []struct {
		name  string
		proxy bool
	}{{"Proxy-Authenticate", true}, {"WWW-Authenticate", false}} {
		for _, header := range res.GetHeaders(field.name) {
			for _, c := range parseChallenges(header.Value()) {
				found = append(found, challenge{guard{field.proxy, c.Realm}, c})
			}
		}
	}
	return bestOf(found[:min(len(found), maxChallenges)])
}

// bestOf keeps the best challenge of each guard.
func bestOf(all []challenge) []challenge {
	var best []challenge
	for _, c := range all {
		if !c.answerable() {
			continue
		}
		i := slices.IndexFunc(best, func(b challenge) bool { return b.guard == c.guard })
		switch {
		case i < 0:
			best = append(best, c)
		case c.rank() < best[i].rank():
			best[i] = c
		}
	}
	return best
}

// answerable reports whether we can compute what the challenge asks for, and may
// repeat what it holds in a header field.
func (c *challenge) answerable() bool {
	repeated := c.Realm + c.Nonce + c.Opaque
	return c.Nonce != "" && len(repeated) <= maxChallenge && !strings.ContainsFunc(repeated, unicode.IsControl) &&
		c.rank() >= 0 && digest.CanDigest(&c.Challenge)
}

// rank returns the place of the algorithm in algorithms, or -1. MD5 is meant
// where none is named (RFC 7616 section 3.3).
func (c *challenge) rank() int {
	name := c.Algorithm
	if name == "" {
		name = "MD5"
	}
	return slices.Index(algorithms, strings.ToUpper(name))
}

// parseChallenges returns the Digest challenges of a header field. It may hold
// several, separated by commas as their parameters are, and it reads what servers
// write: parameters in any case, without quotation marks or without commas.
func parseChallenges(value string) []digest.Challenge {
	var found []digest.Challenge
	inDigest := false
	for text := (challengeReader{value}); ; {
		name, ok := text.token()
		if !ok {
			return found
		}
		switch value, isParam := text.value(); {
		case isParam && inDigest:
			setParam(&found[len(found)-1], strings.ToLower(name), value)
		case isParam, text.atComma():
			// of a scheme that we do not know, or the rest of a list without quotation marks
		case strings.EqualFold(name, "Digest"):
			inDigest = true
			found = append(found, digest.Challenge{})
		default:
			inDigest = false
		}
	}
}

// setParam notes a parameter (RFC 7616 section 3.3). Others are to be ignored.
func setParam(c *digest.Challenge, name, value string) {
	switch name {
	case "realm":
		c.Realm = value
	case "nonce":
		c.Nonce = value
	case "opaque":
		c.Opaque = value
	case "algorithm":
		c.Algorithm = value
	case "stale":
		c.Stale = strings.EqualFold(value, "true")
	case "userhash":
		c.Userhash = strings.EqualFold(value, "true")
	case "qop":
		c.QOP = strings.FieldsFunc(strings.ToLower(value), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	}
}

// challengeReader takes a header field of challenges apart.
type challengeReader struct{ rest string }

const blanks = " \t\r\n"

// token returns the next name, past blanks and commas; ok is false at the end.
// What no name can begin with is passed over too.
func (r *challengeReader) token() (name string, ok bool) {
	r.rest = strings.TrimLeft(r.rest, blanks+`,="`)
	end := strings.IndexAny(r.rest, blanks+`,="`)
	if end < 0 {
		end = len(r.rest)
	}
	name, r.rest = r.rest[:end], r.rest[end:]
	return name, name != ""
}

// value returns what stands after an equals sign, without quotation marks; ok is
// false where there is no such sign. A quotation that does not end holds the rest.
func (r *challengeReader) value() (value string, ok bool) {
	r.rest = strings.TrimLeft(r.rest, blanks)
	rest, ok := strings.CutPrefix(r.rest, "=")
	if !ok {
		return "", false
	}
	r.rest = strings.TrimLeft(rest, blanks)
	if rest, ok := strings.CutPrefix(r.rest, `"`); ok {
		r.rest = rest
		return r.quotation(), true
	}
	end := strings.IndexAny(r.rest, blanks+",")
	if end < 0 {
		end = len(r.rest)
	}
	value, r.rest = r.rest[:end], r.rest[end:]
	return value, true
}

// atComma reports whether a comma or the end comes next.
func (r *challengeReader) atComma() bool { return r.rest == "" || r.rest[0] == ',' }

// quotation returns what stands before the closing quotation mark.
func (r *challengeReader) quotation() string {
	var b strings.Builder
	for i := 0; i < len(r.rest); i++ {
		c := r.rest[i]
		if c == '"' {
			r.rest = r.rest[i+1:]
			return b.String()
		}
		if c == '\\' && i+1 < len(r.rest) {
			i++ // the next is text, whatever it is
			c = r.rest[i]
		}
		b.WriteByte(c)
	}
	r.rest = ""
	return b.String()
}
