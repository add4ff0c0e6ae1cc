package fault

import "net/http"

// HTTPStatus returns the status of an answer that says err.
func HTTPStatus(err error) int {
	switch CodeOf(err) {
	case Invalid, Unsupported:
		return http.StatusBadRequest
	case NotFound:
		return http.StatusNotFound
	case Refused:
		return http.StatusForbidden
	case Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
