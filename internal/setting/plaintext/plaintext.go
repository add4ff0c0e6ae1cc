// Package plaintext turns what editors and phones write into one kind of text:
// UTF-8 without a byte order mark, letters composed.
package plaintext

import (
	"bytes"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

var mark = []byte("\uFEFF")

// Decode returns a file as UTF-8 without a byte order mark. It transcodes a file
// with the mark of UTF-16, and one without it whose first character is ASCII in
// UTF-16; anything else it returns as it is.
func Decode(data []byte) []byte {
	if rest, ok := bytes.CutPrefix(data, mark); ok {
		return rest
	}
	if len(data) < 2 {
		return data
	}
	switch first, second := data[0], data[1]; {
	case first == 0xFF && second == 0xFE:
		return fromUTF16(data[2:], 0)
	case first == 0xFE && second == 0xFF:
		return fromUTF16(data[2:], 1)
	case first != 0 && second == 0 && len(data) > 3 && data[3] == 0:
		return fromUTF16(data, 0)
	case first == 0 && second != 0 && len(data) > 3 && data[2] == 0:
		return fromUTF16(data, 1)
	}
	return data
}

// fromUTF16 transcodes UTF-16 whose low byte is at offset low of each pair. It
// drops an odd byte at the end.
func fromUTF16(data []byte, low int) []byte {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i+low]) | uint16(data[2*i+1-low])<<8
	}
	return []byte(string(utf16.Decode(units)))
}

// Compose returns a text in Unicode's normalization form C, in which letters and
// marks are composed: é in place of e and an accent. It allocates only if it
// changes something.
func Compose(text string) string {
	if norm.NFC.QuickSpanString(text) == len(text) {
		return text
	}
	return norm.NFC.String(text)
}

// Clip returns at most so many bytes of the beginning of an untrusted text, with
// an ellipsis if that is not all of it.
func Clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
