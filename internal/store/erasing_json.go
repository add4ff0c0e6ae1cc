package store

import "strings"

// withoutInJSON takes the number out of JSON, also of several documents in a
// row. The rest stays as it is written; a JSON number becomes 0, so that
// readers still find a number.
func (e *erasing) withoutInJSON(text string) string {
	var b strings.Builder
	for text != "" {
		n := tokenLength(text)
		token := text[:n]
		switch {
		case text[0] == '"':
			token = e.Replace(token, erasedWord)
		case numeric(text[0]) && e.In(token):
			token = "0"
		}
		b.WriteString(token)
		text = text[n:]
	}
	return b.String()
}

// tokenLength returns the length of the string or number that JSON begins with,
// or of what comes before the next one.
func tokenLength(text string) int {
	switch {
	case text[0] == '"':
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(text)
	case numeric(text[0]):
		return len(text) - len(strings.TrimLeft(text, "+-.0123456789eE"))
	}
	for i := range len(text) {
		if text[i] == '"' || numeric(text[i]) {
			return i
		}
	}
	return len(text)
}

func numeric(c byte) bool { return c == '-' || '0' <= c && c <= '9' }
