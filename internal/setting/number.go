package setting

import (
	"errors"
	"fmt"
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
)

// Number is what a phone system can be told to call, as it was written: a
// telephone number, or an extension.
type Number string

// CallingCode is the calling code of a country, without a plus: "31".
type CallingCode string

// CallerPattern stands for callers: a number, the first digits of some and an
// asterisk, or the word anonymous.
type CallerPattern string

// NumberPrefix is a telephone number, or the first digits of some, with country
// code.
type NumberPrefix string

const (
	// anonymous stands for callers who hide their number.
	anonymous = "anonymous"

	maxNumber      = 15 // digits of the longest number (ITU-T E.164)
	maxCallingCode = 3  // digits of the longest calling code (the same)

	// minPrefix is the fewest digits of a prefix: fewer would cover a country,
	// or a good part of one.
	minPrefix = 4
)

// UnmarshalText checks a number as far as possible without its route's calling
// code, which on-call parses it with.
func (n *Number) UnmarshalText(text []byte) error {
	*n = Number(text)
	_, err := phone.ParseAny(string(text), phone.Home{})
	return numberProblem(err)
}

// Takes says what a Number is.
func (n Number) Takes() string {
	return `a telephone number, such as "+31611111111", or an extension`
}

// Masked returns the number for error messages.
func (n Number) Masked() string { return phone.Mask(string(n)) }

// numberProblem returns what is wrong with a number, without the number itself,
// which messages show masked.
func numberProblem(err error) error {
	if err == nil {
		return nil
	}
	if problem, ok := errors.AsType[*phone.Error](err); ok && strings.HasPrefix(problem.Why, "has ") {
		return errors.New(problem.Why)
	}
	return ErrForm
}

// UnmarshalText reads a calling code, with a plus or without.
func (c *CallingCode) UnmarshalText(text []byte) error {
	code := strings.TrimPrefix(string(text), "+")
	*c = CallingCode(code)
	if code == "" || strings.Trim(code, "0123456789") != "" || len(code) > maxCallingCode || code[0] == '0' {
		return ErrForm
	}
	return nil
}

// Takes says what a CallingCode is.
func (c CallingCode) Takes() string { return `the calling code of a country, such as "31" or "1"` }

// UnmarshalText reads a pattern.
func (p *CallerPattern) UnmarshalText(text []byte) error {
	given := strings.TrimSpace(string(text))
	*p = CallerPattern(given)
	if strings.EqualFold(given, anonymous) {
		*p = anonymous
		return nil
	}
	_, err := phone.ParsePattern(string(text), phone.Home{})
	return numberProblem(err)
}

// Takes says what a CallerPattern is.
func (p CallerPattern) Takes() string {
	return `a number, its first digits and an asterisk, such as "+31900*", or anonymous`
}

// Masked returns the pattern for error messages.
func (p CallerPattern) Masked() string { return phone.Mask(string(p)) }

// Pattern returns the numbers that the prefix covers.
func (p NumberPrefix) Pattern() phone.Pattern {
	found, err := p.pattern()
	if err != nil {
		return phone.Pattern{}
	}
	return found
}

func (p NumberPrefix) pattern() (phone.Pattern, error) {
	text := strings.TrimSuffix(strings.TrimSpace(string(p)), "*") + "*"
	if !strings.HasPrefix(text, "00") && !strings.HasPrefix(text, "011") {
		text = "+" + strings.TrimPrefix(text, "+") // it has its country code
	}
	return phone.ParsePattern(text, phone.HomeIn())
}

// UnmarshalText reads a number or prefix.
func (p *NumberPrefix) UnmarshalText(text []byte) error {
	found, err := NumberPrefix(text).pattern()
	*p = NumberPrefix(found.Digits())
	switch {
	case err != nil:
		return ErrForm
	case len(found.Digits()) < minPrefix:
		return fmt.Errorf("has fewer than %d digits, and would stand for a good part of a country", minPrefix)
	case len(found.Digits()) > maxNumber:
		return fmt.Errorf("has more than %d digits, as no number has", maxNumber)
	}
	return nil
}

// Takes says what a NumberPrefix is.
func (p NumberPrefix) Takes() string {
	return `a number with the country's code, or what numbers begin with, such as "12125550100" or "1646555"`
}
