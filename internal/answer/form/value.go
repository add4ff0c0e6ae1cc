package form

import (
	"encoding/json"
	"regexp"
	"strings"
)

// The names of things of the phone system.
var (
	// A domain as the phone system's API describes one.
	validDomain = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

	// A user stands in paths of that API and in the names of dial rules.
	validUser = regexp.MustCompile(`^[A-Za-z0-9._-]{1,32}$`)
)

// Domain checks the name of a domain. It is a Field's Check.
func Domain(value string) (clean, problem string) {
	return matching(validDomain, value, "is not a domain of the phone system")
}

// User checks the name of a user. It is a Field's Check. A number that a
// spreadsheet has written, such as 8001.0, becomes the whole number; no user is
// called 8001.5.
func User(value string) (clean, problem string) {
	if anyFloat.MatchString(value) {
		return Whole(json.Number(value))
	}
	return matching(validUser, value, "is not a user of the phone system")
}

var (
	// anyFloat is a number with a point, a sign or an exponent.
	anyFloat = regexp.MustCompile(`^(?:-\d+|-?\d+\.\d*(?:[eE][+-]?\d+)?|\d+[eE][+-]\d+)$`)

	// certainFloat is one with a point that cannot be there to group digits, as
	// in 212.5550100.
	certainFloat = regexp.MustCompile(`^\+?\d+(?:\.0{0,2}|(?:\.\d+)?[eE][+-]?\d+)$`)
)

// Digits returns the whole number that a spreadsheet has written as 12125550100.0
// or 1.21255501E+10; any other value as it is.
func Digits(value string) (clean, problem string) {
	if !certainFloat.MatchString(value) {
		return value, ""
	}
	return Whole(json.Number(strings.TrimPrefix(value, "+")))
}

func matching(form *regexp.Regexp, value, otherwise string) (clean, problem string) {
	if !form.MatchString(value) {
		return "", otherwise
	}
	return value, ""
}
