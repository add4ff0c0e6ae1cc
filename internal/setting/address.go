package setting

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Address is an address and a port to listen on, as net.Listen takes it:
// "127.0.0.1:5100", or ":5100" for all addresses of the machine.
type Address string

// UnmarshalText reads an address and a port.
func (a *Address) UnmarshalText(text []byte) error {
	*a = Address(text)
	host, port, err := net.SplitHostPort(string(text))
	if err != nil {
		return ErrForm
	}
	if !isPort(port) {
		return errors.New("has a port that is not a number up to 65535")
	}
	if strings.Contains(host, ":") {
		if _, err := netip.ParseAddr(host); err != nil {
			return ErrForm
		}
	} else if strings.ContainsFunc(host, notInName) {
		return ErrForm
	}
	return nil
}

// Takes says what an Address is.
func (a Address) Takes() string { return `an address and a port, such as "127.0.0.1:5100"` }

// isPort says whether a text is the number of a port.
func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == text
}

// notInName says whether a letter is invalid in the name of a host or domain.
func notInName(c rune) bool {
	return c > unicode.MaxASCII || !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(".-_", c)
}

// WebAddress parses a web address with one of some schemes.
func WebAddress(text string, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil, strings.ContainsFunc(text, unicode.IsSpace):
		return nil, ErrForm
	case !slices.Contains(schemes, u.Scheme):
		end := len(schemes) - 1
		return nil, fmt.Errorf("does not begin with %s:// or %s://", strings.Join(schemes[:end], "://, "), schemes[end])
	case u.Hostname() == "":
		return nil, errors.New("names no host")
	case u.Port() != "" && !isPort(u.Port()):
		return nil, errors.New("has a port that is not a number up to 65535")
	}
	return u, nil
}

// webAddress parses the address of a web server, without a password.
func webAddress(text string) (*url.URL, error) {
	u, err := WebAddress(text, "https", "http")
	if err == nil && u.User != nil {
		return nil, ErrPassword
	}
	return u, err
}

// BaseURL parses a web address to which a path is added: it has no trailing
// slash, query or fragment.
func BaseURL(text string) (*url.URL, error) {
	u, err := webAddress(text)
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" || u.ForceQuery || strings.Contains(text, "#") {
		return nil, errors.New("goes on after the path; leave out what follows ? or #")
	}
	return url.Parse(strings.TrimRight(text, "/"))
}

// Path names a file or folder. It is absolute, or relative to the folder of the
// file that it is written in.
type Path string

// UnmarshalText reads the name of a file or folder.
func (p *Path) UnmarshalText(text []byte) error {
	if strings.ContainsFunc(string(text), unicode.IsControl) {
		return errors.New("holds a control character")
	}
	*p = Path(text)
	return nil
}

// Takes says what a Path is.
func (p Path) Takes() string { return "the name of a file or folder" }

// In returns the path relative to a folder.
func (p Path) In(folder string) Path {
	if filepath.IsAbs(string(p)) {
		return Path(filepath.Clean(string(p)))
	}
	return Path(filepath.Join(folder, string(p)))
}

// Email is one e-mail address without a name.
type Email string

// UnmarshalText reads an e-mail address.
func (e *Email) UnmarshalText(text []byte) error {
	*e = Email(text)
	if a, err := mail.ParseAddress(string(text)); err != nil || a.Address != string(text) {
		return ErrForm
	}
	return nil
}

// Takes says what an Email is.
func (e Email) Takes() string { return `an e-mail address, such as "operations@example.net"` }
