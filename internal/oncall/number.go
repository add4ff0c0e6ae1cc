package oncall

import (
	"strings"

	"github.com/switchhook/switchhook/internal/oncall/source"
)

// The lengths of what a phone system can be told to ring. E.164 has at most
// fifteen digits; the shortest extensions have two.
const (
	minDestination = 2
	minE164        = 7
	maxE164        = 15
)

// minInternational is the fewest digits of a number whose first digits may be
// taken for a calling code that has no plus: extensions are shorter.
const minInternational = 9

// anonymous stands in the lists for callers without a number.
const anonymous = "anonymous"

// Dialable returns a number as it is given to a phone system: E.164 with a
// plus, or the digits of an extension. callingCode is that of the country, for
// numbers written as they are dialled there; it may be empty. What cannot be
// dialled is not ok.
func Dialable(number, callingCode string) (dialled string, ok bool) {
	digits, plus, ok := digitsOf(number)
	if !ok {
		return "", false
	}
	if !plus {
		if national, ok := strings.CutPrefix(digits, "0"); ok && callingCode != "" && len(national) >= minE164-1 {
			digits, plus = callingCode+national, true
		}
	}
	if plus {
		return "+" + digits, len(digits) >= minE164 && len(digits) <= maxE164 && digits[0] != '0'
	}
	return digits, len(digits) >= minDestination && len(digits) <= maxE164
}

// digitsOf returns the digits of a number, however it is grouped, and whether
// it has a plus or the zeros that stand for one. What has anything else in it
// is not ok.
func digitsOf(number string) (digits string, plus, ok bool) {
	number = strings.TrimSpace(number)
	number, plus = strings.CutPrefix(number, "+")
	clean := true
	for i := range len(number) {
		clean = clean && '0' <= number[i] && number[i] <= '9'
	}
	if !clean {
		number = strings.Map(func(r rune) rune {
			if strings.ContainsRune(" -./()\u00a0", r) {
				return -1
			}
			return r
		}, number)
	}
	if number == "" || strings.Trim(number, "0123456789") != "" || strings.Trim(number, "0") == "" {
		return "", false, false
	}
	if rest, ok := strings.CutPrefix(number, "00"); ok && !plus && len(rest) >= minE164 {
		return rest, true, true
	}
	return number, plus, true
}

// Same reports whether a caller or a called number is one that an operator
// wrote down. Phone systems give numbers with a plus, without, or as they are
// dialled in the country; a space is a plus that stood in a URL as it was.
func Same(a, b, callingCode string) bool {
	a, b = plain(a, callingCode), plain(b, callingCode)
	return a != "" && a == b
}

// plain returns the digits of a number from the calling code on, so far as that
// can be told; empty: it is no number.
func plain(number, callingCode string) string {
	digits, plus, ok := digitsOf(number)
	switch {
	case !ok:
		return ""
	case plus || callingCode == "":
		return digits
	case digits[0] == '0':
		return callingCode + digits[1:]
	case callingCode == "1" && len(digits) == 10: // the North American plan has no zero before
		return "1" + digits
	}
	return digits
}

// listed reports whether a list of callers has this one.
func listed(list []string, caller, callingCode string) bool {
	digits := plain(caller, callingCode)
	for _, entry := range list {
		entry = strings.TrimSpace(entry)
		first, open := strings.CutSuffix(entry, "*")
		switch {
		case strings.EqualFold(entry, anonymous):
			if digits == "" {
				return true
			}
		case digits == "":
		case open:
			if start := plain(first, callingCode); start != "" && strings.HasPrefix(digits, start) {
				return true
			}
		case plain(entry, callingCode) == digits:
			return true
		}
	}
	return false
}

// numbersOf returns the numbers of a person that can be rung, and what is odd
// about the others. The operator's map counts before the source.
func numbersOf(p *source.Person, rules *Rules) (numbers []string, mapped bool, bad []string) {
	given := p.Numbers
	if own, ok := lookUp(rules.Numbers, p); ok {
		given, mapped = own, true
	}
	for _, number := range given {
		dialled, ok := Dialable(number, rules.CallingCode)
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
