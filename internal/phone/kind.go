package phone

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Kind is what a number is by its digits alone. Where it was ported to, and
// whether anybody has it, they do not tell.
type Kind string

// The kinds.
const (
	Invalid       Kind = "invalid"         // no number of any country
	Mobile        Kind = "mobile"          //
	FixedLine     Kind = "fixed"           // a land line for certain
	FixedOrMobile Kind = "fixed_or_mobile" // nobody can tell: all of North America
	TollFree      Kind = "toll_free"
	Premium       Kind = "premium"     // whoever calls pays more; 900 in North America
	SharedCost    Kind = "shared_cost" // whoever calls pays a part
	VoIP          Kind = "voip"
	Personal      Kind = "personal" // follows a person
	Pager         Kind = "pager"
	Company       Kind = "company" // leads to one of a company's offices
	Voicemail     Kind = "voicemail"
	Short         Kind = "short"   // fewer digits than a number of any country: short codes, 911
	Special       Kind = "special" // North America's 500 and its like, 976 and N11: services, some at a price
)

// DefaultRegion is where numbers are from that do not say.
const DefaultRegion = "US"

// The lengths of numbers with their country code: the shortest there are, and
// the most that E.164 allows.
const (
	minDigits = 7
	maxDigits = 15
)

// Classify returns what a number is, digits as a phone system gives them. With a
// plus it is read with its country code. Without one it is the first of these
// that there is: digits with the country code of one of the regions; as somebody
// in one of them dials it; digits with another country code. No regions are
// DefaultRegion.
func Classify(digits string, regions []string) Kind {
	w := plans()
	if len(regions) == 0 {
		regions = []string{DefaultRegion}
	}
	if n, ok := w.abroad(digitsOf(digits)); ok && slices.ContainsFunc(regions, func(region string) bool {
		p := w.byRegion[region]
		return p != nil && p.code == n.code
	}) {
		if kind := w.kind(n); kind != Invalid {
			return kind
		}
	}
	_, kind := w.read(digits, regions)
	return kind
}

// Valid reports whether a number, as somebody in a region writes it, is one of
// that region: North America's are of the country that has their area code.
func Valid(number, region string) bool {
	w := plans()
	from, digits := w.byRegion[region], digitsOf(number)
	if from == nil || digits == "" {
		return false
	}
	n, ok := w.dialled(digits, from)
	if hasPlus(number) {
		n, ok = w.abroad(digits)
	}
	return ok && n.code == from.code && from.kind(n.national) != Invalid
}

// E164digits returns a number as somebody in a region writes it with its country
// code and without a plus: 12125550123. Whether it can be in use is not looked
// at, only whether it has as many digits as one of its country. The error is a
// sentence for whoever wrote it.
func E164digits(number, region string) (string, error) {
	w := plans()
	n, kind := w.read(number, []string{region})
	if n.code != 0 && (kind != Invalid || w.byCode[n.code][0].length(n.national) == possible) {
		if digits := strconv.Itoa(n.code) + n.national; len(digits) <= maxDigits {
			return digits, nil
		}
	}
	return "", fmt.Errorf("%.40q is not a telephone number: write it with a plus and the country's code, as in +12125550123", number)
}

// KnownRegion reports whether there is a numbering plan of a region, such as US.
func KnownRegion(region string) bool { return plans().byRegion[region] != nil }

// SameNumber reports whether two numbers are the same, however they are
// written. That North America's code stands before one of them only makes no
// difference.
func SameNumber(a, b string) bool {
	x, y := digitsOf(a), digitsOf(b)
	if x == y {
		return x != ""
	}
	const withoutCode = 10 // digits of North America's numbers
	return len(x) == withoutCode && y == "1"+x && !hasPlus(a) ||
		len(y) == withoutCode && x == "1"+y && !hasPlus(b)
}

// read reads a number, and returns what it is. The number of code 0 is none.
func (w *world) read(text string, regions []string) (number, Kind) {
	digits := digitsOf(text)
	switch {
	case digits == "" || len(digits) > maxRead:
		return number{}, Invalid
	case len(digits) < minDigits:
		return number{}, Short
	}
	var first number
	plus := hasPlus(text)
	for _, region := range regions {
		from := w.byRegion[region]
		if from == nil || plus {
			continue
		}
		n, ok := w.dialled(digits, from)
		if !ok {
			continue
		}
		if kind := w.kind(n); kind != Invalid {
			return n, kind
		}
		if first.code == 0 {
			first = n
		}
	}
	if n, ok := w.abroad(digits); ok && len(digits) <= maxDigits {
		if kind := w.kind(n); kind != Invalid || first.code == 0 {
			return n, kind
		}
	}
	return first, Invalid
}

// maxRead is the most digits that are looked at: a number and what may be
// dialled before it.
const maxRead = 2 * maxDigits

// kind returns what a number is.
func (w *world) kind(n number) Kind {
	p := w.home(n)
	if p == nil {
		return northAmerican(n, Invalid)
	}
	return northAmerican(n, p.kind(n.national))
}

// northAmerican knows the services of North America whose numbers look like
// anybody's: 976 as the exchange (charged for), and those of no place, of which
// 500 was the first. An area code such as 411 is none.
func northAmerican(n number, kind Kind) Kind {
	const code, length = 1, 10
	switch {
	case n.code != code || len(n.national) != length:
		return kind
	case kind == Personal, n.national[3:6] == "976", n.national[1:3] == "11":
		return Special
	}
	return kind
}

// digitsOf returns the digits of a number as people write it; empty where there
// is something else in it.
func digitsOf(number string) string {
	if !strings.ContainsFunc(number, func(r rune) bool { return r < '0' || r > '9' }) {
		return number
	}
	number = strings.TrimPrefix(strings.TrimSpace(number), "+")
	var b strings.Builder
	for _, r := range number {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case !strings.ContainsRune(" -./()\u00a0\u2010\u2011\u2012\u2013\t", r):
			return ""
		}
	}
	return b.String()
}

func hasPlus(number string) bool { return strings.HasPrefix(strings.TrimSpace(number), "+") }
