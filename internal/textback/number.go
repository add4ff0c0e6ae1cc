package textback

import (
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
)

// The lengths of numbers. An extension has at most six digits; the shortest
// numbers that are called across networks have seven, and E.164 has at most
// fifteen.
const (
	maxExtension = 6
	minNumber    = 7
	maxNumber    = 15
)

// withCountry gives digits their country's code where it is plain that they lack
// it, so that a number is the same in the ledger however a phone system writes
// it: who wrote STOP as 19734321440 is the caller 9734321440. It is plain of the
// ten digits of North America, and of digits with the 0 of calls within a
// country; all others are returned as they are. No regions are
// phone.DefaultRegion.
func withCountry(digits string, regions []string) string {
	if len(regions) == 0 {
		regions = []string{phone.DefaultRegion}
	}
	national := strings.TrimLeft(digits, "0")
	for _, region := range regions {
		whole, err := phone.E164digits(digits, region)
		if err == nil && (whole == "1"+digits || national != digits && strings.HasSuffix(whole, national)) {
			return whole
		}
	}
	return digits
}

// destination returns the number that a caller is texted at, digits without a
// plus, or why they cannot be. A NetSapiens core gives +19734321440 for callers
// from outside, a bare extension for its own users, and nothing or a word for
// those who hide their number.
func destination(caller string) (digits string, reason Reason) {
	caller = strings.TrimSpace(caller)
	number, plus := strings.CutPrefix(caller, "+")
	number = strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()", r) {
			return -1
		}
		return r
	}, number)
	switch {
	case number == "" || strings.Trim(number, "0123456789") != "":
		return "", Anonymous
	case strings.Trim(number, "0") == "":
		return "", Anonymous // 0000000000 is how some carriers write it
	case !plus && len(number) <= maxExtension:
		return "", OnNet
	case len(number) < minNumber || len(number) > maxNumber:
		return "", ShortNumber
	}
	return number, ""
}
