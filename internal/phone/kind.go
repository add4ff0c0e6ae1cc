package phone

import "github.com/nyaruka/phonenumbers"

// Kind is what a number is by its digits alone. They do not tell where it was
// ported to, or whether anybody has it.
type Kind string

// The kinds.
const (
	Invalid       Kind = "invalid"         // no number of any country
	Mobile        Kind = "mobile"          //
	FixedLine     Kind = "fixed"           // a land line for certain
	FixedOrMobile Kind = "fixed_or_mobile" // cannot be told apart: all of North America
	TollFree      Kind = "toll_free"
	Premium       Kind = "premium"     // the caller pays more; 900 in North America
	SharedCost    Kind = "shared_cost" // the caller pays a part
	VoIP          Kind = "voip"
	Personal      Kind = "personal" // follows a person
	Pager         Kind = "pager"
	Company       Kind = "company" // leads to one of a company's offices
	Voicemail     Kind = "voicemail"
	Short         Kind = "short"     // fewer digits than a number of any country: short codes, 911
	Special       Kind = "special"   // North America's 500 and its like, 976, N11 and 555-1212: services, some at a price
	Satellite     Kind = "satellite" // a telephone by satellite, or of a network of no country: dear from anywhere
)

// kindOf returns what a number is, by libphonenumber's data, and whether it is in
// a range that is in use.
func kindOf(parsed *phonenumbers.PhoneNumber) (kind Kind, valid bool) {
	kind = Invalid
	switch phonenumbers.GetNumberType(parsed) {
	case phonenumbers.FIXED_LINE:
		kind = FixedLine
	case phonenumbers.MOBILE:
		kind = Mobile
	case phonenumbers.FIXED_LINE_OR_MOBILE:
		kind = FixedOrMobile
	case phonenumbers.TOLL_FREE:
		kind = TollFree
	case phonenumbers.PREMIUM_RATE:
		kind = Premium
	case phonenumbers.SHARED_COST:
		kind = SharedCost
	case phonenumbers.VOIP:
		kind = VoIP
	case phonenumbers.PERSONAL_NUMBER:
		kind = Personal
	case phonenumbers.PAGER:
		kind = Pager
	case phonenumbers.UAN:
		kind = Company
	case phonenumbers.VOICEMAIL:
		kind = Voicemail
	}
	return northAmerican(parsed, kind), kind != Invalid
}

// directoryAssistance is what is dialled in North America, after any area code
// or none, to ask for a number: the caller pays.
const directoryAssistance = "5551212"

// northAmerican knows the services of North America whose numbers look like
// anybody's: 976 as the exchange (charged for), directory assistance, and those
// of no place, of which 500 was the first. An area code such as 411 is none.
func northAmerican(parsed *phonenumbers.PhoneNumber, kind Kind) Kind {
	if parsed.GetCountryCode() != 1 {
		return kind
	}
	national := phonenumbers.GetNationalSignificantNumber(parsed)
	switch {
	case len(national) != len("2125550123"):
		return kind
	case kind == Personal, national[3:6] == "976", national[3:] == directoryAssistance, national[1:3] == "11":
		return Special
	}
	return kind
}

// nowhereKind returns the kind of a number of a network of no country, by the
// code that the ITU has given it (E.164.1, list of assigned codes); empty: it
// is of a country, or of a service that libphonenumber knows. Ranges there are
// opened all the time, so one that is not in use counts as well.
func nowhereKind(n Number) Kind {
	if len(n.digits) <= maxLocal {
		return ""
	}
	switch n.digits[:3] {
	case "870", "881", "882", "883":
		return Satellite
	case "878":
		return Personal
	}
	return ""
}
