package phone

import (
	"slices"
	"strings"
)

// Pattern stands for numbers: one, or all that begin alike. The zero Pattern
// stands for none.
type Pattern struct {
	number Number
	starts []string // of the digits with their country's code
}

// ParsePattern reads a number as Parse does, or the first digits of some and an
// asterisk: +31900*, and 212555* where home is North America. Without a plus the
// first digits are as they are dialled at home, or begin with a country's code.
func ParsePattern(text string, home Home) (Pattern, error) {
	first, open := strings.CutSuffix(strings.TrimSpace(strings.Map(visible, text)), "*")
	if !open {
		n, err := read(text, home)
		return Pattern{number: n}, err
	}
	digits, plus, err := digitsOf(strings.ReplaceAll(first, "(0)", ""))
	switch {
	case err != nil:
		return Pattern{}, err
	case len(digits) > 2*maxDigits:
		return Pattern{}, &Error{text, tooLong}
	}
	rest, dialled := strings.CutPrefix(digits, "00")
	if plus || dialled {
		p := startingWith(withoutTrunk(rest))
		return p, p.check(text)
	}
	start := digits
	for _, region := range home.regions {
		if start = readStart(digits, region); inUse(start) {
			break
		}
	}
	p := startingWith(start)
	return p, p.check(text)
}

func (p Pattern) check(text string) error {
	if len(p.starts) == 0 {
		return &Error{text, "stands for all numbers"}
	}
	return nil
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
	if code == "1" || trunk == "" { // numbers there are written without anything before them
		slices.Reverse(ways)
	}
	if !inUse(ways[0]) && inUse(ways[1]) {
		return ways[1]
	}
	return ways[0]
}

// inUse reports whether some number begins with digits, a country's code first,
// as far as a few that do can tell.
func inUse(start string) bool {
	for length := len(start); length <= maxDigits; length++ {
		for _, fill := range [...]string{"1234567", "2345678", "5550123", "0000000", "8888888", "3141592"} {
			if n := abroad(start + strings.Repeat(fill, 2)[:length-len(start)]); n.Valid() && strings.HasPrefix(n.digits, start) {
				return true
			}
		}
	}
	return false
}

// startingWith returns the Pattern of numbers that begin alike. The 1 of Mexican
// and the 9 of Argentine mobiles make no difference here either.
func startingWith(start string) Pattern {
	if start == "" {
		return Pattern{}
	}
	p := Pattern{starts: []string{start}}
	for _, mobile := range [...]struct{ with, without string }{{mexico + mexicoMobile, mexico}, {argentina + argentinaMobile, argentina}} {
		if rest, ok := strings.CutPrefix(start, mobile.with); ok && rest != "" {
			p.starts = append(p.starts, mobile.without+rest)
		}
	}
	return p
}

// withoutTrunk cuts a 0 of calls within the country that follows its code.
func withoutTrunk(digits string) string {
	for length := 1; length <= 3 && length < len(digits); length++ {
		home := HomeOfCode(digits[:length])
		if home.Nowhere() {
			continue
		}
		if trunkPrefix(home.regions[0]) == "0" && digits[length] == '0' {
			return digits[:length] + digits[length+1:]
		}
		break
	}
	return digits
}

// Matches reports whether the Pattern stands for a number.
func (p Pattern) Matches(n Number) bool {
	if n.digits == "" {
		return false
	}
	return p.number.Same(n) || slices.ContainsFunc(p.starts, func(start string) bool {
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
