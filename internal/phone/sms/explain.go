package sms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Stranger is a character for which a text travels as UCS-2.
type Stranger struct {
	Character string // as it is written in the text
	Times     int    // that it stands there
	Instead   string // what GSM-7 has for it, such as ' for ’; empty where there is nothing alike
	Needless  bool   // it shows nothing: the text is as good without it
}

// maxStrangers is how many characters Explain reports: an author who fixes those
// fixes the others too, or writes in another script.
const maxStrangers = 5

// Explain returns the first characters for which a text travels as UCS-2, once
// its letters are composed, in the order of the text; nil: it does not.
func Explain(text string) []Stranger {
	var found []Stranger
next:
	for _, r := range composed(text) {
		if septets(r) > 0 {
			continue
		}
		for i := range found {
			if found[i].Character == string(r) {
				found[i].Times++
				continue next
			}
		}
		if len(found) < maxStrangers {
			instead, needless := plain(r)
			found = append(found, Stranger{Character: string(r), Times: 1, Instead: instead, Needless: needless})
		}
	}
	return found
}

// plain returns what GSM-7 has for a character that it lacks.
func plain(r rune) (instead string, needless bool) {
	if r == utf8.RuneError {
		return "", false
	}
	if instead, ok := alike(r); ok {
		return instead, false
	}
	if unicode.In(r, unicode.Cf, unicode.Mn, unicode.Cc) { // joiners, marks, controls
		return "", true
	}
	// Letters without their marks, ligatures and wide letters apart.
	decomposed := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(string(r)))
	if decomposed == "" || !isGSM7(decomposed) {
		return "", false
	}
	return decomposed, false
}

// alike returns what word processors and phones write for a character of
// GSM-7, where Unicode's tables do not say that the two are alike.
func alike(r rune) (instead string, ok bool) {
	switch r {
	case '‘', '’', '‚', '‛', '′', '´', '`', 'ʼ', '‹', '›':
		return "'", true
	case '“', '”', '„', '‟', '″', '«', '»':
		return `"`, true
	case '‐', '‑', '‒', '–', '—', '―', '−':
		return "-", true
	case '•', '·', '‣', '∙':
		return "*", true
	case '\t':
		return " ", true
	case '\u0085', '\u2028', '\u2029':
		return "\n", true
	case '×':
		return "x", true
	case '⁄':
		return "/", true
	case '©':
		return "(c)", true
	case '®':
		return "(R)", true
	case '½':
		return "1/2", true
	case '¼':
		return "1/4", true
	case '¾':
		return "3/4", true
	case 'œ':
		return "oe", true
	case 'Œ':
		return "OE", true
	case 'ł':
		return "l", true
	case 'Ł':
		return "L", true
	case 'đ':
		return "d", true
	case 'Đ':
		return "D", true
	case 'ı':
		return "i", true
	}
	return "", false
}
