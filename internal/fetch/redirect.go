package fetch

import (
	"net/http"
	"slices"
)

// redirectPolicy holds the rules for redirects that net/http leaves to us.
// net/http itself turns a POST into a GET on 301, 302 and 303 and keeps method
// and body on 307 and 308, as browsers do (RFC 9110, section 15.4).
type redirectPolicy struct{ limit int }

// check is an http.Client's CheckRedirect. Its error is an *Error.
func (p redirectPolicy) check(next *http.Request, via []*http.Request) error {
	from, to := via[len(via)-1].URL, next.URL
	switch {
	case len(via) > p.limit:
		return p.tooMany(next, via)
	case checkURL(to) != nil:
		return newError(Redirects, "%s redirects to an address that cannot be asked: %s",
			show(from), checkURL(to).Message)
	case from.Scheme == "https" && to.Scheme == "http":
		e := newError(Redirects, "%s redirects from https to http (%s), which would show the call to everyone on the way",
			show(from), show(to))
		e.Hint = "redirect to an https address"
		return e
	}
	// The address just asked holds the numbers of the people on the call; the
	// next host learns what it needs from its own address.
	next.Header.Del("Referer")
	// net/http carries these to subdomains and other ports, and we do not.
	// Once they were dropped they stay dropped, even on the way back.
	first := via[0].URL
	if !SameOrigin(first, to) || slices.ContainsFunc(via, func(r *http.Request) bool { return !SameOrigin(first, r.URL) }) {
		for _, name := range [...]string{"Authorization", "Cookie", "Cookie2", "Proxy-Authorization"} {
			next.Header.Del(name)
		}
	}
	return nil
}

// tooMany says whether the redirects go round in a circle. Only the limit ends
// a circle: a responder that sets a cookie and redirects to itself is none.
func (p redirectPolicy) tooMany(next *http.Request, via []*http.Request) *Error {
	from := show(via[len(via)-1].URL)
	if p.limit == 0 {
		return newError(Redirects, "%s redirects to %s, and redirects are not followed here", from, show(next.URL))
	}
	target := next.URL.String()
	if slices.ContainsFunc(via, func(r *http.Request) bool { return r.URL.String() == target }) {
		e := newError(Redirects, "%s redirects in a circle: %s was asked before", from, show(next.URL))
		e.Hint = "if the circle ends once a cookie is set, check that the cookie's domain and path fit this address"
		return e
	}
	e := newError(Redirects, "%s is redirect number %d, and at most %d are followed", from, len(via), p.limit)
	e.Hint = "give the address at which the redirects end"
	return e
}

// checkLocation refuses a redirect that leads nowhere, which net/http would
// hand on as an answer or report with the whole address in its text.
func checkLocation(resp *http.Response) *Error {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	location := resp.Header.Get("Location")
	if location == "" {
		return newError(Redirects, "%s answered %d without a Location to go to", show(resp.Request.URL), resp.StatusCode)
	}
	if _, err := resp.Request.URL.Parse(location); err != nil {
		return newError(Redirects, "%s answered %d with a Location that is no address", show(resp.Request.URL), resp.StatusCode)
	}
	return nil
}
