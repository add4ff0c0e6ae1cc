package config

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/phone"
)

// Name is what something is called where people and programs name it: letters,
// digits, dots, dashes and underscores.
type Name string

// Number is what a phone system can be told to ring, as it was written: a
// telephone number, or an extension.
type Number string

// CallingCode is the calling code of a country, without a plus: "31".
type CallingCode string

// Code is what a caller presses in a menu: digits, * and #.
type Code string

// CallerPattern stands for callers: a number, the first digits of some and an
// asterisk, or the word anonymous.
type CallerPattern string

// Day is a day of the week, as its first three letters: "mon".
type Day string

// Span is a part of a day, such as 09:00-17:00, or 22:00-02:00 over midnight.
type Span string

// SourceKind says what it is that knows who is on call.
type SourceKind string

// The kinds of sources.
const (
	PagerDuty   SourceKind = "pagerduty"
	BetterStack SourceKind = "betterstack"
	Ilert       SourceKind = "ilert"
	GoAlert     SourceKind = "goalert"
	Grafana     SourceKind = "grafana"
	ICal        SourceKind = "ical"
	Rota        SourceKind = "file"
)

// Policy says who of several people is rung.
type Policy string

// The policies.
const (
	Random      Policy = "random"
	RoundRobin  Policy = "round_robin"
	Ordered     Policy = "ordered"
	LongestIdle Policy = "longest_idle"
)

// Beyond says what an attempt past the last level gets.
type Beyond string

// What it can get.
const (
	LastLevel Beyond = "last" // the last level again
	Wrap      Beyond = "wrap" // the first level, and on from there
	Stop      Beyond = "stop" // the fallback
)

// SourceURL is where a source is. That of a calendar is as good as a password,
// so it is a Secret. The zero SourceURL is not set.
type SourceURL struct{ Secret }

// Host returns what of the address can be shown: its host, with the port where
// it has one. It is "" where the SourceURL is not set.
func (u SourceURL) Host() string { return Webhook(u).Host() }

// anonymous stands for callers who hide their number.
const anonymous = "anonymous"

// onCallKinds returns the kinds of settings that on-call routing brings.
func onCallKinds() map[reflect.Type]kind {
	return map[reflect.Type]kind{
		reflect.TypeFor[string]():         {takes: "a text of one line", parse: parseLine, format: asIs},
		reflect.TypeFor[Name]():           {takes: `a name, such as "support"`, parse: parseName, format: asIs},
		reflect.TypeFor[Number]():         {takes: `a telephone number, such as "+31611111111", or an extension`, parse: parseNumber, format: asIs, masked: true},
		reflect.TypeFor[CallingCode]():    {takes: `the calling code of a country, such as "31" or "1"`, parse: parseCallingCode, format: asIs},
		reflect.TypeFor[Code]():           {takes: `keys that a caller presses, such as "1" or "12#"`, parse: parseCode, format: asIs},
		reflect.TypeFor[CallerPattern]():  {takes: `a number, its first digits and an asterisk, such as "+31900*", or anonymous`, parse: parseCallerPattern, format: asIs, masked: true},
		reflect.TypeFor[Span]():           {takes: `a part of the day, such as "09:00-17:00"`, parse: parseSpan, format: asIs},
		reflect.TypeFor[hours.Date]():     {takes: `a date, such as "2026-12-25"`, parse: parseDate, format: asIs, moment: true},
		reflect.TypeFor[*time.Location](): {takes: `a time zone, such as "Europe/Amsterdam"`, parse: parseZone, format: asIs},
		reflect.TypeFor[SourceURL]():      {takes: `a web address, such as "https://api.pagerduty.com"`, parse: parseSourceURL, format: formatSecret, secret: true},
		reflect.TypeFor[Day]():            choiceOf[Day]("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
		reflect.TypeFor[SourceKind]():     choiceOf(PagerDuty, BetterStack, Ilert, GoAlert, Grafana, ICal, Rota),
		reflect.TypeFor[Policy]():         choiceOf(Random, RoundRobin, Ordered, LongestIdle),
		reflect.TypeFor[Beyond]():         choiceOf(LastLevel, Wrap, Stop),
	}
}

// maxLine is the longest text of one line, in characters: names of people and
// calendars, and ids.
const maxLine = 200

func parseLine(text, _ string) (any, error) {
	if utf8.RuneCountInString(text) > maxLine {
		return nil, fmt.Errorf("is longer than %d characters", maxLine)
	}
	return text, checkWords(text)
}

// maxName is the longest name, in characters: it stands in addresses, and on
// each line of the log.
const maxName = 64

func parseName(text, _ string) (any, error) {
	switch {
	case strings.ContainsFunc(text, notInName):
		return nil, errors.New("holds other characters than letters, digits, dots, dashes and underscores")
	case len(text) > maxName:
		return nil, fmt.Errorf("is longer than %d characters", maxName)
	}
	return Name(text), nil
}

// maxNumber is the longest number of E.164, in digits.
const maxNumber = 15

func onlyDigits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// parseNumber checks a number as far as that goes without the calling code of
// its route, which on-call reads it with.
func parseNumber(text, _ string) (any, error) {
	if _, err := phone.ParseAny(text, phone.Home{}); err != nil {
		return nil, numberProblem(err)
	}
	return Number(text), nil
}

// maxCallingCode is the longest calling code, in digits (ITU-T E.164).
const maxCallingCode = 3

func parseCallingCode(text, _ string) (any, error) {
	code := strings.TrimPrefix(text, "+")
	if !onlyDigits(code) || len(code) > maxCallingCode || code[0] == '0' {
		return nil, errOther
	}
	return CallingCode(code), nil
}

func parseCode(text, _ string) (any, error) {
	if strings.Trim(text, "0123456789*#") != "" {
		return nil, errOther
	}
	return Code(text), nil
}

// numberProblem returns what is wrong with a number without the number, which is
// masked where it is told.
func numberProblem(err error) error {
	if problem, ok := errors.AsType[*phone.Error](err); ok && strings.HasPrefix(problem.Why, "has ") {
		return errors.New(problem.Why)
	}
	return errOther
}

func parseCallerPattern(text, _ string) (any, error) {
	if strings.EqualFold(strings.TrimSpace(text), anonymous) {
		return CallerPattern(anonymous), nil
	}
	if _, err := phone.ParsePattern(text, phone.Home{}); err != nil {
		return nil, numberProblem(err)
	}
	return CallerPattern(strings.TrimSpace(text)), nil
}

func parseSpan(text, _ string) (any, error) {
	if _, err := hours.ParseSpan(text); err != nil {
		return nil, errOther
	}
	return Span(text), nil
}

func parseDate(text, _ string) (any, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Unix() < 0 {
		return nil, errOther
	}
	return hours.Date(t.Unix() / int64(day/time.Second)), nil
}

func parseZone(text, _ string) (any, error) {
	zone, err := hours.ParseZone(text)
	if err != nil {
		return nil, errOther
	}
	return zone, nil
}

func parseSourceURL(text, _ string) (any, error) {
	if err := checkSecret(text); err != nil {
		return nil, err
	}
	u, err := url.Parse(text)
	switch {
	case err != nil, strings.ContainsFunc(text, unicode.IsSpace):
		return nil, errOther
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "webcal":
		return nil, errors.New("does not begin with https://, http:// or webcal://")
	case u.Hostname() == "":
		return nil, errors.New("names no host")
	case u.Port() != "" && !isPort(u.Port()):
		return nil, errors.New("has a port that is not a number up to 65535")
	}
	return SourceURL{NewSecret(text)}, nil
}
