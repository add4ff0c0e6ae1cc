package phone

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Number is a telephone number, read once where it comes in. The zero Number is
// none: a caller who hides theirs.
type Number struct {
	digits   string // of E.164, or those of an extension
	key      string // of E.164, the same for every way to write one telephone
	kind     Kind   // empty: looked up on demand, together with valid
	valid    bool
	internal bool // digits without a plus that are no number of any country
	possible bool // it has a length that numbers of its country have: ranges are opened all the time
}

// Digits returns the number as it is texted and dialled, without a plus:
// 12125550123, or the digits of an extension. Empty: there is no number.
func (n Number) Digits() string { return n.digits }

// E164 returns the number with its plus (ITU-T E.164); of an Internal one its
// digits.
func (n Number) E164() string {
	if n.internal || n.digits == "" {
		return n.digits
	}
	return "+" + n.digits
}

// Key returns what two numbers have in common that reach one telephone: the
// digits without the 1 of Mexican and the 9 of Argentine mobiles, which some
// networks write and others leave out. A key is compared and stored, not
// dialled.
func (n Number) Key() string { return n.key }

// Kind returns what the number is by its digits alone.
func (n Number) Kind() Kind {
	switch {
	case n.digits == "":
		return Invalid
	case nowhereKind(n) != "":
		return nowhereKind(n)
	case n.internal && n.digits == directoryAssistance:
		return Special
	case n.kind == "":
		return abroad(n.digits).kind
	}
	return n.kind
}

// Hidden reports that there is no number: it is withheld, or it is a word.
func (n Number) Hidden() bool { return n.digits == "" }

// Internal reports whether the number is an extension, or digits whose meaning
// only the phone system can know.
func (n Number) Internal() bool { return n.internal }

// Valid reports whether the number is in a range that is in use.
func (n Number) Valid() bool {
	if n.kind == "" && n.digits != "" {
		return abroad(n.digits).valid
	}
	return n.valid
}

// In reports whether the number is in use in a region, such as US. North
// America's numbers are of the country that has their area code.
func (n Number) In(region string) bool {
	if !n.Valid() {
		return false
	}
	parsed, err := phonenumbers.Parse("+"+n.key, nowhere)
	return err == nil && phonenumbers.IsValidNumberForRegion(parsed, region)
}

// Within reports whether the number is of one of some regions, such as US: in
// use there, or in a range that is in use nowhere yet and has their country's
// code. Digits that only the phone system can know count as its own country's.
func (n Number) Within(regions []string) bool {
	switch {
	case n.digits == "":
		return false
	case n.internal, len(n.digits) == minDigits && !n.Valid(): // such as 4321440, which may be one of Austria
		return len(n.digits) <= maxLocal
	case n.Valid():
		return slices.ContainsFunc(regions, n.In)
	case !n.possible:
		return false
	}
	return slices.ContainsFunc(regions, func(region string) bool { return strings.HasPrefix(n.digits, CallingCode(region)) })
}

// Same reports whether two numbers reach one telephone.
func (n Number) Same(other Number) bool { return n.key == other.key && n.key != "" }

// The lengths of numbers, in digits.
const (
	minExtension = 2
	maxExtension = 6  // the longest extension that is told by its length
	minDigits    = 7  // the shortest numbers with their country's code
	maxLocal     = 10 // the longest numbers without their country's code that phone systems use
	maxCode      = 3  // the longest calling code
	maxDigits    = 15 // the longest number of E.164
	maxText      = 64 // what is read at all, in characters: 15 digits with what people write between
)

// Read reads a number as a phone system gives it. What is no number is the zero
// Number; digits of no country stay as they came.
//
// With a plus, 00 or 011 it is read with its country's code. Without, it is the
// first of these that is in use: digits with the code of a region of home; as
// somebody there writes it; digits with another country's code; as somebody at
// home might dial it.
func Read(text string, home Home) Number {
	n, _ := read(text, home)
	return n
}

// Parse reads a number that somebody wrote down, as Read does: one that can be
// in use, and no extension. The error is a sentence that says what is wrong.
func Parse(text string, home Home) (Number, error) {
	n, err := read(text, home)
	switch {
	case err != nil:
		return Number{}, err
	case len(n.digits) > maxDigits:
		return Number{}, &Error{text, tooLong}
	case !n.possible:
		return Number{}, &Error{text, "is not a telephone number: write it with a plus and the country's code, as in +12125550123"}
	}
	return n, nil
}

// ParseAny reads a number that somebody wrote down and that a phone system
// rings: one that can be in use, an extension, or other digits without a plus.
func ParseAny(text string, home Home) (Number, error) {
	n, err := read(text, home)
	switch {
	case err != nil:
		return Number{}, err
	case len(n.digits) < minExtension:
		return Number{}, &Error{text, fmt.Sprintf("has fewer than %d digits", minExtension)}
	case len(n.digits) > maxDigits:
		return Number{}, &Error{text, tooLong}
	case !n.internal && len(n.digits) < minDigits:
		return Number{}, &Error{text, fmt.Sprintf("has fewer than %d digits after the plus", minDigits)}
	case !n.internal && !n.possible:
		return Number{}, &Error{text, "is no telephone number of its country"}
	}
	return n, nil
}

// tooLong is the message for a number that no network dials.
const tooLong = "has more than 15 digits, as no number has"

// Error says what is wrong with a number that somebody wrote.
type Error struct {
	Text string // as it was written
	Why  string // completes a sentence that begins with Text
}

func (e *Error) Error() string { return fmt.Sprintf("%.40q %s", e.Text, e.Why) }

func read(text string, home Home) (Number, error) {
	digits, plus, err := digitsOf(text)
	switch {
	case err != nil:
		return Number{}, err
	case strings.Trim(digits, "0") == "":
		return Number{}, &Error{text, "is no number"} // 0000000000 is how some carriers write a hidden one
	case northAmericas(digits) && (plus || home.code1()) && !spellsHidden(digits):
		return Number{digits: digits, key: digits, possible: true}, nil
	case plus:
		n := withCode(digits)
		if keypadWords()[digits] || spellsHidden(digits) && !n.Valid() {
			return Number{}, &Error{text, "stands for a hidden number"}
		}
		return n, nil
	case len(digits) <= maxExtension:
		return Number{digits: digits, key: digits, kind: Short, internal: true}, nil
	}
	return home.read(text, digits)
}

// northAmericas reports whether digits are a number of North America with its
// code, in use or not: most of them, for which the library need not be asked.
func northAmericas(digits string) bool {
	return len(digits) == len("12125550123") && digits[0] == '1' && digits[1] >= '2'
}

// read reads digits without a plus.
func (h Home) read(text, digits string) (Number, error) {
	for _, region := range h.regions {
		if strings.HasPrefix(digits, CallingCode(region)) {
			if n := abroad(digits); n.Valid() {
				return n, nil
			}
		}
	}
	var unusual, possible Number
	for _, region := range h.regions {
		n, usual := dialled(digits, region)
		switch {
		case n.Valid() && usual:
			return n, nil
		case n.Valid() && unusual.digits == "":
			unusual = n
		case n.possible && possible.digits == "":
			possible = n
		}
	}
	if unusual.digits == "" && spellsHidden(digits) {
		return Number{}, &Error{text, "stands for a hidden number"}
	}
	n := withCode(digits)
	switch {
	case h.Nowhere() && !strings.HasPrefix(digits, "00"):
		return Number{digits: digits, key: keyOf(digits), kind: n.kind, internal: true}, nil
	case n.Valid():
		return n, nil
	case h.afterZero(digits).Valid():
		return h.afterZero(digits), nil
	case unusual.digits != "":
		return unusual, nil
	case possible.digits != "":
		return possible, nil
	case n.possible:
		return n, nil
	}
	return Number{digits: digits, key: digits, kind: Invalid, internal: true}, nil
}

// afterZero reads digits with the code of home after a single 0, where that is
// dialled before numbers of the country.
func (h Home) afterZero(digits string) Number {
	for _, region := range h.regions {
		if trunkPrefix(region) == "0" && strings.HasPrefix(digits, "0"+CallingCode(region)) {
			return abroad(digits[1:])
		}
	}
	return Number{}
}

// withCode reads digits that begin with a country's code, or with what is
// dialled before it.
func withCode(digits string) Number {
	n := abroad(digits)
	for _, prefix := range [...]string{"00", "011"} {
		if rest, ok := strings.CutPrefix(digits, prefix); ok && !n.Valid() {
			if cut := abroad(strings.TrimLeft(rest, "0")); cut.Valid() || cut.possible && !n.possible {
				return cut
			}
		}
	}
	return n
}

// nowhere is the library's region of numbers that say their country.
const nowhere = "ZZ"

// abroad reads digits that begin with a country's code. A 0 of calls within the
// country after it is cut, where that country's numbers do not begin with it.
func abroad(digits string) Number {
	n := Number{digits: digits, key: digits, kind: Invalid}
	switch {
	case len(digits) < minDigits:
		n.kind = Short
		return n
	case digits[0] == '0' || len(digits) > 2*maxDigits:
		return n
	}
	parsed, err := phonenumbers.Parse("+"+digits, nowhere)
	if err != nil {
		return n
	}
	if made := numberOf(parsed); made.Valid() || made.possible {
		n = made
	}
	if n.Valid() {
		return n
	}
	// People write "+1 (0) 212 …", where no 0 is dialled, and in Argentina the 9
	// and the 15, of which the library knows one at a time.
	code := strconv.Itoa(int(parsed.GetCountryCode()))
	for _, extra := range [...]struct{ cut, put string }{
		{code + "0", code}, {argentina + argentinaMobile + "0", argentina + argentinaMobile}, {argentina + argentinaMobile, argentina},
	} {
		if rest, ok := strings.CutPrefix(digits, extra.cut); ok {
			if parsed, err := phonenumbers.Parse("+"+extra.put+rest, nowhere); err == nil && phonenumbers.IsValidNumber(parsed) {
				return numberOf(parsed)
			}
		}
	}
	return n
}

// dialled reads digits as somebody in a region dials them, and reports whether
// that is how people there write the number: without the 0 before it German
// digits may as well be a number abroad, Brazilian ones are written so.
func dialled(digits, region string) (n Number, usual bool) {
	if rest := withoutMexicosTrunk(digits); region == "MX" && len(rest) == mexicoLength {
		digits = rest
	}
	if rest, ok := strings.CutPrefix(digits, "80"); ok && region == "UA" && len(rest) == len("501234567") {
		digits = "0" + rest // with the 8 that was dialled there until 2009
	}
	parsed, err := phonenumbers.Parse(digits, region)
	if err != nil {
		return Number{}, false
	}
	n = numberOf(parsed)
	if trunk := trunkPrefix(region); !n.valid && trunk != "" && trunk != "1" && digits[0] != '0' {
		return Number{}, false // too little speaks for it
	}
	if strconv.Itoa(int(parsed.GetCountryCode())) != CallingCode(region) || digits[0] == '0' {
		return n, true
	}
	written, _, err := digitsOf(phonenumbers.Format(parsed, phonenumbers.NATIONAL))
	return n, err == nil && written == digits
}

// numberOf returns what the library has read.
func numberOf(parsed *phonenumbers.PhoneNumber) Number {
	code, national := strconv.Itoa(int(parsed.GetCountryCode())), phonenumbers.GetNationalSignificantNumber(parsed)
	n := Number{digits: code + national}
	if rest := withoutMexicosTrunk(national); code == mexico && len(rest) == mexicoLength {
		n.digits = code + rest
	}
	n.key = keyOf(n.digits)
	if len(n.digits) > maxDigits {
		return Number{digits: n.digits, key: n.key, kind: Invalid}
	}
	if code == mexico && n.key != code+national { // the library knows the ten digits alone
		if again, err := phonenumbers.Parse("+"+n.key, nowhere); err == nil {
			parsed = again
		}
	}
	n.kind, n.valid = kindOf(parsed)
	n.possible = n.valid || phonenumbers.IsPossibleNumberWithReason(parsed) == phonenumbers.IS_POSSIBLE
	return n
}

// Mexico's mobiles had a 1 before their ten digits until 2019, when called from
// abroad, and Argentina's have a 9 where a text or a call comes from abroad.
const (
	mexico          = "52"
	mexicoMobile    = "1"
	mexicoLength    = 10
	argentina       = "54"
	argentinaMobile = "9"
	argentinaLength = 10
)

// withoutMexicosTrunk cuts what was dialled within Mexico until 2019.
func withoutMexicosTrunk(digits string) string {
	for _, prefix := range [...]string{"01", "044", "045"} {
		if rest, ok := strings.CutPrefix(digits, prefix); ok {
			return rest
		}
	}
	return digits
}

// keyOf returns the key of digits with their country's code.
func keyOf(digits string) string {
	if rest, ok := strings.CutPrefix(digits, mexico+mexicoMobile); ok && len(rest) == mexicoLength {
		return mexico + rest
	}
	if rest, ok := strings.CutPrefix(digits, argentina+argentinaMobile); ok && len(rest) == argentinaLength {
		return argentina + rest
	}
	return digits
}

// Key returns the key of digits that a Number gave: see Number.Key.
func Key(digits string) string { return keyOf(digits) }

// anyCarrier is how Brazilians write a trunk zero after which one dials the
// carrier of one's choice.
var anyCarrier = regexp.MustCompile(`\b0 ?(?:xx|XX)`)

// floating is a number as a spreadsheet or a lax encoder of JSON writes it:
// 12125550123.0, 1.2125550123E10.
var floating = regexp.MustCompile(`^\+?[0-9]+(?:\.0+|(?:\.[0-9]+)?[eE]\+?0?[0-9]{1,2})$`)

// whole returns the whole number that a floating one stands for; of one that is
// none, and of anything else, the text as it is.
func whole(text string) string {
	if !floating.MatchString(text) {
		return text
	}
	number, ok := new(big.Rat).SetString(text)
	if !ok || !number.IsInt() {
		return text
	}
	return text[:len(text)-len(strings.TrimPrefix(text, "+"))] + number.Num().String()
}

// digitsOf returns the digits of a number as people write it, whatever groups
// them, and whether it has a plus. The error says what else there is in it.
func digitsOf(text string) (digits string, plus bool, err error) {
	if text != "" && strings.Trim(text, "0123456789") == "" && len(text) <= maxText {
		return text, false, nil
	}
	clean := strings.TrimSpace(strings.Map(visible, text))
	if len(clean) > len("tel:") && strings.EqualFold(clean[:len("tel:")], "tel:") { // RFC 3966
		var extension bool
		if clean, plus, extension = telURI(clean[len("tel:"):]); extension {
			return "", false, &Error{text, "has an extension, which cannot be dialled with it"}
		}
	}
	clean = anyCarrier.ReplaceAllString(whole(clean), "0")
	switch {
	case clean == "":
		return "", false, &Error{text, "is empty"}
	case len(clean) > maxText:
		return "", false, &Error{text, "is longer than a telephone number"}
	}
	var b strings.Builder
	for _, r := range clean {
		switch d := digit(r); {
		case d >= 0:
			b.WriteByte(byte('0' + d))
		case (r == '+' || r == '\uff0b') && b.Len() == 0 && !plus:
			plus = true
		case groups(r):
		default:
			return "", false, &Error{text, fmt.Sprintf("is not a telephone number: %q is no digit", r)}
		}
	}
	if b.Len() == 0 {
		return "", false, &Error{text, "has no digits"}
	}
	return b.String(), plus, nil
}
