package phone

import (
	"strings"
	"sync"
)

// spellsHidden reports whether digits spell a word for a hidden number, perhaps
// after the 1 that some networks put before any ten digits, or after what is
// dialled before a country's code.
func spellsHidden(digits string) bool {
	for _, prefix := range [...]string{"", "1", "00", "011"} {
		if rest, ok := strings.CutPrefix(digits, prefix); ok && keypadWords()[rest] {
			return true
		}
	}
	return false
}

// keypadWords are words for a hidden number as some networks write them, typed on
// the keys of a telephone: 266696687 is ANONYMOUS.
var keypadWords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`
		anonymous anonymouscaller anonymouscall anonymouscallerid anonymo anonimo anonym anonyme
		restricted restrictedcaller restrictednumber unavailable unavailablecaller notavailable
		unknown unknowncaller unknownname unknownnumber unknowncallerid
		private privatecaller privatenumber privatename privatecall privateid
		blocked blockedcaller blockednumber blockedid withheld withheldnumber numberwithheld
		outofarea nocallerid nocaller nonumber noname hiddennumber hiddencaller hiddenid
		international payphone confidential unspecified numberunavailable
		privado privada privato desconocido unbekannt inconnu anoniem onbekend sconosciuto
		callerunknown callerwithheld callerid unassigned unidentified suppressed undisclosed
		`) {
		if digits := typed(word); len(digits) >= minDigits {
			words[digits] = true
		}
	}
	return words
})

// typed returns the digits of a word's keys (ITU-T E.161).
func typed(word string) string {
	const keys = "22233344455566677778889999" // of a to z
	digits := []byte(word)
	for i, c := range digits {
		digits[i] = keys[c-'a']
	}
	return string(digits)
}
