package ledger

import (
	"errors"

	"github.com/switchhook/switchhook/internal/fault"
)

// ErrTaken says that there is nothing to do about a text just now: it went out,
// it is dead, it is not due yet, or another worker has it.
var ErrTaken = errors.New("the text is not waiting to be sent")

// ErrOutdated says that a call was admitted by what has changed since: it is to
// be admitted again.
var ErrOutdated = errors.New("what the call was admitted by has changed")

// WhyOf returns what an attempt met that ended with an error.
func WhyOf(err error) Why {
	switch fault.AgainOf(err) {
	case fault.Uncertain:
		return Uncertain
	case fault.Never:
		return Refused
	}
	return Failed
}
