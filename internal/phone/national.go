package phone

import "github.com/nyaruka/phonenumbers"

// National returns the number as somebody at home dials it: as numbers of the
// country are written there, without its code, or after what is dialled before a
// number abroad. North America's is written in ten digits. At home nowhere, and of
// an Internal one, it is what Digits returns.
func (n Number) National(home Home) string {
	if n.internal || n.digits == "" || home.Nowhere() {
		return n.digits
	}
	parsed, err := phonenumbers.Parse("+"+n.digits, nowhere)
	if err != nil {
		return n.digits
	}
	region := home.regions[0]
	text, foreign := phonenumbers.Format(parsed, phonenumbers.NATIONAL), false
	if int(parsed.GetCountryCode()) != phonenumbers.GetCountryCodeForRegion(region) {
		text, foreign = phonenumbers.FormatOutOfCountryCallingNumber(parsed, region), true
	}
	written, _, err := digitsOf(text)
	switch {
	case err == nil:
		return written
	case foreign: // the library has a pattern there, where people choose a carrier by what they dial
		return "00" + n.digits
	}
	return n.digits
}
