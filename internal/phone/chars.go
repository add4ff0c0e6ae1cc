package phone

import (
	"strings"
	"unicode"
)

// visible drops the invisible characters around pasted numbers: direction marks,
// joiners, byte order marks, soft hyphens.
func visible(r rune) rune {
	if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r) {
		return -1
	}
	return r
}

// grouping are those of them that are neither blanks nor dashes: stops, slashes,
// brackets, tildes, apostrophes, what is typed for a dash in Japan.
const grouping = "./()[]_~'\u2019\u2212\u00b7\u2022\u2053\u223c\u30fb\u30fc\uff08\uff09\uff0e\uff0f\uff3b\uff3d\uff5e"

// groups reports whether people put a character between the digits of a number.
func groups(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Pd, r) ||
		strings.ContainsRune(grouping, r)
}

// zeros are the 0 of scripts in which numbers are written; the other nine digits
// follow each.
var zeros = [...]rune{'0', 0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0be6, 0x0c66, 0x0ce6, 0x0d66, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x17e0, 0x1810, 0xff10}

// digit returns the value of a digit, or -1.
func digit(r rune) int {
	for _, zero := range zeros {
		if d := int(r - zero); 0 <= d && d <= 9 {
			return d
		}
	}
	return -1
}
