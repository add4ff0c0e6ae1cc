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
	"unicode/utf8"
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

// Text is what a caller hears: a sentence or a few.
type Text string

// kind is what one type of Go has to know to be a setting.
type kind struct {
	takes  string // what a value is, for a sentence: "it takes …"
	parse  func(text, folder string) (any, error)
	format func(value any) string // the inverse of parse
}

// kinds returns what can be a setting. A list of any of them can be one too.
func kinds() map[reflect.Type]kind {
	return map[reflect.Type]kind{
		reflect.TypeFor[bool]():          {"true or false", parseBool, asIs},
		reflect.TypeFor[Secret]():        {"a secret of one line", parseSecret, formatSecret},
		reflect.TypeFor[Address]():       {`an address and a port, such as "127.0.0.1:5100"`, parseAddress, asIs},
		reflect.TypeFor[Path]():          {"the name of a file or folder", parsePath, asIs},
		reflect.TypeFor[Email]():         {`an e-mail address, such as "operations@example.net"`, parseEmail, asIs},
		reflect.TypeFor[Domain]():        {`the name of a domain, such as "example.net"`, parseDomain, asIs},
		reflect.TypeFor[Text]():          {"a text to be spoken", parseText, asIs},
		reflect.TypeFor[time.Duration](): {`a time with its unit, such as "4s", "5m" or "90d"`, parseDuration, formatDuration},
		reflect.TypeFor[netip.Prefix]():  {`a network or an address, such as "10.0.0.0/8"`, parsePrefix, asIs},
		reflect.TypeFor[*url.URL]():      {`a web address, such as "https://example.net"`, parseURL, asIs},
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

func parseSecret(text, _ string) (any, error) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return nil, errors.New("holds a line break or another control character")
	}
	return NewSecret(text), nil
}

func formatSecret(value any) string {
	if s, ok := value.(Secret); ok && !s.IsSet() {
		return ""
	}
	return redacted
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

// maxText is the longest text in characters: half a minute of listening.
const maxText = 500

func parseText(text, _ string) (any, error) {
	switch {
	case strings.ContainsFunc(text, unicode.IsControl):
		return nil, errors.New("holds a line break or another control character")
	case !utf8.ValidString(text):
		return nil, errors.New("is not UTF-8")
	case utf8.RuneCountInString(text) > maxText:
		return nil, fmt.Errorf("is longer than %d characters", maxText)
	}
	return Text(text), nil
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

func parseURL(text, _ string) (any, error) {
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
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#"):
		return nil, errors.New("goes on after the path; leave out what follows ? or #")
	}
	// What is put behind it begins with a slash.
	return url.Parse(strings.TrimRight(text, "/"))
}
