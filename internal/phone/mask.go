// Package phone knows telephone numbers.
package phone

import (
	"strings"
	"unicode/utf8"
)

// What a masked number shows: enough to recognise a number that one knows, and
// not enough to call one that one does not know.
const (
	shownFirst = 5 // characters, a leading plus included
	shownLast  = 4
	maskShort  = 9 // a number of fewer digits shows only its last shownShort
	shownShort = 2

	hidden = "•••"
)

// Mask hides the middle of a number: +19734321440 becomes +1973•••1440. What
// is not a number (a word, an empty string) is returned as it is.
func Mask(number string) string {
	digits := 0
	for _, c := range number {
		if digit(c) >= 0 {
			digits++
		}
	}
	if digits == 0 || strings.Contains(number, hidden) {
		return number
	}
	chars := []rune(number)
	if digits < maskShort {
		return hidden + string(chars[max(0, len(chars)-shownShort):])
	}
	return string(chars[:shownFirst]) + hidden + string(chars[len(chars)-shownLast:])
}

// IsMasked reports whether a number in text was masked.
func IsMasked(text string) bool { return strings.Contains(text, hidden) }

// minNumber is the fewest digits in a row that MaskIn takes for a number:
// local numbers have seven.
const minNumber = 7

// MaskIn masks every number that stands in a text, such as a URL or a SIP
// address.
func MaskIn(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		start := i
		if text[i] == '+' {
			i++
		}
		digits := 0
		for i < len(text) {
			r, n := utf8.DecodeRuneInString(text[i:])
			if digit(r) < 0 {
				break
			}
			digits, i = digits+1, i+n
		}
		switch {
		case digits >= minNumber:
			b.WriteString(Mask(text[start:i]))
		case i > start:
			b.WriteString(text[start:i])
		default:
			_, n := utf8.DecodeRuneInString(text[i:])
			b.WriteString(text[i : i+n])
			i += n
		}
	}
	return b.String()
}
