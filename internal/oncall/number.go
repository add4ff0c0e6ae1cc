package oncall

import (
	"slices"
	"strings"

	"github.com/switchhook/switchhook/internal/oncall/source"
	"github.com/switchhook/switchhook/internal/phone"
)

// minInternational is the fewest digits of a number whose first digits may be
// taken for a calling code that has no plus: extensions are shorter.
const minInternational = 9

// anonymous stands in the lists for callers without a number.
const anonymous = "anonymous"

// Dialable returns a number as it is given to a phone system: E.164 with a
// plus, or the digits of an extension. home is where numbers belong that are
// written as they are dialled there. What cannot be dialled is not ok.
func Dialable(number string, home phone.Home) (dialled string, ok bool) {
	n, err := phone.ParseAny(number, home)
	return n.E164(), err == nil
}

// home is where numbers belong that do not say their country.
func (r *Rules) home() phone.Home { return phone.HomeOfCode(r.CallingCode) }

// Same reports whether a caller or a called number is one that an operator
// wrote down. Phone systems give numbers with a plus, without, or as they are
// dialled in the country; a space is a plus that stood in a URL as it was.
func Same(a, b string, home phone.Home) bool {
	return phone.Read(a, home).Same(phone.Read(b, home))
}

// keyIn returns what is the same of one number however it is written; empty: it
// is none.
func keyIn(number string, home phone.Home) string { return phone.Read(number, home).Key() }

// callers is a list of callers, ready to be looked at.
type callers struct {
	patterns  []phone.Pattern
	anonymous bool
}

// newCallers reads a list, and returns what in it lists nobody.
func newCallers(list []string, home phone.Home) (c callers, bad []string) {
	for _, entry := range list {
		if strings.EqualFold(strings.TrimSpace(entry), anonymous) {
			c.anonymous = true
			continue
		}
		p, err := phone.ParsePattern(entry, home)
		if err != nil {
			bad = append(bad, entry)
			continue
		}
		c.patterns = append(c.patterns, p)
	}
	return c, bad
}

// has reports whether a caller is on the list.
func (c *callers) has(caller phone.Number) bool {
	if caller.Hidden() {
		return c.anonymous
	}
	return slices.ContainsFunc(c.patterns, func(p phone.Pattern) bool { return p.Matches(caller) })
}

// lists are a route's lists of callers.
type lists struct{ block, allow callers }

// listed returns the lists, which newLine has made ready.
func (r *Rules) listed() *lists {
	if r.ready != nil {
		return r.ready
	}
	var l lists
	l.block, _ = newCallers(r.Block, r.home())
	l.allow, _ = newCallers(r.Allow, r.home())
	return &l
}

// numbersOf returns the numbers of a person that can be rung, and what is odd
// about the others. The operator's map counts before the source.
func numbersOf(p *source.Person, rules *Rules) (numbers []string, mapped bool, bad []string) {
	given := p.Numbers
	if own, ok := lookUp(rules.Numbers, p); ok {
		given, mapped = own, true
	}
	home := rules.home()
	for _, number := range given {
		dialled, ok := Dialable(number, home)
		if !ok {
			bad = append(bad, number)
			continue
		}
		numbers = append(numbers, dialled)
	}
	return numbers, mapped, bad
}

// lookUp finds a person in the operator's map.
func lookUp(numbers map[string][]string, p *source.Person) ([]string, bool) {
	if len(numbers) == 0 {
		return nil, false
	}
	for _, key := range [...]string{p.ID, p.Email, p.Name} {
		if key == "" {
			continue
		}
		if found, ok := numbers[key]; ok {
			return found, true
		}
		for written, found := range numbers { // New refuses two that differ in case alone
			if strings.EqualFold(strings.TrimSpace(written), strings.TrimSpace(key)) {
				return found, true
			}
		}
	}
	return nil, false
}

// keyOf returns what tells a person apart from all others.
func keyOf(name string, p *source.Person) string {
	switch {
	case p.ID != "":
		return name + "/" + p.ID
	case p.Email != "":
		return name + "/" + p.Email
	}
	return name + "/" + p.Name
}

// called returns what to call a person by.
func called(p *source.Person) string {
	switch {
	case p.Name != "":
		return p.Name
	case p.Email != "":
		return p.Email
	}
	return p.ID
}
