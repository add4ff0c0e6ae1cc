package netsapiens

import (
	"errors"
	"net/http"
	"strings"

	"github.com/switchhook/switchhook/internal/fault"
)

// Error says what was tried and why it failed, in words for people: numbers are
// masked, and tokens do not occur. errors.As finds a *fault.Error in it too. The
// functions of this package ask it what to do: AlreadyExists, NotFound,
// Unauthorized, Unsupported, Temporary, Permanent and Uncertain.
type Error struct {
	Op      string // what was tried, such as "send a text to 1973•••1440"
	Status  int    // HTTP status of the answer; 0 where none came
	Code    int    // the phone system's own code, in the answer's body; 0 where there was none
	Vendor  string // the phone system's own words, on one line; may be empty
	Message string // what happened, a sentence without a capital or a full stop
	Hint    string // what to do about it; may be empty
	Err     error  // context.DeadlineExceeded, context.Canceled or the cause of the caller's context; nil otherwise

	kind kind
	sent bool // it went out, at least in part, and was more than a question
}

// kind classifies how a call can fail.
type kind uint8

const (
	invalid     kind = iota // not sent: what was given cannot be used
	unreachable             // there was no connection
	late                    // the time was up
	canceled                // the caller gave up
	dropped                 // the connection ended before a whole answer had come
	unreadable              // what came is not an answer of the API
	redirected              // it points elsewhere
	unknownCall             // the phone system does not know this call
	absent                  // the answer says, without a 404, that there is nothing
	refused                 // the phone system, or what stands before it, says no
)

// Error returns what was tried and what happened.
func (e *Error) Error() string { return e.Op + ": " + e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// As gives the error as a *fault.Error to those who only know that type.
func (e *Error) As(target any) bool {
	f, ok := target.(**fault.Error)
	if ok {
		*f = &fault.Error{Code: e.faultCode(), Message: e.Error(), Hint: e.Hint, Again: e.again()}
	}
	return ok
}

func (e *Error) again() fault.Again {
	switch {
	case e.uncertain():
		return fault.Uncertain
	case e.temporary(), e.kind == canceled:
		return fault.Later
	}
	return fault.Never
}

func (e *Error) faultCode() fault.Code {
	switch {
	case e.kind == invalid:
		return fault.Invalid
	case e.kind == unknownCall:
		return fault.Unsupported
	case e.notFound():
		return fault.NotFound
	case e.kind == redirected, e.kind == refused && !e.temporary():
		return fault.Refused
	}
	return fault.Unavailable
}

// said returns the status that counts: the one in the body if the HTTP status
// claims success.
func (e *Error) said() int {
	if e.Status < http.StatusBadRequest && e.Code != 0 {
		return e.Code
	}
	return e.Status
}

func (e *Error) alreadyExists() bool {
	return e.kind == refused && (e.Status == http.StatusConflict || e.Code == http.StatusConflict ||
		strings.Contains(strings.ToLower(e.Vendor), "already exists"))
}

func (e *Error) notFound() bool {
	return e.kind == absent || e.kind == refused && e.said() == http.StatusNotFound
}

func (e *Error) temporary() bool {
	switch e.kind {
	case unreachable, late, dropped:
		return true
	case refused:
		return fault.AgainAfter(e.said()) == fault.Later
	}
	return false
}

// uncertain errs on the side of yes.
func (e *Error) uncertain() bool {
	if !e.sent {
		return false
	}
	switch e.kind {
	case late, canceled, dropped, unreadable:
		return true
	case redirected:
		// These say to ask elsewhere. Some of the others may mean that it was
		// done: PHP redirects with 302 afterwards.
		return e.Status != http.StatusMovedPermanently && e.Status != http.StatusTemporaryRedirect && e.Status != http.StatusPermanentRedirect
	case refused:
		// With these the phone system itself says that it did not do it. All
		// others above 500 come from what stands before it and lost the
		// answer: bad gateway, gateway time-out, a CDN's own numbers.
		status := e.said()
		return status > 500 && status != http.StatusNotImplemented && status != http.StatusServiceUnavailable
	}
	return false
}

// is returns what a method of the first Error in err's chain says.
func is(err error, says func(*Error) bool) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && says(e)
}

// AlreadyExists reports whether the phone system refused to create something
// because it is there: with status 409, or with the words "already exists". If
// you only need it to be there, this is success.
func AlreadyExists(err error) bool { return is(err, (*Error).alreadyExists) }

// NotFound reports whether the phone system says that what was named does not
// exist. A web server's own 404 page is not meant.
func NotFound(err error) bool { return is(err, (*Error).notFound) }

// Unauthorized reports whether the token is the reason: expired, mistyped, or
// for another domain (401), or not permitted to do this (403).
func Unauthorized(err error) bool {
	return is(err, func(e *Error) bool {
		status := e.said()
		return e.kind == refused && (status == http.StatusUnauthorized || status == http.StatusForbidden)
	})
}

// Unsupported reports whether the phone system does not know the call at all
// ("No Route Found"), as older versions do not know newer calls.
func Unsupported(err error) bool {
	return is(err, func(e *Error) bool { return e.kind == unknownCall })
}

// Temporary reports whether trying again later may help: no connection, no
// answer in time, half an answer, 408, 425, 429 or 5xx. Before a text is sent
// again, ask Uncertain too.
func Temporary(err error) bool { return is(err, (*Error).temporary) }

// Permanent reports whether trying again is useless until somebody fixes
// something: the request was refused with 4xx, cannot be sent as it is, or is
// answered by something that is not the API. Of an error of this package that
// is not the caller's own cancellation, either Temporary or Permanent is true.
func Permanent(err error) bool {
	return is(err, func(e *Error) bool { return !e.temporary() && e.kind != canceled })
}

// Uncertain reports whether the phone system may have done what was asked
// although the call failed: the time was up or the connection broke after the
// request had gone out, the answer cannot be read, or a gateway lost it. Do not
// send a text again automatically then. It is never true of a GET, or if the
// phone system itself refused.
func Uncertain(err error) bool { return is(err, (*Error).uncertain) }
