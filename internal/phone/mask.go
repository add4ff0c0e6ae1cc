// Package phone knows telephone numbers.
package phone

import (
	"strings"
	"unicode/utf8"
)

// What a masked number shows, in digits: enough to recognise a number that one
// knows, and not enough to call one that one does not know.
const (
	shownFirst = 4 // of E.164, whose country codes have up to maxCode
	shownLast  = 4
	maskShort  = 9 // a number of fewer digits shows only its last shownShort
	shownShort = 2

	hidden = "•••"
)

// Mask hides the middle of a number: +19734321440 becomes +1973•••1440. However
// the number is written, no digit is shown that its E.164 form hides: 9734321440
// becomes 973•••1440. What is not a number (a word, an empty string) is returned as
// it is.
func Mask(number string) string {
	if strings.Contains(number, hidden) {
		return number
	}
	var digits []byte
	var starts []int // of each digit
	for i, c := range number {
		if d := digit(c); d >= 0 {
			digits, starts = append(digits, '0'+byte(d)), append(starts, i)
		}
	}
	if len(digits) == 0 {
		return number
	}
	first, last := shownOf(string(digits), strings.HasPrefix(number, "+"))
	begins := strings.TrimRightFunc(number[:starts[first]], func(c rune) bool { return digit(c) < 0 })
	return begins + hidden + number[starts[max(0, len(digits)-last)]:]
}

// shownOf returns how many of a number's first and last digits are shown. Without a
// plus it may be written as at home, in any country but for one that North America
// writes so: then as many as its E.164 form shows after the longest country code.
func shownOf(digits string, plus bool) (first, last int) {
	const northAmerican = maxLocal
	abroad := strings.HasPrefix(digits, "00")
	switch {
	case len(digits) < maskShort, abroad && len(digits) < len("00")+maskShort:
		return 0, shownShort
	case plus:
		first = shownFirst
	case abroad:
		first = len("00") + shownFirst
	case digits[0] == '0': // 011 too, with which numbers of Leeds and Turin begin
		first = len("0") + shownFirst - maxCode
	case len(digits) > northAmerican:
		first = shownFirst
	case len(digits) == northAmerican && digits[0] > '1' && digits[3] > '1':
		first = shownFirst - len("1")
	default:
		first = shownFirst - maxCode
	}
	return first, shownLast
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
