package phone

import (
	"slices"
	"strconv"
	"strings"
)

// number is a telephone number by its parts.
type number struct {
	code     int    // of the country
	national string // digits, without the prefix of calls within the country
}

// abroad reads digits that begin with a country code.
func (w *world) abroad(digits string) (number, bool) {
	code := 0
	for i := 0; i < len(digits) && i < 3; i++ {
		if code = code*10 + int(digits[i]-'0'); code == 0 {
			return number{}, false
		}
		if plans, ok := w.byCode[code]; ok {
			return number{code, plans[0].withoutPrefix(digits[i+1:])}, true
		}
	}
	return number{}, false
}

// dialled reads digits as somebody in a region would dial them: within the
// country, abroad, or with the country code and nothing before it.
func (w *world) dialled(digits string, from *plan) (number, bool) {
	if rest, _, ok := from.international.cut(digits); ok && rest != "" && rest[0] != '0' {
		return w.abroad(rest)
	}
	if rest, ok := strings.CutPrefix(digits, strconv.Itoa(from.code)); ok {
		cut := from.stripped(rest)
		if !from.general.matches(digits) && from.general.matches(cut) || from.length(digits) == tooLong {
			return number{from.code, w.byCode[from.code][0].withoutPrefix(cut)}, true
		}
	}
	return number{from.code, from.withoutPrefix(digits)}, true
}

// withoutPrefix cuts what is dialled before a number within the country, where
// a number is left then.
func (p *plan) withoutPrefix(digits string) string {
	switch cut := p.stripped(digits); p.length(cut) {
	case possible, tooLong:
		return cut
	default:
		return digits
	}
}

// stripped cuts what is dialled before a number within the country, unless it
// belongs to the number.
func (p *plan) stripped(digits string) string {
	rest, groups, ok := p.national.cut(digits)
	if !ok {
		return digits
	}
	if p.rewritten != "" && groups[len(groups)-2] >= 0 {
		rest = string(p.national.compiled().ExpandString(nil, p.rewritten, digits, groups)) + rest
	}
	if p.general.matches(digits) && !p.general.matches(rest) {
		return digits
	}
	return rest
}

// fit says how the length of a number fits those that there are.
type fit int

const (
	possible fit = iota
	tooShort
	tooLong
	wrong // between the shortest and the longest, or without an area code
)

func (p *plan) length(national string) fit {
	n, lengths := len(national), p.general.lengths
	switch {
	case slices.Contains(p.local, n):
		return wrong
	case slices.Contains(lengths, n):
		return possible
	case n < lengths[0]:
		return tooShort
	case n > lengths[len(lengths)-1]:
		return tooLong
	}
	return wrong
}

// home returns the plan that a number is of; nil: none.
func (w *world) home(n number) *plan {
	plans := w.byCode[n.code]
	if len(plans) == 1 {
		return plans[0]
	}
	for _, p := range plans {
		if p.leading.text != "" {
			if _, _, ok := p.leading.cut(n.national); ok {
				return p
			}
		} else if p.kind(n.national) != Invalid {
			return p
		}
	}
	return nil
}

// kind returns what a number is by the plan alone.
func (p *plan) kind(national string) Kind {
	if !p.general.contains(national) {
		return Invalid
	}
	for i := range p.kinds {
		if p.kinds[i].contains(national) {
			return p.kinds[i].kind
		}
	}
	switch fixed := p.fixed.contains(national); {
	case fixed && (p.same || p.mobile.contains(national)):
		return FixedOrMobile
	case fixed:
		return FixedLine
	case !p.same && p.mobile.contains(national):
		return Mobile
	}
	return Invalid
}
