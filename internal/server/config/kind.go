package config

import (
	"encoding"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/switchhook/switchhook/internal/hours"
	"github.com/switchhook/switchhook/internal/setting"
)

// kind describes a Go type that can be a setting.
type kind struct {
	takes  string // what a value is, for a sentence: "it takes …"
	parse  func(text string) (any, error)
	forms  []form // how TOML writes it
	secret bool   // never shown, and may come from a file or a credential
}

// format writes a value as parse reads it; secrets excepted.
func format(field reflect.Value) string {
	switch v := field.Interface().(type) {
	case time.Duration:
		return formatDuration(v)
	case interface{ IsSet() bool }:
		if !v.IsSet() {
			return ""
		}
	}
	return fmt.Sprint(field.Interface())
}

// standard returns the kinds of types that do not describe themselves.
func standard() map[reflect.Type]kind {
	quoted := []form{text}
	return map[reflect.Type]kind{
		reflect.TypeFor[bool]():           {takes: "true or false", parse: parseBool, forms: []form{boolean}},
		reflect.TypeFor[int]():            {takes: "a whole number, such as 6", parse: parseInt, forms: []form{number}},
		reflect.TypeFor[string]():         {takes: "a text of one line", parse: parseLine, forms: quoted},
		reflect.TypeFor[time.Duration]():  {takes: `a time with its unit, such as "4s", "5m" or "90d"`, parse: parseDuration, forms: quoted},
		reflect.TypeFor[netip.Prefix]():   {takes: `a network or an address, such as "10.0.0.0/8"`, parse: parsePrefix, forms: quoted},
		reflect.TypeFor[*url.URL]():       {takes: `a web address, such as "https://example.net"`, parse: parseURL, forms: quoted},
		reflect.TypeFor[*hours.Quiet]():   {takes: `a part of the day, such as "21:00-08:00"`, parse: formOnly(hours.ParseQuiet), forms: quoted},
		reflect.TypeFor[hours.Date]():     {takes: `a date, such as "2026-12-25"`, parse: parseDate, forms: []form{text, moment}},
		reflect.TypeFor[*time.Location](): {takes: `a time zone, such as "Europe/Amsterdam"`, parse: formOnly(hours.ParseZone), forms: quoted},
	}
}

// kindOf returns the kind of a type that can be a setting.
func kindOf(t reflect.Type) (kind, bool) {
	if k, ok := standard()[t]; ok {
		return k, true
	}
	zero := reflect.New(t)
	if k, ok := reflect.TypeAssert[interface{ Choices() []string }](zero); ok {
		return choice(t, k.Choices()), true
	}
	_, reads := reflect.TypeAssert[encoding.TextUnmarshaler](zero)
	takes, says := reflect.TypeAssert[interface{ Takes() string }](zero)
	if !reads || !says {
		return kind{}, false
	}
	_, secret := reflect.TypeAssert[interface{ Reveal() string }](zero)
	return kind{takes: takes.Takes(), secret: secret, forms: []form{text}, parse: func(text string) (any, error) {
		into := reflect.New(t)
		reads, _ := reflect.TypeAssert[encoding.TextUnmarshaler](into)
		err := reads.UnmarshalText([]byte(text))
		return into.Elem().Interface(), err
	}}, true
}

// choice returns the kind of a type that is one of a few words.
func choice(t reflect.Type, words []string) kind {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = strconv.Quote(word)
	}
	end := len(words) - 1
	return kind{takes: strings.Join(quoted[:end], ", ") + " or " + quoted[end], forms: []form{text}, parse: func(text string) (any, error) {
		if !slices.Contains(words, text) {
			return nil, setting.ErrForm
		}
		return reflect.ValueOf(text).Convert(t).Interface(), nil
	}}
}

// formOnly returns a parser whose error says no more than that a text is of
// another form.
func formOnly[T any](parse func(text string) (T, error)) func(text string) (any, error) {
	return func(text string) (any, error) {
		parsed, err := parse(text)
		if err != nil {
			return nil, setting.ErrForm
		}
		return parsed, nil
	}
}

func parseBool(text string) (any, error) {
	if text != "true" && text != "false" {
		return nil, setting.ErrForm
	}
	return text == "true", nil
}

func parseInt(text string) (any, error) {
	n, err := strconv.Atoi(text)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return nil, errors.New("is more than can be counted")
	case err != nil:
		return nil, setting.ErrForm
	}
	return n, nil
}

// canonicalInt rewrites a TOML integer, such as 1_000 or 0x10, in plain
// decimal. One that is too large stays as it is.
func canonicalInt(text string) string {
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	return text
}

// maxLine is the longest text of one line, in characters: names of people and
// calendars, and ids.
const maxLine = 200

func parseLine(text string) (any, error) {
	if utf8.RuneCountInString(text) > maxLine {
		return nil, fmt.Errorf("is longer than %d characters", maxLine)
	}
	return text, setting.CheckWords(text)
}

func parsePrefix(text string) (any, error) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return nil, setting.ErrForm
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return nil, setting.ErrForm
	case p.Addr().Is4In6():
		return nil, errors.New("is an IPv4-mapped IPv6 network; write it as IPv4")
	case p != p.Masked():
		return nil, fmt.Errorf("is an address within a network; write %s or %s", p.Masked(), p.Addr())
	}
	return p, nil
}

func parseDate(text string) (any, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Unix() < 0 {
		return nil, setting.ErrForm
	}
	return hours.Date(t.Unix() / int64(day/time.Second)), nil
}

func parseURL(text string) (any, error) { return setting.BaseURL(text) }
