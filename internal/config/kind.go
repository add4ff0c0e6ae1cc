package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/switchhook/switchhook/internal/hours"
)

// Address is an address and a port to listen on, as net.Listen takes it:
// "127.0.0.1:5100", or ":5100" for all addresses of the machine.
type Address string

// Path names a file or folder. It is absolute, or begins in the folder that
// Sources.Dir names, whatever the place it was written in.
type Path string

// Email is one e-mail address without a name.
type Email string

// Domain is the name of a domain of the phone system: letters, digits, dots,
// dashes and underscores.
type Domain string

// kind is what one type of Go has to know to be a setting.
type kind struct {
	takes  string // what a value is, for a sentence: "it takes …"
	parse  func(text, folder string) (any, error)
	format func(value any) string // the inverse of parse, but of a secret
	form   form                   // how TOML writes it; bare: as text
	moment bool                   // TOML may also write it as a date of its own
	masked bool                   // a problem shows only so much that it can be found
	secret bool                   // it is never shown, and may come from a file or a credential of its own
}

// written is how a settings file writes a value of the kind.
func (k kind) written() form {
	if k.form == bare {
		return text
	}
	return k.form
}

// kinds returns what can be a setting. A list of any of them can be one too.
func kinds() map[reflect.Type]kind {
	return map[reflect.Type]kind{
		reflect.TypeFor[bool]():          {takes: "true or false", parse: parseBool, format: asIs, form: boolean},
		reflect.TypeFor[int]():           {takes: "a whole number, such as 6", parse: parseInt, format: asIs, form: number},
		reflect.TypeFor[Secret]():        {takes: "a secret of one line", parse: parseSecret, format: formatSecret, secret: true},
		reflect.TypeFor[Database]():      {takes: `the address of a PostgreSQL database, such as "postgres://user:password@db.example.net/switchhook"`, parse: parseDatabase, format: formatSecret, secret: true},
		reflect.TypeFor[Webhook]():       {takes: `a web address, such as "https://chat.example.net/hooks/switchhook"`, parse: parseWebhook, format: formatSecret, secret: true},
		reflect.TypeFor[Address]():       {takes: `an address and a port, such as "127.0.0.1:5100"`, parse: parseAddress, format: asIs},
		reflect.TypeFor[Path]():          {takes: "the name of a file or folder", parse: parsePath, format: asIs},
		reflect.TypeFor[Email]():         {takes: `an e-mail address, such as "operations@example.net"`, parse: parseEmail, format: asIs},
		reflect.TypeFor[Domain]():        {takes: `the name of a domain, such as "example.net"`, parse: parseDomain, format: asIs},
		reflect.TypeFor[Text]():          {takes: "a text to be spoken", parse: parseText, format: asIs},
		reflect.TypeFor[Message]():       {takes: "a text message", parse: parseMessage, format: asIs},
		reflect.TypeFor[NumberPrefix]():  {takes: `a number with the country's code, or what numbers begin with, such as "12125550100" or "1646555"`, parse: parseNumberPrefix, format: asIs},
		reflect.TypeFor[WhenUncertain](): choiceOf(Hold, Resend),
		reflect.TypeFor[Keys]():          choiceOf(AutoKeys, NoKeys),
		reflect.TypeFor[*hours.Quiet]():  {takes: `a part of the day, such as "21:00-08:00"`, parse: parseQuietHours, format: asIs},
		reflect.TypeFor[time.Duration](): {takes: `a time with its unit, such as "4s", "5m" or "90d"`, parse: parseDuration, format: formatDuration},
		reflect.TypeFor[netip.Prefix]():  {takes: `a network or an address, such as "10.0.0.0/8"`, parse: parsePrefix, format: asIs},
		reflect.TypeFor[*url.URL]():      {takes: `a web address, such as "https://example.net"`, parse: parseURL, format: asIs},
	}
}

// What parse returns is the end of a sentence about the value, "which …",
// except for two.
var (
	errOther    = errors.New("is something else") // what the key takes says it all
	errPassword = errors.New("holds a user name or password; leave that out")
)

func asIs(value any) string { return fmt.Sprint(value) }

func parseBool(text, _ string) (any, error) {
	if text != "true" && text != "false" {
		return nil, errOther
	}
	return text == "true", nil
}

func parseAddress(text, _ string) (any, error) {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return nil, errOther
	}
	if !isPort(port) {
		return nil, errors.New("has a port that is not a number up to 65535")
	}
	if strings.Contains(host, ":") {
		if _, err := netip.ParseAddr(host); err != nil {
			return nil, errOther
		}
	} else if strings.ContainsFunc(host, notInName) {
		return nil, errOther
	}
	return Address(text), nil
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == text
}

// notInName says whether a letter cannot stand in the name of a host or domain.
func notInName(c rune) bool {
	return c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(".-_", c)
}

func parsePath(text, folder string) (any, error) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return nil, errors.New("holds a control character")
	}
	if filepath.IsAbs(text) {
		return Path(filepath.Clean(text)), nil
	}
	return Path(filepath.Join(folder, text)), nil
}

func parseEmail(text, _ string) (any, error) {
	if a, err := mail.ParseAddress(text); err != nil || a.Address != text {
		return nil, errOther
	}
	return Email(text), nil
}

// maxDomain is the longest name that DNS can hold, in characters.
const maxDomain = 253

func parseDomain(text, _ string) (any, error) {
	switch {
	case strings.ContainsFunc(text, notInName):
		return nil, errors.New("holds other characters than letters, digits, dots, dashes and underscores")
	case len(text) > maxDomain:
		return nil, fmt.Errorf("is longer than %d characters", maxDomain)
	case strings.HasPrefix(text, "."), strings.HasSuffix(text, "."), strings.Contains(text, ".."):
		return nil, errors.New("has a dot with nothing beside it")
	}
	return Domain(text), nil
}

func parsePrefix(text, _ string) (any, error) {
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return nil, errOther
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return nil, errOther
	case p.Addr().Is4In6():
		return nil, errors.New("is an IPv4 network in the clothes of IPv6, which no address would match")
	case p != p.Masked():
		return nil, fmt.Errorf("is an address within a network; write %s or %s", p.Masked(), p.Addr())
	}
	return p, nil
}

func parseQuietHours(text, _ string) (any, error) {
	q, err := hours.ParseQuiet(text)
	if err != nil {
		return nil, errOther
	}
	return q, nil
}

// webAddress reads what every web address has to be.
func webAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil, strings.ContainsFunc(text, unicode.IsSpace):
		return nil, errOther
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("does not begin with https:// or http://")
	case u.Hostname() == "":
		return nil, errors.New("names no host")
	case u.Port() != "" && !isPort(u.Port()):
		return nil, errors.New("has a port that is not a number up to 65535")
	case u.User != nil:
		return nil, errPassword
	}
	return u, nil
}

func parseURL(text, _ string) (any, error) {
	u, err := webAddress(text)
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return nil, errors.New("goes on after the path; leave out what follows ? or #")
	}
	// What is put behind it begins with a slash.
	return url.Parse(strings.TrimRight(text, "/"))
}
