package telephone

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// Bounds of what is shown, in bytes: no person reads further, and a screen of it
// is made in a moment.
const (
	maxText = 8 << 10 // a text of a transcript, a URL: more than is ever spoken
	maxBody = 64 << 10
)

// clean returns text of strangers as one line that can be shown, cut where it
// is very long: what would move the cursor, change the terminal or the order of
// reading becomes a character that can be seen, what cannot be seen at all is
// left out.
func clean(s string) string {
	if len(s) > maxText {
		return visible(s[:maxText]) + "…"
	}
	return visible(s)
}

// visible is clean without the cut.
func visible(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range s {
		switch {
		case r == utf8.RuneError: // of a wrong byte too
			b.WriteRune(unicode.ReplacementChar)
		case r == '\t', r == '\n', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
			if !strings.HasPrefix(s[i:], "\r\n") {
				b.WriteByte(' ')
			}
		case r < ' ':
			b.WriteRune('\u2400' + r) // the pictures of control characters
		case r == 0x7F:
			b.WriteRune('\u2421')
		case unicode.Is(unicode.Bidi_Control, r):
			b.WriteRune(unicode.ReplacementChar)
		case unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r):
			// Joiners, marks of width nought, tags: nothing to be seen.
		case unicode.IsGraphic(r), unicode.Is(unicode.Cf, r):
			b.WriteRune(r)
		default:
			b.WriteRune(unicode.ReplacementChar)
		}
	}
	return b.String()
}

// isPlain reports whether s is of printable ASCII.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// wrap breaks a clean text into rows no wider than width, between words where
// it can. There is always one row.
func wrap(s string, width int) []string {
	return strings.Split(ansi.Wrap(s, max(1, width), ""), "\n")
}

// fit makes a row, which may be styled, exactly so wide. It ends in … where it
// was longer.
func fit(row string, width int) string {
	row = ansi.Truncate(row, max(0, width), "…")
	return row + blank(width-ansi.StringWidth(row))
}

func blank(width int) string { return strings.Repeat(" ", max(0, width)) }

// spread puts one text at the left of a row and one at its right. Where there
// is not room for both the left one is cut.
func spread(left, right string, width int) string {
	room := width - ansi.StringWidth(right)
	if room < 0 {
		return fit(right, width)
	}
	return fit(left, room) + right
}
