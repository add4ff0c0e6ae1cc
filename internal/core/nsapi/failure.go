package nsapi

import (
	"errors"
	"net/http"
	"time"

	"github.com/switchhook/switchhook/internal/core"
	"github.com/switchhook/switchhook/internal/fault"
)

// failure is the answer that an error becomes.
func (h *Handler) failure(r *http.Request, err error) reply {
	h.note(r.Context(), "API request refused", "error", err.Error())
	if f, ok := errors.AsType[*failed](err); ok {
		return reply{status: f.status, allow: f.allow, wait: f.wait, body: status{f.status, f.message}}
	}
	code := statusOf(err)
	if code == http.StatusInternalServerError {
		if r.Context().Err() == nil { // else the client has gone, and that was all
			h.config.Log.ErrorContext(r.Context(), "API request failed", "method", r.Method, "error", err)
		}
		return reply{status: code, body: status{code, "an internal error; the server's log has it"}}
	}
	answer := reply{status: code, body: status{code, sentence(err)}}
	if code == http.StatusTooManyRequests {
		answer.wait = time.Second // then an owner may begin the next call
	}
	return answer
}

// statusOf returns the status for an error of the core.
func statusOf(err error) int {
	switch {
	case errors.Is(err, core.ErrExists):
		return http.StatusConflict
	case errors.Is(err, core.ErrTooMany):
		return http.StatusTooManyRequests
	case errors.Is(err, core.ErrNoTelephones):
		return http.StatusNotImplemented
	}
	return fault.HTTPStatus(err)
}

// sentence returns what an error says to a person, with its hint.
func sentence(err error) string {
	message := err.Error()
	if hint := fault.HintOf(err); hint != "" {
		message += "; " + hint
	}
	return message
}

// exists puts the vendor's words into the error that says that something exists
// already: clients parse them.
func exists(err error, words string) error {
	if errors.Is(err, core.ErrExists) {
		return failf(http.StatusConflict, "%s", words)
	}
	return err
}
