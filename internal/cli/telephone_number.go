package cli

import (
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// readNumber reads a number that can be texted and called.
func readNumber(text string, home phone.Home) (phone.Number, error) {
	n, err := phone.Parse(text, home)
	if err != nil {
		return n, notANumber(err)
	}
	return n, nil
}

// The lengths of what phone systems give as numbers, in digits.
const (
	fewestDigits = 7
	mostDigits   = 15
)

// knownNumber reads a number as the ledger knows it: callers' numbers that there
// are not are texted and kept, so their digits will do.
func knownNumber(text string, home phone.Home) (phone.Number, error) {
	n, err := phone.ParseAny(text, home)
	switch digits := len(n.Digits()); {
	case err != nil:
		return n, notANumber(err)
	case digits < fewestDigits, digits > mostDigits:
		return n, fault.Newf(fault.Invalid, "%.40q is not a telephone number", text).WithHint("%s", writtenOut)
	}
	return n, nil
}

// writtenOut is how a number is understood everywhere.
const writtenOut = "write it with a plus and the country's code: +1 973 432 1440"

func notANumber(err error) error {
	return fault.Newf(fault.Invalid, "%s", err.Error()).WithHint("%s", writtenOut)
}
