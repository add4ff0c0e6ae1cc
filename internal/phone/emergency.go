package phone

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// everywhere has the emergency numbers that mobile telephones call as such in any
// country: 112 and 911 always, the others without a SIM card (3GPP TS 22.101,
// section 10.1.1). People abroad dial those they know from home.
var everywhere = [...]string{"112", "911", "000", "08", "110", "118", "119", "999"}

// sos begins the address of an emergency service (RFC 5031, section 4.2).
const sos = "urn:service:sos"

const (
	outsideLines = "089" // what people dial first in a company, to get a line outside
	maxEmergency = 5     // digits of the longest emergency numbers, such as 10111 of South Africa
)

// Emergency reports whether a number on its way to the public network is that of
// an emergency service: one of home by libphonenumber's short numbers, or one
// that is known everywhere; also after the digit for an outside line, and after a
// country's calling code, where dial plans put one before all that they pass on.
//
// Extensions may have the same digits: look them up first.
func Emergency(text string, home Home) bool {
	if clean := strings.ToLower(strings.TrimSpace(text)); clean == sos || strings.HasPrefix(clean, sos+".") {
		return true
	}
	digits, plus, err := digitsOf(text)
	if err != nil || len(digits) > maxCode+maxEmergency {
		return false
	}
	if emergencyIn(digits, home.regions) {
		return true
	}
	if !plus && strings.ContainsAny(digits[:1], outsideLines) && emergencyIn(digits[1:], home.regions) {
		return true
	}
	code, regions := SplitCode(digits)
	return code != "" && emergencyIn(digits[len(code):], regions)
}

// emergencyIn reports whether digits are, as dialled in one of some regions, the
// number of an emergency service.
func emergencyIn(digits string, regions []string) bool {
	return slices.Contains(everywhere[:], digits) ||
		slices.ContainsFunc(regions, func(region string) bool { return phonenumbers.IsEmergencyNumber(digits, region) })
}
