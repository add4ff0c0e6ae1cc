package form

import "regexp"

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

// User checks the name of a user. It is a Field's Check.
func User(value string) (clean, problem string) {
	return matching(validUser, value, "is not a user of the phone system")
}

func matching(form *regexp.Regexp, value, otherwise string) (clean, problem string) {
	if !form.MatchString(value) {
		return "", otherwise
	}
	return value, ""
}
