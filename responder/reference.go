package responder

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// resolve puts characters in the place of the references in raw, which stands
// at offset. In a value, white space is folded as XML 1.0, 3.3.3 says.
func (s *scanner) resolve(raw string, offset int, value bool) (string, *finding) {
	plain := func(s string) string {
		if value {
			return foldSpace(s)
		}
		return s
	}
	amp := strings.IndexByte(raw, '&')
	if amp < 0 {
		return plain(raw), nil
	}
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; ; {
		b.WriteString(plain(raw[i : i+amp]))
		i += amp
		meaning, length, fatal := s.reference(raw[i:], offset+i)
		if fatal != nil {
			return "", fatal
		}
		b.WriteString(meaning)
		i += length
		if amp = strings.IndexByte(raw[i:], '&'); amp < 0 {
			b.WriteString(plain(raw[i:]))
			return b.String(), nil
		}
	}
}

// reference returns what the & at the beginning of raw stands for, and the
// length of what it stands for it with.
func (s *scanner) reference(raw string, offset int) (meaning string, length int, fatal *finding) {
	name := referenceName(raw)
	length = len(name) + len("&;")
	switch name {
	case "amp":
		return "&", length, nil
	case "lt":
		return "<", length, nil
	case "gt":
		return ">", length, nil
	case "quot":
		return `"`, length, nil
	case "apos":
		return "'", length, nil
	}
	if r, numeric := characterOf(name); numeric {
		if !isXMLChar(r) {
			return "", 0, find(offset, CodeSyntax, "the reference &%s; is not a character that XML allows", shorten(name))
		}
		return string(r), length, nil
	}
	if text, ok := htmlEntity(name); ok {
		s.found.report(offset, CodeHTMLEntity, "&%s; is an entity of HTML, not of XML; write the character itself", name)
		return text, length, nil
	}
	s.found.report(offset, CodeAmpersand, "an & that begins no entity; write &amp;")
	return "&", len("&"), nil
}

// referenceName returns the name between & and ; at the beginning of raw; ""
// where there is none. It stops before the next &, so that all calls together
// look at each byte once.
func referenceName(raw string) string {
	for i := 1; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == ';':
			return raw[1:i]
		case isLetter(c), isDigit(c), c == '#' && i == 1:
		default:
			return ""
		}
	}
	return ""
}

// characterOf returns the character of a numeric reference, such as #38 or
// #x26. A number beyond Unicode is returned as -1.
func characterOf(name string) (r rune, numeric bool) {
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, false
	}
	base, allowed := 10, "0123456789"
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base, allowed = hex, 16, "0123456789abcdefABCDEF"
	}
	if digits == "" || strings.Trim(digits, allowed) != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, base, 32)
	if err != nil {
		return -1, true
	}
	return rune(n), true
}

// longestEntity is longer than the name of any entity of HTML.
const longestEntity = 40

// htmlEntity returns what an entity of HTML stands for.
func htmlEntity(name string) (string, bool) {
	if name == "" || name[0] == '#' || len(name) > longestEntity {
		return "", false
	}
	written := "&" + name + ";"
	text := html.UnescapeString(written)
	// HTML also knows &not inside &notit;, and leaves the rest: that is none.
	if text == written || strings.HasSuffix(text, ";") && name != "semi" {
		return "", false
	}
	return text, true
}

// foldSpace turns each tab and each end of a line into a space.
func foldSpace(s string) string {
	for i := range len(s) {
		if isSpace(s[i]) && s[i] != ' ' {
			return spaces.Replace(s)
		}
	}
	return s
}

var spaces = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\t", " ")

// isXMLChar is the production Char of XML 1.0.
func isXMLChar(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r':
		return true
	case r < ' ', r >= 0xD800 && r < 0xE000, r == 0xFFFE, r == 0xFFFF:
		return false
	}
	return r <= utf8.MaxRune
}
