package barring

import (
	"fmt"
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
	"github.com/switchhook/switchhook/internal/setting"
)

// Settings say which calls out are made, and how many. They stand in the section
// of the Core.
type Settings struct {
	AllowedCountries []Country `key:"allowed_countries" example:"GB" doc:"Countries that may be called beside that of calling_code, by their ISO code: GB, JM. Where calling_code is 1, these are the United States and Canada, and each island that shares the code must be named. A plus and first digits allow the numbers that begin so: +881 for satellite telephones. Everything else abroad is refused. This and the next six settings are read again at a reload."`

	Premium bool `key:"premium" default:"false" doc:"Whether numbers may be called that cost the caller more than others: premium, shared-cost and personal numbers, pagers, and the 500, 976 and 555-1212 of North America."`

	ForeignCallsPerHour int `key:"foreign_calls_per_hour" default:"10" min:"1" max:"1000" doc:"How many calls to other countries or to premium numbers, where they are allowed, a user may make in any hour, answered or not."`

	TrunkCalls           int `key:"trunk_calls" default:"100" min:"1" max:"10000" doc:"How many calls out there may be at once. One more is refused; so it is at the other ceilings."`
	TrunkCallsPerOwner   int `key:"trunk_calls_per_owner" default:"10" min:"1" max:"10000" doc:"How many calls out a user may have at once."`
	TrunkMinutes         int `key:"trunk_minutes" default:"6000" min:"1" max:"10000000" doc:"How many minutes of calls out to numbers there may be in any 24 hours. Calls in hand go on when they are used up."`
	TrunkMinutesPerOwner int `key:"trunk_minutes_per_owner" default:"600" min:"1" max:"10000000" doc:"How many minutes of calls out to numbers a user may have in any 24 hours."`
}

// Country is a country by its ISO 3166 code, or a plus and the first digits of
// numbers.
type Country string

// maxDigits is the longest number of E.164, in digits.
const maxDigits = 15

// UnmarshalText reads a country. A calling code that several countries share is
// refused: it would allow islands that nobody thought of.
func (c *Country) UnmarshalText(text []byte) error {
	*c = Country(strings.ToUpper(strings.TrimSpace(string(text))))
	digits, isDigits := strings.CutPrefix(string(*c), "+")
	if !isDigits {
		if !phone.KnownRegion(string(*c)) {
			return setting.ErrForm
		}
		return nil
	}
	code, regions := phone.SplitCode(digits)
	switch {
	case strings.Trim(digits, "0123456789") != "", len(digits) > maxDigits, code == "":
		return setting.ErrForm
	case code == digits && len(regions) > 1:
		return fmt.Errorf("is the calling code of %d countries; name those that are meant, such as %q", len(regions), regions[0])
	}
	return nil
}

// Takes says what a Country is.
func (c Country) Takes() string {
	return `the ISO code of a country, such as "GB", or a plus and what numbers begin with, such as "+881"`
}
