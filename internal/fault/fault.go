// Package fault holds the one error type that people read: a code that programs
// can distinguish, a sentence, and a hint that says what to do next.
//
// Everything that is not an *Error is internal: it is logged whole and shown to
// a person as a plain failure.
package fault

import (
	"errors"
	"fmt"
)

// Code is the kind of an error. The zero Code is Internal.
type Code string

// The kinds of errors, by what the reader can do about them.
const (
	Internal    Code = ""            // a defect of ours
	Invalid     Code = "invalid"     // what was given cannot be used; fix it and try again
	NotFound    Code = "not_found"   // what was named does not exist
	Refused     Code = "refused"     // a rule forbids it; trying again changes nothing
	Unavailable Code = "unavailable" // another party is down or slow; trying later may help
	Unsupported Code = "unsupported" // this build or machine cannot do it
)

// Error is an error with a sentence for a person.
type Error struct {
	Code    Code
	Message string // a sentence without a capital or a full stop, as Go errors are
	Hint    string // what to do about it; may be empty
	Again   Again  // what trying again is worth; empty: what Code says
	Err     error  // the cause, for logs; may be nil
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

// Newf returns an Error of the given code with a formatted message.
func Newf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// WithHint returns e with a hint that says what to do next.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// CodeOf returns the code of the first Error in err's chain, or Internal.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// HintOf returns the first hint in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
