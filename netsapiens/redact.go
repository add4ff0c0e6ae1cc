package netsapiens

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/phone"
)

// maxQuote is how much of other people's words an error quotes, in characters.
const maxQuote = 200

// clean makes a text of unknown origin fit to be shown: on one line, without
// the token, with numbers masked, and not too long.
func (c *Client) clean(text string) string {
	const enough = maxQuote * utf8.UTFMax * 2 // white space shrinks; the rest would be cut anyway
	return masked(c.redact(onOneLine(text[:min(len(text), enough)])))
}

// label makes a name that a caller of this package gave fit to be shown.
func label(name string) string { return masked(onOneLine(name)) }

// numberLabel makes what a caller of this package gave as a number fit to be
// shown, whatever stands between its digits.
func numberLabel(number string) string { return masked(phone.Mask(onOneLine(number))) }

// onOneLine replaces white space by single spaces and removes invisible
// characters, such as those that turn the direction of a line.
func onOneLine(text string) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(strings.ToValidUTF8(text, "\uFFFD")) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		for _, r := range word {
			if unicode.IsPrint(r) {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}

// masked masks numbers and cuts what is too long.
func masked(text string) string {
	shown := []rune(phone.MaskIn(text))
	if len(shown) > maxQuote {
		return string(shown[:maxQuote-1]) + "…"
	}
	return string(shown)
}

const (
	// minRepeated is how many characters of the token in a row count as a leak:
	// a phone system may quote only its beginning.
	minRepeated = 8

	// minJWT is the fewest characters of what is taken for a JSON Web Token.
	minJWT = 16
)

// redact replaces the token, its beginning, and whatever else looks like a
// token of the phone system.
func redact(text, token string) string {
	text = strings.ReplaceAll(text, token, hidden)
	var b strings.Builder
	for len(text) > 0 {
		n := 0
		for n < len(text) && inToken(text[n]) {
			n++
		}
		if n == 0 {
			b.WriteByte(text[0])
			text = text[1:]
			continue
		}
		if secretLike(text[:n], token) {
			b.WriteString(hidden)
		} else {
			b.WriteString(text[:n])
		}
		text = text[n:]
	}
	return b.String()
}

// inToken says whether a character can be a part of a bearer token (RFC 6750,
// section 2.1).
func inToken(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~+/=", c) >= 0
}

func secretLike(word, token string) bool {
	for _, prefix := range [...]string{"nss_", "nsr_", "nsd_", "nsu_"} { // API keys, by scope
		if strings.Contains(word, prefix) {
			return true
		}
	}
	return strings.HasPrefix(word, "eyJ") && len(word) >= minJWT ||
		len(token) >= minRepeated && strings.Contains(word, token[:minRepeated])
}
