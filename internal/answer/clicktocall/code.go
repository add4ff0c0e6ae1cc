package clicktocall

import (
	"net/http"
	"time"
)

// Code says why a visitor is not called. The set is closed: widgets and other
// people's programs go by it, and it labels what is counted.
type Code string

// The codes.
const (
	BadRequest        Code = "bad_request"         // the request cannot be read
	UnknownID         Code = "unknown_id"          // no entry of this id has click-to-call
	OriginRefused     Code = "origin_refused"      // the page is not one that the entry names
	TokenRequired     Code = "token_required"      // the request has no token
	TokenInvalid      Code = "token_invalid"       // it is forged, too old, used, or of another page or network
	WorkMissing       Code = "work_missing"        // the nonce does not prove the work that was asked for
	NumberInvalid     Code = "number_invalid"      // it is no number of the entry's regions
	NumberRefused     Code = "number_refused"      // it is one that is never called: premium, special, short, our own
	Limited           Code = "limited"             // a cap is reached, or the number is never to be called
	Closed            Code = "closed"              // the place is closed at the time
	PhoneSystemFailed Code = "phone_system_failed" // certainly no one is called
	PhoneSystemSlow   Code = "phone_system_slow"   // it did not answer in time: somebody may be called
	Unavailable       Code = "unavailable"         // our own database fails; no one is called
)

// Accepted and Repeated are what is counted of requests that are not refused.
const (
	Accepted Code = "accepted"
	Repeated Code = "repeated" // the call was asked for before, and got the same answer
)

// Codes returns all that is counted.
func Codes() []Code {
	return []Code{
		Accepted, Repeated, BadRequest, UnknownID, OriginRefused, TokenRequired, TokenInvalid, WorkMissing, NumberInvalid,
		NumberRefused, Limited, Closed, PhoneSystemFailed, PhoneSystemSlow, Unavailable,
	}
}

// status returns the HTTP status of a refusal.
func (c Code) status() int {
	switch c {
	case BadRequest, NumberInvalid, NumberRefused:
		return http.StatusBadRequest
	case UnknownID:
		return http.StatusNotFound
	case OriginRefused, TokenRequired, TokenInvalid, WorkMissing:
		return http.StatusForbidden
	case Limited:
		return http.StatusTooManyRequests
	case Closed:
		return http.StatusConflict
	case PhoneSystemFailed:
		return http.StatusBadGateway
	case PhoneSystemSlow:
		return http.StatusGatewayTimeout
	}
	return http.StatusServiceUnavailable
}

// message says it to a person who reads what the server answers; visitors read
// what the widget says, in their language.
func (c Code) message() string {
	switch c {
	case BadRequest:
		return "The request cannot be read."
	case UnknownID:
		return "There is no click-to-call button of this id."
	case OriginRefused:
		return "This page may not show the button: its address is not among the origins of the entry."
	case TokenRequired:
		return "A token is required: ask for one at /click-to-call/token first."
	case TokenInvalid:
		return "The token is not valid any more: ask for another one."
	case WorkMissing:
		return "The nonce does not prove the work that the token asks for."
	case NumberInvalid:
		return "This is not a telephone number that can be called from here."
	case NumberRefused:
		return "Numbers of this kind are never called."
	case Limited:
		return "There have been too many requests. Try again later."
	case Closed:
		return "We are closed at this time."
	case PhoneSystemFailed:
		return "The phone system did not take the call. Nobody is called."
	case PhoneSystemSlow:
		return "The phone system did not answer in time. The call may come all the same."
	}
	return "Something went wrong on our side. Nobody is called."
}

// Refusal is why a visitor is not called.
type Refusal struct {
	Code  Code
	Why   string    // to add to the message of a BadRequest; empty: nothing
	Retry time.Time // of Limited: when to try again
	Next  time.Time // of Closed: when the place opens; zero: never
	Err   error     // for the log; nil: there is none
}

func refuse(code Code) *Refusal { return &Refusal{Code: code} }
