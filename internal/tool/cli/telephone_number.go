package cli

import (
	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/phone"
)

// readNumber parses a number that can be texted and called.
func readNumber(text string, home phone.Home) (phone.Number, error) {
	n, err := phone.Parse(text, home)
	if err != nil {
		return n, notANumber(err)
	}
	return n, nil
}

// How many digits a phone system's numbers have.
const (
	fewestDigits = 7
	mostDigits   = 15
)

// knownNumber parses a number as the ledger stores it. Nonexistent numbers
// call, too, and are stored, so any digits will do.
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

// writtenOut is the form of a number that is understood everywhere.
const writtenOut = "write it with a plus and the country code: +1 973 432 1440"

func notANumber(err error) error {
	return fault.Newf(fault.Invalid, "%s", err.Error()).WithHint("%s", writtenOut)
}
