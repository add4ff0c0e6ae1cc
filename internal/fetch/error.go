package fetch

import (
	"fmt"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

// Kind classifies why there is no answer. The set is closed.
type Kind string

// Why there is no answer.
const (
	Scheme    Kind = "scheme"    // not an address that is asked: not http or https, no host, credentials in it
	Resolve   Kind = "resolve"   // the name could not be looked up
	Guarded   Kind = "guarded"   // the guard does not allow the address
	Refused   Kind = "refused"   // no connection, or closed before a byte of an answer came
	Timeout   Kind = "timeout"   // not connected, or not answered, in time
	TLS       Kind = "tls"       // no TLS handshake
	TooLarge  Kind = "too_large" // body or headers above the limit
	Redirects Kind = "redirects" // too many, in a circle, to nowhere, or from https to http
	Protocol  Kind = "protocol"  // not HTTP, cut short, or garbled
	Canceled  Kind = "canceled"  // the caller's context ended
)

// code returns how an Error of this kind looks among all errors.
func (k Kind) code() fault.Code {
	switch k {
	case Scheme:
		return fault.Invalid
	case Guarded, TooLarge, Redirects:
		return fault.Refused
	default:
		return fault.Unavailable
	}
}

// Error says why there is no answer. It names the address without its query,
// which holds the numbers of callers. errors.As finds a *fault.Error in it too.
type Error struct {
	Kind     Kind
	Answered bool          // at least one byte of an answer came, be it of a redirect
	Message  string        // a sentence without a capital or a full stop, for people
	Hint     string        // what to do about it; may be empty
	Elapsed  time.Duration // from the call of Do
	Err      error         // the cause, for logs; may be nil
}

// Error returns the message, and the cause where there is one.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// As gives the error as a *fault.Error to those who only know that type.
func (e *Error) As(target any) bool {
	f, ok := target.(**fault.Error)
	if ok {
		*f = &fault.Error{Code: e.Kind.code(), Message: e.Message, Hint: e.Hint, Err: e.Err}
	}
	return ok
}

func newError(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}
