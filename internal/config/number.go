package config

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/switchhook/switchhook/internal/phone"
)

func parseInt(text, _ string) (any, error) {
	n, err := strconv.Atoi(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return nil, errors.New("is more than can be counted")
	case err != nil:
		return nil, errOther
	}
	return n, nil
}

// canonicalInt writes an integer of TOML, such as 1_000 or 0x10, the way that
// numbers are written elsewhere. One that is too large stays as it is.
func canonicalInt(text string) string {
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	return text
}

// integer returns a value of an integer type, such as a time or a count.
func integer(value any) (n int64, ok bool) {
	v := reflect.ValueOf(value)
	if !v.IsValid() || !v.CanInt() {
		return 0, false
	}
	return v.Int(), true
}

// NumberPrefix is a telephone number, or what numbers begin with, with the
// country's code.
type NumberPrefix string

// minPrefix is the fewest digits of what numbers begin with: fewer would be a
// country, or a good part of one.
const minPrefix = 4

// Pattern returns what the prefix stands for.
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
		text = "+" + strings.TrimPrefix(text, "+") // it has its country's code
	}
	return phone.ParsePattern(text, phone.HomeIn())
}

func parseNumberPrefix(text, _ string) (any, error) {
	found, err := NumberPrefix(text).pattern()
	switch {
	case err != nil:
		return nil, errOther
	case len(found.Digits()) < minPrefix:
		return nil, fmt.Errorf("has fewer than %d digits, and would stand for a good part of a country", minPrefix)
	case len(found.Digits()) > maxNumber:
		return nil, fmt.Errorf("has more than %d digits, as no number has", maxNumber)
	}
	return NumberPrefix(found.Digits()), nil
}
