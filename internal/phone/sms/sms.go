// Package sms knows how many messages a text is: what a carrier cuts it into,
// and charges for.
package sms

import "golang.org/x/text/unicode/norm"

// Alphabet is how the characters of a text travel. One character that GSM-7
// lacks, and the whole text travels as UCS-2.
type Alphabet string

// The alphabets.
const (
	GSM7 Alphabet = "GSM-7" // 3GPP TS 23.038, 6.2.1: the default alphabet and its extension
	UCS2 Alphabet = "UCS-2" // as phones have it, UTF-16
)

// A message has 140 bytes (3GPP TS 23.040, 9.2.3.24), of which the parts of a
// longer text give up six to say which part they are. A part holds no half of a
// character.
const (
	gsm7Alone, gsm7Part = 160, 153
	ucs2Alone, ucs2Part = 70, 67
)

// Size is how large a text is.
type Size struct {
	Segments int      // messages; an empty text is none
	Units    int      // septets of GSM-7, where characters of the extension are two; 16 bits of UCS-2
	Alphabet Alphabet // GSM7 of an empty text
	Left     int      // units that can be added without another segment
}

// Count returns the size of a text once its letters are composed, as the sender
// has to do: é in place of e and an accent. It allocates nothing if they already
// are.
func Count(text string) Size {
	text = composed(text)
	alphabet, widthOf, alone, part := GSM7, septets, gsm7Alone, gsm7Part
	if !isGSM7(text) {
		alphabet, widthOf, alone, part = UCS2, utf16Units, ucs2Alone, ucs2Part
	}
	units, segments, used := 0, 1, 0 // used of the last segment, were the text cut
	for _, r := range text {
		width := widthOf(r)
		units += width
		if used += width; used > part {
			segments, used = segments+1, width // a character is not cut
		}
	}
	size := Size{Segments: segments, Units: units, Alphabet: alphabet, Left: part - used}
	if units <= alone {
		size.Segments, size.Left = 1, alone-units
	}
	if units == 0 {
		size.Segments = 0
	}
	return size
}

// composed returns a text in Unicode's normalization form C.
func composed(text string) string {
	if norm.NFC.QuickSpanString(text) == len(text) {
		return text
	}
	return norm.NFC.String(text)
}

func isGSM7(text string) bool {
	for _, r := range text {
		if septets(r) == 0 {
			return false
		}
	}
	return true
}

// utf16Units returns the width of a character in UTF-16. What is no character
// becomes one that says so.
func utf16Units(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// septets returns the width of a character in GSM-7; 0: it has none.
func septets(r rune) int {
	switch r {
	case '\f', '^', '{', '}', '\\', '[', '~', ']', '|', '€':
		return 2
	case '`':
		return 0
	case '\n', '\r', '£', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', 'Ø', 'ø', 'Å', 'å', 'Δ', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ',
		'Æ', 'æ', 'ß', 'É', '¤', '¡', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'ä', 'ö', 'ñ', 'ü', 'à':
		return 1
	}
	if ' ' <= r && r < '~' {
		return 1
	}
	return 0
}
