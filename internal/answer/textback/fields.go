package textback

import (
	"errors"
	"strings"
	"unicode"

	"github.com/switchhook/switchhook/internal/answer/entry"
	"github.com/switchhook/switchhook/internal/answer/form"
	"github.com/switchhook/switchhook/internal/phone"
)

// formFields are the fields that a form may set of an entry whose numbers are
// from home.
func formFields(home phone.Home) []form.Field {
	return []form.Field{
		{Name: entry.FieldAPIDomain, Check: form.Domain},
		{Name: entry.FieldUser, Check: form.User},
		{Name: entry.FieldSystemUser, Check: form.User},
		{Name: entry.FieldFromNumber, Check: func(value string) (clean, problem string) { return checkFromNumber(value, home) }},
		{Name: entry.FieldMessage, Check: checkMessage},
	}
}

// CheckFields returns the fields of an entry that the form has as the form would
// store them. The error is a *fault.Error that names each that cannot be used.
func CheckFields(home phone.Home, fields map[string]string) (map[string]string, error) {
	return form.Check(formFields(home), fields)
}

// checkFromNumber returns the digits of a number as people write it.
func checkFromNumber(value string, home phone.Home) (clean, problem string) {
	value, problem = form.Digits(value)
	if problem != "" {
		return "", problem
	}
	n := phone.Read(value, home)
	if n.Hidden() {
		_, err := phone.Parse(value, home)
		if wrong, ok := errors.AsType[*phone.Error](err); ok {
			return "", wrong.Why
		}
	}
	if unreachable(n) != "" {
		return "", "is not a telephone number of 7 to 15 digits"
	}
	return n.Digits(), ""
}

// lineBreaks are the ways in which browsers and word processors end lines.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n")

// checkMessage returns a text as phones show it. It drops control characters:
// they come along when people copy from elsewhere, and are never intended.
func checkMessage(value string) (clean, problem string) {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, lineBreaks.Replace(value)), ""
}
