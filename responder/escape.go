package responder

import (
	"strconv"
	"unicode/utf8"
)

// plain has the bytes that stand for themselves wherever they are.
var plain = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '&' && c != '<' && c != '>' && c != '"'
	}
	return table
}()

// appendEscaped appends s so that it reads back as s. What XML cannot carry at
// all, control characters and broken UTF-8, becomes U+FFFD. In a value, tabs
// and line ends are written as references, or a reader folds them.
func appendEscaped(dst []byte, s string, value bool) []byte {
	for i := 0; i < len(s); {
		start := i
		for i < len(s) && plain[s[i]] {
			i++
		}
		dst = append(dst, s[start:i]...)
		if i == len(s) {
			break
		}
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 || !isXMLChar(r) {
				r = utf8.RuneError
			}
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		}
		i++
		switch {
		case c == '&':
			dst = append(dst, "&amp;"...)
		case c == '<':
			dst = append(dst, "&lt;"...)
		case c == '>':
			dst = append(dst, "&gt;"...)
		case c == '"' && value:
			dst = append(dst, "&#34;"...)
		case c == '\r', value && (c == '\n' || c == '\t'):
			dst = append(strconv.AppendInt(append(dst, "&#"...), int64(c), 10), ';')
		case isXMLChar(rune(c)):
			dst = append(dst, c)
		default:
			dst = utf8.AppendRune(dst, utf8.RuneError)
		}
	}
	return dst
}
