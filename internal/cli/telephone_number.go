package cli

import (
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// readNumber reads a number as people write it, and returns it with its
// country's code, as callers' numbers are kept: a number on the suppression list
// without its code would be found by nobody. Ten digits are North America's.
func readNumber(text string) (string, error) {
	plain := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()/", r) {
			return -1
		}
		return r
	}, text)
	if strings.Trim(strings.TrimPrefix(plain, "+"), "0123456789") == "" {
		if digits, err := phone.E164digits(plain, phone.DefaultRegion); err == nil {
			return digits, nil
		}
	}
	return "", fault.Newf(fault.Invalid, "%.40q is not a telephone number", text).
		WithHint("write it with a plus and the country's code: +1 973 432 1440")
}

// The lengths of what phone systems give as numbers.
const (
	fewestDigits = 7
	mostDigits   = 15
)

// knownNumber reads a number that is looked for. Phone systems give numbers
// that there are not, and they are kept: so the digits will do.
func knownNumber(text string) (string, error) {
	number, err := readNumber(text)
	if err == nil {
		return number, nil
	}
	if digits := strings.TrimPrefix(text, "+"); len(digits) >= fewestDigits && len(digits) <= mostDigits && strings.Trim(digits, "0123456789") == "" {
		return digits, nil
	}
	return "", err
}
