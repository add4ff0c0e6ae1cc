package phone

import (
	"cmp"
	"slices"
	"strings"
)

// Pattern stands for numbers: one, or all that begin alike. The zero Pattern
// stands for none.
type Pattern struct {
	number Number
	starts []string // of the digits with their country's code
	inside string   // what extensions begin with; empty: none is meant
}

// ParsePattern reads a number as Parse does, or the first digits of some and an
// asterisk: +31900*, and 212555* where home is North America. Without a plus the
// first digits are as they are dialled at home, or begin with a country's code.
func ParsePattern(text string, home Home) (Pattern, error) {
	clean := strings.TrimSpace(strings.Map(visible, text))
	first, open := strings.CutSuffix(strings.ReplaceAll(clean, "\uff0a", "*"), "*")
	if !open {
		n, err := read(text, home)
		return Pattern{number: n}, err
	}
	digits, plus, err := digitsOf(first)
	switch {
	case err != nil:
		return Pattern{}, err
	case len(digits) > 2*maxDigits:
		return Pattern{}, &Error{text, tooLong}
	}
	if bare, found := cutZero(first); found && !inUse(strings.TrimPrefix(digits, "00")) {
		digits = bare
	}
	start := digits
	rest, dialled := strings.CutPrefix(digits, "00")
	switch {
	case plus || dialled:
		start = withoutTrunk(rest)
	default:
		for _, region := range home.regions {
			if start = readStart(digits, region); inUse(start) {
				break
			}
		}
	}
	if start == "" {
		return Pattern{}, &Error{text, "stands for all numbers"}
	}
	if !inUse(start) {
		start = cmp.Or(startOfNumbers(digits, plus, home), start)
	}
	p := startingWith(start)
	if !plus && !dialled {
		p.inside = digits
	}
	return p, nil
}

// cutZero returns the digits without a zero in parentheses, which is dialled
// within the country alone where the country's numbers do not begin with it.
func cutZero(text string) (digits string, found bool) {
	before, after, found := strings.Cut(text, "(0)")
	digits, _, err := digitsOf(before + after)
	return digits, found && err == nil
}

// fills are digits that make numbers of their beginnings.
var fills = [...]string{"1234567", "2345678", "5550123", "0000000", "8888888", "3141592"}

// startOfNumbers returns how those numbers begin that are read from digits and
// whatever follows them: with a 15 of Argentina, an exit code of the country, a
// prefix of its own. Empty: none is in use.
func startOfNumbers(digits string, plus bool, home Home) string {
	if plus {
		digits = "+" + digits
	}
	for length := 1; length < maxDigits; length++ {
		for _, fill := range fills {
			fill = strings.Repeat(fill, 3)[:length]
			n := Read(digits+fill, home)
			if start, ok := strings.CutSuffix(n.digits, fill); ok && start != "" && n.Valid() {
				return start
			}
		}
	}
	return ""
}

// readStart returns how numbers begin, with their country's code, that begin with
// digits as somebody in a region writes them.
func readStart(digits, region string) string {
	code, trunk := CallingCode(region), trunkPrefix(region)
	abroad := withoutTrunk(digits)
	rest, isDialled := strings.CutPrefix(digits, trunk)
	switch {
	case strings.HasPrefix(digits, "011") && code == "1":
		return withoutTrunk(digits[len("011"):])
	case strings.HasPrefix(digits, code) && inUse(abroad):
		return abroad
	case trunk != "" && isDialled:
		return code + rest
	}
	ways := []string{abroad, code + digits}
	if code == "1" || trunk == "" || writtenSo(digits, region) { // numbers there are written without anything before them
		slices.Reverse(ways)
	}
	if !inUse(ways[0]) && inUse(ways[1]) {
		return ways[1]
	}
	return ways[0]
}

// writtenSo reports whether people in a region write numbers that begin so, with
// nothing before them.
func writtenSo(digits, region string) bool {
	for length := 1; length < maxDigits; length++ {
		for _, fill := range fills {
			if n, usual := dialled(digits+strings.Repeat(fill, 3)[:length], region); usual && n.Valid() && digits[0] != '0' {
				return true
			}
		}
	}
	return false
}

// inUse reports whether some number begins with digits, a country's code first,
// as far as a few that do can tell.
func inUse(start string) bool {
	if !HomeOfCode(start).Nowhere() {
		return true
	}
	for length := len(start); length <= maxDigits; length++ {
		for _, fill := range fills {
			if n := abroad(start + strings.Repeat(fill, 3)[:length-len(start)]); n.Valid() && strings.HasPrefix(n.digits, start) {
				return true
			}
		}
	}
	return false
}

// startingWith returns the Pattern of numbers that begin alike. The 1 of Mexican
// and the 9 and 15 of Argentine mobiles make no difference here either.
func startingWith(start string) Pattern {
	p := Pattern{starts: []string{start}}
	if rest, ok := strings.CutPrefix(start, argentina); ok && strings.Contains(rest, "15") {
		const national = argentinaLength + len("15")
		fill := strings.Repeat("2345678", 2)[:max(national-len(strings.TrimPrefix(rest, argentinaMobile)), 0)]
		if mobile, ok := strings.CutSuffix(abroad(start+fill).digits, fill); ok && len(mobile) < len(start) {
			start = mobile
			p.starts = append(p.starts, start)
		}
	}
	for _, mobile := range [...]struct{ with, without string }{{mexico + mexicoMobile, mexico}, {argentina + argentinaMobile, argentina}} {
		if rest, ok := strings.CutPrefix(start, mobile.with); ok && rest != "" {
			p.starts = append(p.starts, mobile.without+rest)
		}
	}
	return p
}

// withoutTrunk cuts what is dialled within the country alone and follows its
// code: a 0, Russia's 8, Hungary's 06, the prefixes that Mexico had.
func withoutTrunk(digits string) string {
	for length := 1; length <= 3 && length < len(digits); length++ {
		home := HomeOfCode(digits[:length])
		if home.Nowhere() {
			continue
		}
		code, rest := digits[:length], digits[length:]
		if code == mexico {
			return code + withoutMexicosTrunk(rest)
		}
		trunk := trunkPrefix(home.regions[0])
		bare, found := strings.CutPrefix(rest, trunk)
		if found && trunk != "" && trunk != code && (trunk == "0" || !inUse(digits) && inUse(code+bare)) {
			return code + bare
		}
		break
	}
	return digits
}

// Matches reports whether the Pattern stands for a number.
func (p Pattern) Matches(n Number) bool {
	switch {
	case n.digits == "":
		return false
	case p.number.Same(n):
		return true
	case n.internal && len(n.digits) <= maxExtension:
		return p.inside != "" && strings.HasPrefix(n.digits, p.inside)
	}
	return slices.ContainsFunc(p.starts, func(start string) bool {
		return strings.HasPrefix(n.digits, start) || strings.HasPrefix(n.key, start)
	})
}

// Digits returns the digits that the Pattern names, with the country's code.
func (p Pattern) Digits() string {
	if len(p.starts) > 0 {
		return p.starts[0]
	}
	return p.number.digits
}
