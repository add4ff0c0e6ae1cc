package oncall

import (
	"slices"
	"strings"
	"sync"

	"github.com/switchhook/switchhook/internal/answer/source"
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

// keyOfNumber returns the key of a number that a phone system gives with its
// country's code; empty: it is none.
func keyOfNumber(number string) string { return phone.ReadCaller(number, phone.Home{}).Key() }

// callers is a list of callers, ready to match.
type callers struct {
	patterns  []phone.Pattern
	anonymous bool
}

// newCallers reads a list, and returns its invalid entries.
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

// numberReader reads numbers as a route's rules mean them, those of settings and
// sources once: it takes longer than the rest of a decision.
type numberReader struct {
	home         phone.Home
	block, allow callers

	mu     sync.Mutex
	parsed map[string]phone.Number // by how they were written; the zero Number cannot be dialled
}

// maxParsed bounds how many numbers a reader remembers.
const maxParsed = 10_000

// newNumberReader returns the reader of rules, and the invalid entries of their
// lists.
func newNumberReader(r *Rules) (read *numberReader, bad []string) {
	read = &numberReader{home: r.home(), parsed: map[string]phone.Number{}}
	var badToo []string
	read.block, bad = newCallers(r.Block, read.home)
	read.allow, badToo = newCallers(r.Allow, read.home)
	return read, slices.Concat(bad, badToo)
}

// numberReader returns the rules' reader, which prepareRoute has made.
func (r *Rules) numberReader() *numberReader {
	if r.reader != nil {
		return r.reader
	}
	read, _ := newNumberReader(r)
	return read
}

// dialable returns a number that settings or a source give. What cannot be
// dialled is not ok.
func (r *numberReader) dialable(text string) (n phone.Number, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, ok = r.parsed[text]
	if !ok {
		if len(r.parsed) >= maxParsed {
			clear(r.parsed)
		}
		n, _ = phone.ParseAny(text, r.home) // zero where it is wrong
		r.parsed[text] = n
	}
	return n, n != (phone.Number{})
}

// numbersOf returns the numbers of a person that can be rung, and what is odd
// about the others. The operator's map counts before the source.
func numbersOf(p *source.Person, rules *Rules, read *numberReader) (numbers []phone.Number, mapped bool, bad []string) {
	given := p.Numbers
	if own, ok := lookUpNumbers(rules.Numbers, p); ok {
		given, mapped = own, true
	}
	for _, number := range given {
		n, ok := read.dialable(number)
		if !ok {
			bad = append(bad, number)
			continue
		}
		numbers = append(numbers, n)
	}
	return numbers, mapped, bad
}

// lookUpNumbers finds a person in the operator's map.
func lookUpNumbers(numbers map[string][]string, p *source.Person) ([]string, bool) {
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

// personKey returns what tells a person apart from all others.
func personKey(name string, p *source.Person) string {
	switch {
	case p.ID != "":
		return name + "/" + p.ID
	case p.Email != "":
		return name + "/" + p.Email
	}
	return name + "/" + p.Name
}

// nameOf returns what to call a person by.
func nameOf(p *source.Person) string {
	switch {
	case p.Name != "":
		return p.Name
	case p.Email != "":
		return p.Email
	}
	return p.ID
}
