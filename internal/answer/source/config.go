package source

import (
	"net/http"
	"net/url"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

// The kinds of sources, as settings and errors name them.
const (
	KindPagerDuty   = "pagerduty"
	KindBetterStack = "betterstack"
	KindIlert       = "ilert"
	KindGoAlert     = "goalert"
	KindGrafana     = "grafana"
	KindICal        = "ical"
	KindFile        = "file"
)

// Secret is a text that does not print itself. Sources ask for it when they
// are made, and keep it where nothing that prints a source can find it.
type Secret interface {
	Reveal() string
}

// vendor is what the adapters of web interfaces have in common to be checked.
type vendor struct {
	kind   string // for Error
	name   string // for sentences
	url    string // what stands before the paths
	key    Secret
	scheme string // what stands before the key in the Authorization header
	client *fetch.Client
}

// asker returns what asks the vendor, or a *fault.Error with the code
// fault.Invalid.
func (v vendor) asker() (*asker, error) {
	base, err := checkURL(v.name, v.url)
	if err != nil {
		return nil, err
	}
	authorization, err := checkKey(v)
	if err != nil {
		return nil, err
	}
	a := newAsker(v.kind, v.name, base, v.client)
	a.authorize = func(h http.Header) { h["Authorization"] = []string{authorization} }
	return a, nil
}

// checkURL refuses what is not the beginning of a web address.
func checkURL(name, address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, fault.Newf(fault.Invalid, "the address of %s is not a web address", name).
			WithHint("give one that begins with https://, or leave it out for the vendor's own")
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return nil, fault.Newf(fault.Invalid, "the address of %s holds more than a host and a path", name).
			WithHint("leave out user name, query and fragment; the key goes separately")
	}
	if u.Path == "" {
		u.Path = "/" // without it JoinPath makes a path that is no address
	}
	return u, nil
}

// checkKey returns the Authorization header. It refuses a key that cannot
// stand in one, without saying what it is.
func checkKey(v vendor) (string, error) {
	key := ""
	if v.key != nil {
		key = v.key.Reveal()
	}
	if key == "" {
		return "", fault.Newf(fault.Invalid, "no key for %s is given", v.name).
			WithHint("make a key that may read, and give it as the source's api_key")
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return "", fault.Newf(fault.Invalid, "the key for %s has a space, a line break or another odd character in it, at position %d of %d", v.name, i+1, len(key)).
				WithHint("copy the key again, without what stands around it")
		}
	}
	return v.scheme + key, nil
}

// checkID refuses an identifier that was not given, or is none.
func checkID(name, what, id string) error {
	switch {
	case id == "":
		return fault.Newf(fault.Invalid, "no %s of %s is given", what, name).
			WithHint("open the %s in %s: the identifier stands in the page's address", what, name)
	case !isPlain(id):
		return fault.Newf(fault.Invalid, "the %s of %s is not an identifier: %s", what, name, label(id)).
			WithHint("give the identifier, not the name: it stands in the address of the page of the %s", what)
	}
	return nil
}
