package fetch

import (
	"net/url"
	"strconv"
	"strings"
)

// checkURL returns an *Error of kind Scheme for a URL that is not asked.
func checkURL(u *url.URL) *Error {
	var e *Error
	switch {
	case u == nil:
		return newError(Scheme, "there is no address to ask")
	case u.Scheme != "http" && u.Scheme != "https":
		e = newError(Scheme, "%s is not a web address", show(u))
		e.Hint = "give an address that begins with http:// or https://"
	case u.Hostname() == "":
		e = newError(Scheme, "the address %s names no host", show(u))
		e.Hint = "give the whole address, such as https://hooks.example.net/call"
	case u.User != nil:
		e = newError(Scheme, "the address %s holds a user name or password, which would end up in logs", show(u))
		e.Hint = "take out what stands before the @, and let the responder check the signature instead"
	case !validPort(u.Port()):
		e = newError(Scheme, "the address %s has a port that does not exist", show(u))
		e.Hint = "give a port from 1 to 65535"
	}
	return e
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// SameOrigin reports whether two URLs have the same scheme, host and port,
// where a port left out is the scheme's own (RFC 6454, section 5). Letter case
// does not matter. A nil URL has no origin.
func SameOrigin(a, b *url.URL) bool {
	return a != nil && b != nil &&
		strings.EqualFold(a.Scheme, b.Scheme) &&
		strings.EqualFold(a.Hostname(), b.Hostname()) &&
		portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	}
	return ""
}

// show returns a URL as people may read it: without credentials, query and
// fragment, which hold numbers of callers and keys.
func show(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.Opaque != "" {
		return u.Scheme + ":…"
	}
	if s := shown.String(); s != "" {
		return s
	}
	return `""`
}
