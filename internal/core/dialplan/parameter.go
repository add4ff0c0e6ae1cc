package dialplan

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
)

// Prefixes of an application parameter. They stand before the URL, in any order.
const (
	methodPrefix = "HttpMethod"
	secretPrefix = "HttpSecret"
)

// Secret is a secret that does not print. Its value is string(s).
type Secret string

const hidden = "<secret>"

// String returns <secret>, or nothing where there is none.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText is String, for encoders and logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Web says which web responder is asked, and how.
type Web struct {
	URL    *url.URL
	Method string // GET or POST
	Secret Secret // requests are signed with it; empty: they are not
}

// ParseWeb reads the application parameter of To Web:
// <HttpMethod=POST><HttpSecret=…>https://hooks.example.net/menu.
func ParseWeb(parameter string) (Web, error) {
	w := Web{Method: http.MethodGet}
	rest := strings.TrimSpace(parameter)
	for strings.HasPrefix(rest, "<") {
		inner, after, ok := strings.Cut(rest[1:], ">")
		if !ok {
			return Web{}, fault.Newf(fault.Invalid, "the application parameter begins with a < that is not closed").WithHint("write it as <HttpMethod=POST>https://…")
		}
		if err := w.prefix(inner); err != nil {
			return Web{}, err
		}
		rest = strings.TrimSpace(after)
	}
	if rest == "" {
		return Web{}, fault.Newf(fault.Invalid, "the application parameter names no web responder").WithHint("To Web wants the URL of one, such as https://hooks.example.net/menu")
	}
	u, err := url.Parse(rest)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return Web{}, fault.Newf(fault.Invalid, "the application parameter %q is not the URL of a web responder", rest).WithHint("it begins with https:// or http://")
	}
	w.URL = u
	return w, nil
}

// prefix takes name=value.
func (w *Web) prefix(text string) error {
	name, value, _ := strings.Cut(text, "=")
	switch {
	case strings.EqualFold(name, methodPrefix):
		w.Method = strings.ToUpper(value)
		if w.Method != http.MethodGet && w.Method != http.MethodPost {
			return fault.Newf(fault.Invalid, "a web responder is asked with GET or POST, not with %q", value)
		}
	case strings.EqualFold(name, secretPrefix):
		if value == "" {
			return fault.Newf(fault.Invalid, "the HttpSecret of the application parameter is empty")
		}
		w.Secret = Secret(value)
	default:
		return fault.Newf(fault.Invalid, "the application parameter has a prefix <%s> that is not known", name).WithHint("<HttpMethod=…> and <HttpSecret=…> are")
	}
	return nil
}
