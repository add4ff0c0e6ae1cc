package responder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"
)

// Func answers a request of a phone system with a document.
type Func func(context.Context, *Request) (Document, error)

// Handler is an http.Handler that answers a phone system. Whatever happens
// the caller hears something: an error, a panic and a document that cannot be
// written are logged, and answered with the Apology.
type Handler struct {
	// Respond makes the answer.
	Respond Func

	// Secrets are the phone system's secrets (HttpSecret); any of them will do,
	// so that one can be replaced by another while calls go on. With at least
	// one, a request that is not signed is refused with status 401.
	Secrets []string

	// Apology is the answer if Respond fails; nil: DefaultApology.
	Apology *Document

	// Log gets one line for each failure; nil: slog.Default().
	Log *slog.Logger
}

// DefaultApology is what a caller hears if a responder fails.
func DefaultApology() Document {
	return Respond(Say{Text: "We are sorry, something went wrong. Please try again later."}, Hangup{})
}

// Handle returns a Handler for respond.
func Handle(respond Func) *Handler { return &Handler{Respond: respond} }

// ServeHTTP answers GET and POST with a document.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "a phone system asks with GET or POST", http.StatusMethodNotAllowed)
		return
	}
	if len(h.Secrets) > 0 {
		if err := Verify(r, time.Now(), h.Secrets...); err != nil {
			http.Error(w, err.Error(), statusOf(err))
			return
		}
	}
	req, err := ParseRequest(r)
	if err != nil {
		http.Error(w, err.Error(), statusOf(err))
		return
	}
	document, err := h.respond(context.WithValue(r.Context(), exchangeKey{}, exchange{w, r}), req)
	if err != nil {
		h.failed(r, req, err)
		document = h.apology()
	}
	xml, err := Encode(document)
	if err != nil {
		h.failed(r, req, err)
		if xml, err = Encode(h.apology()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	header := w.Header()
	header.Set("Content-Type", "application/xml; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(xml)))
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "no-store") // an answer belongs to one caller
	}
	_, _ = w.Write(xml) // the phone system may have gone
}

// statusOf returns the status for a request that cannot be answered.
func statusOf(err error) int {
	switch {
	case errors.Is(err, ErrUnsigned), errors.Is(err, ErrExpired), errors.Is(err, ErrSignature):
		return http.StatusUnauthorized
	case errors.Is(err, ErrRequestTooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// panicError is a panic of Respond.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// respond calls Respond and turns a panic into an error.
func (h *Handler) respond(ctx context.Context, req *Request) (d Document, err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = &panicError{p, debug.Stack()}
		}
	}()
	return h.Respond(ctx, req)
}

func (h *Handler) apology() Document {
	if h.Apology != nil {
		return *h.Apology
	}
	return DefaultApology()
}

func (h *Handler) failed(r *http.Request, req *Request, err error) {
	log := h.Log
	if log == nil {
		log = slog.Default()
	}
	attrs := []any{"path", r.URL.Path, "orig_call_id", req.OrigCallID, "error", err}
	if p, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, "stack", string(p.stack))
	}
	log.ErrorContext(r.Context(), "responder failed", attrs...)
}
