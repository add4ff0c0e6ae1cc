package phone

import (
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// DefaultRegion is the region of numbers that name no country and whose owner
// names none.
const DefaultRegion = "US"

// Home is where numbers belong that do not say their country. The zero Home is
// nowhere: digits without a plus are those of a phone system.
type Home struct{ regions []string }

// HomeIn returns the Home of regions, such as US: of what could be a number of
// several, the first counts. No regions are DefaultRegion.
func HomeIn(regions ...string) Home {
	if len(regions) == 0 {
		return Home{[]string{DefaultRegion}}
	}
	return Home{regions}
}

// HomeOfCode returns the Home of a calling code, such as 31. One that is not in
// use, and none at all, are nowhere.
func HomeOfCode(code string) Home {
	n, err := strconv.Atoi(code)
	if err != nil {
		return Home{}
	}
	if region := phonenumbers.GetRegionCodeForCountryCode(n); KnownRegion(region) {
		return Home{[]string{region}}
	}
	return Home{}
}

// HomeOf returns the Home of a number's own country; of none that is in use it
// is nowhere.
func HomeOf(n Number) Home {
	if northAmericas(n.digits) {
		return Home{[]string{DefaultRegion}} // which tells no more than its neighbours
	}
	if !n.Valid() {
		return Home{}
	}
	if region := regionOf(n.key); region != "" {
		return Home{[]string{region}}
	}
	return Home{}
}

// Region returns the country that a number is of, such as JM, by its digits: an
// area code tells the islands from the United States. Empty: it is of none, as a
// telephone by satellite, or of a range that is none's yet although several
// countries share the calling code.
func (n Number) Region() string {
	if n.internal || n.digits == "" {
		return ""
	}
	if region := regionOf(n.key); region != "" {
		return region
	}
	return regionOfArea(n.key)
}

// regionOf returns the country that a number which somebody can have is of.
func regionOf(digits string) string {
	parsed, err := phonenumbers.Parse("+"+digits, nowhere)
	if err != nil {
		return ""
	}
	if region := phonenumbers.GetRegionCodeForNumber(parsed); KnownRegion(region) {
		return region
	}
	return ""
}

// regionOfArea returns the country of an area of North America, for numbers
// that nobody there can have, such as +1 602 000 1111 of examples: the library
// knows the United States and Canada by their numbers alone. Area codes of
// services, such as 900, are of no country.
func regionOfArea(digits string) string {
	const area, anybody = len("1212"), "2345678"
	if !northAmericas(digits) || len(digits) != area+len(anybody) {
		return ""
	}
	neighbour := digits[:area] + anybody
	if k := withCode(neighbour).Kind(); k != FixedLine && k != FixedOrMobile {
		return ""
	}
	return regionOf(neighbour)
}

// SplitCode returns the calling code that digits begin with, and the countries
// that have it, the main one first; none for a code of satellites or of another
// network of no country. The code is empty if it is not in use.
func SplitCode(digits string) (code string, regions []string) {
	for length := 1; length <= min(maxCode, len(digits)); length++ {
		n, err := strconv.Atoi(digits[:length])
		if err != nil || n == 0 {
			return "", nil
		}
		if found := phonenumbers.GetRegionCodesForCountryCode(n); len(found) > 0 {
			return digits[:length], slices.DeleteFunc(slices.Clone(found), func(region string) bool { return !KnownRegion(region) })
		}
	}
	return "", nil
}

// Around returns the regions that a number's owner deals with unless they say
// otherwise: its own country; in North America the United States and Canada, and
// not the islands that have the 1 as well and cost as much as any place abroad.
// Those of none that is known are the United States and Canada.
func Around(n Number) []string {
	home := HomeOf(n).regions
	if !northAmericas(n.digits) && !n.internal && n.possible && home == nil {
		parsed, err := phonenumbers.Parse("+"+n.key, nowhere) // of a range that is in use nowhere yet
		if err == nil {
			home = HomeOfCode(strconv.Itoa(int(parsed.GetCountryCode()))).regions
		}
	}
	if len(home) > 0 && home[0] != DefaultRegion {
		return home
	}
	around := []string{DefaultRegion, "CA"}
	if own := regionOf(n.key); northAmericas(n.digits) && own != "" && !slices.Contains(around, own) {
		around = append(around, own)
	}
	return around
}

// Nowhere reports whether the Home is the zero Home.
func (h Home) Nowhere() bool { return len(h.regions) == 0 }

// Regions returns the regions of the Home, the one that counts first before the
// others.
func (h Home) Regions() []string { return slices.Clone(h.regions) }

// KnownRegion reports whether there is a numbering plan of a region, such as US.
func KnownRegion(region string) bool { return phonenumbers.GetSupportedRegions()[region] }

// code1 reports whether a region of the Home is in North America.
func (h Home) code1() bool {
	for _, region := range h.regions {
		if region == DefaultRegion || CallingCode(region) == "1" {
			return true
		}
	}
	return false
}

// CallingCode returns the code of a region's country, such as 31.
func CallingCode(region string) string {
	return strconv.Itoa(phonenumbers.GetCountryCodeForRegion(region))
}

// trunkPrefix returns what people in a region dial before a number of their own
// country; empty: nothing.
func trunkPrefix(region string) string {
	return strings.Trim(phonenumbers.GetNddPrefixForRegion(region, true), "~")
}
