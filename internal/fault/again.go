package fault

import (
	"errors"
	"net/http"
)

// Again says what it is worth to try again what has failed.
type Again string

// What trying again is worth. The code that finds an error says it, once.
const (
	Never     Again = "no"        // nothing, until somebody fixes something
	Later     Again = "later"     // it may help
	Uncertain Again = "uncertain" // it may have been done: find out first, as it would be done twice
)

// again returns what a code by itself says.
func (c Code) again() Again {
	switch c {
	case Invalid, NotFound, Refused, Unsupported:
		return Never
	}
	return Later
}

// AgainOf returns what the first Error in err's chain says. Nothing speaks against
// trying again after any other error.
func AgainOf(err error) Again {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return Later
	case e.Again == "":
		return e.Code.again()
	}
	return e.Again
}

// AgainAfter returns what another party's HTTP status says that is no success.
func AgainAfter(status int) Again {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return Later
	}
	if status >= http.StatusInternalServerError {
		return Later
	}
	return Never
}
