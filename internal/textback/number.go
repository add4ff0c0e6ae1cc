package textback

import "strings"

// The lengths of numbers. An extension has at most six digits; the shortest
// numbers that are called across networks have seven, and E.164 has at most
// fifteen.
const (
	maxExtension = 6
	minNumber    = 7
	maxNumber    = 15
)

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
