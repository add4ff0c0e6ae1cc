package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault/measure"
)

// inHeaders says to diagnose that the answer did not get as far as its body.
const inHeaders = -1

// diagnose explains what net/http or a body reported. got is how many bytes of
// the body had been read, or inHeaders.
func (x *exchange) diagnose(err error, got int) *Error {
	if cause := context.Cause(x.caller); cause != nil {
		return x.canceled(cause)
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // its text is the whole address, with the query
	}
	if made, ok := errors.AsType[*Error](err); ok {
		e := x.complete(made)
		if x.hops > 1 && e.Kind != Redirects {
			e.Message = show(x.req.URL) + " redirects, and " + e.Message
		}
		return e
	}
	if x.limited.Err() != nil {
		return x.late(got)
	}
	if got != inHeaders {
		return x.brokenBody(err, got)
	}
	return x.noAnswer(err)
}

// fail returns an Error of this exchange.
func (x *exchange) fail(kind Kind, format string, args ...any) *Error {
	return x.complete(newError(kind, format, args...))
}

// complete returns a copy of an Error that the connection or a redirect met,
// with what this exchange knows about it. A copy, because several requests
// may wait for one connection.
func (x *exchange) complete(met *Error) *Error {
	e := *met
	e.Answered = x.answered.Load()
	e.Elapsed = time.Since(x.started)
	return &e
}

func (x *exchange) tooLarge(format string, args ...any) *Error {
	e := x.fail(TooLarge, format, args...)
	e.Hint = "send a shorter answer"
	return e
}

// canceled keeps the caller's own cause within reach of errors.Is, and the
// context's word for it.
func (x *exchange) canceled(cause error) *Error {
	e := x.fail(Canceled, "asking %s was called off after %s", show(x.hopURL), measure.Seconds(time.Since(x.started)))
	e.Err = cause
	if err := x.caller.Err(); !errors.Is(cause, err) {
		e.Err = fmt.Errorf("%w: %w", err, cause)
	}
	return e
}

// late says how far the answer got before its time was up.
func (x *exchange) late(got int) *Error {
	where, spent := show(x.hopURL), measure.Seconds(time.Since(x.hopStarted))
	var e *Error
	switch {
	case got != inHeaders:
		e = x.fail(Timeout, "%s sent %s in %s and had not finished", where, measure.Bytes(int64(got)), spent)
	case x.firstByte.Load():
		e = x.fail(Timeout, "%s began to answer but had not finished its headers in %s", where, spent)
	case x.connected.Load():
		e = x.fail(Timeout, "%s took the request but sent nothing in %s", where, spent)
	default:
		e = x.fail(Timeout, "there was no connection to %s in %s", where, spent)
	}
	e.Hint = "answer sooner, for a caller is waiting, or raise the time limit"
	if !x.connected.Load() {
		e.Hint = "check that the host is up and that no firewall drops the connection"
	}
	if x.hops > 1 {
		e.Message += "; with its redirects it took " + measure.Seconds(e.Elapsed)
	}
	return e
}

// brokenBody explains an answer that ended before its end or cannot be read.
func (x *exchange) brokenBody(err error, got int) *Error {
	var e *Error
	if cutShort(err) {
		e = x.fail(Protocol, "%s closed the connection in the middle of its answer, after %s", show(x.hopURL), measure.Bytes(int64(got)))
		e.Hint = "look in the responder's log for a crash, and check the Content-Length it sends"
	} else {
		e = x.fail(Protocol, "the answer of %s is garbled after %s", show(x.hopURL), measure.Bytes(int64(got)))
		e.Hint = "check how the responder, or a proxy before it, compresses and divides its answers"
	}
	e.Err = err
	return e
}

// noAnswer explains an exchange that failed before the end of the headers.
//
// If net/http has no type for an error, its text is examined; should a later Go
// change that text, we only lose precision. The text of a malformed answer is
// not passed on: a server may send back what it was sent, query and all.
func (x *exchange) noAnswer(err error) *Error {
	where, text := show(x.hopURL), err.Error()
	var e *Error
	switch {
	case strings.Contains(text, "response headers exceeded"):
		e = x.fail(TooLarge, "%s sent more than %s of headers", where, measure.Bytes(maxHeaderBytes))
		e.Hint = "set fewer or smaller cookies and headers"
	case x.firstByte.Load() && cutShort(err):
		e = x.fail(Protocol, "%s closed the connection in the middle of its headers", where)
		e.Hint, e.Err = "look in the responder's log for a crash", err
	case strings.Contains(text, `malformed HTTP response "\x15\x03`): // a TLS alert (RFC 8446, section 5.1)
		e = x.fail(Protocol, "%s expects TLS", where)
		e.Hint = "write https:// instead of http://"
	case x.firstByte.Load(), strings.Contains(text, "readLoopPeekFailLocked"): // the latter: it spoke before it was asked
		e = x.fail(Protocol, "%s does not speak HTTP", where)
		e.Hint = "check the port: another kind of service seems to listen there"
	case x.connected.Load():
		e = x.fail(Refused, "%s closed the connection without an answer", where)
		e.Hint, e.Err = "look in the responder's log for a crash", err
		if m := x.req.Method; m != "" && m != http.MethodGet && m != http.MethodHead {
			e.Hint += "; the " + m + " was not sent again, for it may have been acted upon"
		}
	default:
		e = x.fail(Protocol, "the request to %s cannot be sent as it is", where)
		e.Err = err
	}
	return e
}

// cutShort reports whether err says that the other side, or the network, ended
// the connection.
func cutShort(err error) bool {
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe)
}
