package config

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
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

// NumberPrefix is a telephone number, or what numbers begin with: digits with
// the country's code and without a plus.
type NumberPrefix string

// The lengths of what numbers begin with, in digits.
const (
	minPrefix = 4  // fewer would be a country, or a good part of one
	maxPrefix = 15 // the longest number of E.164
)

func parseNumberPrefix(text, _ string) (any, error) {
	digits := strings.Map(func(c rune) rune {
		if strings.ContainsRune(" -.()", c) {
			return -1
		}
		return c
	}, strings.TrimPrefix(text, "+"))
	switch {
	case digits == "" || strings.Trim(digits, "0123456789") != "":
		return nil, errOther
	case len(digits) < minPrefix:
		return nil, fmt.Errorf("has fewer than %d digits, and would stand for a good part of a country", minPrefix)
	case len(digits) > maxPrefix:
		return nil, fmt.Errorf("has more than %d digits, as no number has", maxPrefix)
	}
	return NumberPrefix(digits), nil
}
