package netsapiens

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault/measure"
)

// failed returns the Error of a call that went out.
func (c *Client) failed(k *call, why kind, format string, args ...any) *Error {
	return &Error{Op: k.tried(), Message: fmt.Sprintf(format, args...), kind: why, sent: !k.question()}
}

// invalid returns the Error of a call that is not made, because its input is
// invalid.
func (c *Client) invalid(tried func() string, err error) *Error {
	return &Error{Op: tried(), Message: err.Error(), kind: invalid}
}

// fail returns the Error of this exchange.
func (x *exchange) fail(why kind, format string, args ...any) *Error {
	e := x.client.failed(x.call, why, format, args...)
	e.sent = e.sent && x.progress.Load() != connecting
	return e
}

// diagnose explains why there is no answer.
func (x *exchange) diagnose(err error) *Error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // its text is the whole address
	}
	if e := x.timeUp(err, 0, bodyNotBegun); e != nil {
		return e
	}
	where := x.client.where
	if notDialled(err) || x.progress.Load() == connecting {
		e := x.fail(unreachable, "there is no connection to %s: %s", where, x.client.clean(root(err)))
		e.sent = false
		e.Hint = "check the address of the phone system, and that it is up"
		return e
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "Location header"): // net/http has no type for this one
		e := x.fail(redirected, "%s points to another address that is none", where)
		e.Hint = "check the address of the phone system"
		return e
	case strings.Contains(text, "response headers exceeded"):
		return x.fail(unreadable, "%s sent more headers than an answer may have", where)
	case x.progress.Load() == answering && !cutShort(err): // the text may quote what was sent
		e := x.fail(unreadable, "%s does not answer as a web server does", where)
		e.Hint = "check the port and whether it is http or https"
		return e
	}
	if x.progress.Load() == answering {
		return x.dropped("%s closed the connection in the middle of its headers", where)
	}
	return x.dropped("%s closed the connection without an answer", where)
}

// broken explains why there is only a part of an answer's body.
func (x *exchange) broken(err error, status, got int) *Error {
	e := x.timeUp(err, status, got)
	if e == nil {
		e = x.dropped("%s answered %d and closed the connection in the middle of its answer, after %s", x.client.where, status, measure.Bytes(int64(got)))
	}
	e.Status = status
	return e
}

func (x *exchange) dropped(format string, args ...any) *Error {
	e := x.fail(dropped, format, args...)
	if e.Hint = "look in the phone system's log, and in that of a proxy before it"; e.sent {
		e.Hint += "; the request may have been carried out"
	}
	return e
}

// bodyNotBegun says to timeUp that the answer did not get as far as its body.
const bodyNotBegun = -1

// timeUp returns an Error if the caller gave up or the time was up, and nil if
// err has another reason.
func (x *exchange) timeUp(err error, status, got int) *Error {
	if gone := x.caller.Err(); gone != nil {
		return x.over(gone)
	}
	network, ok := errors.AsType[net.Error](err)
	if x.limited.Err() == nil && !(ok && network.Timeout()) {
		return nil
	}
	where, spent := x.client.where, measure.Seconds(time.Since(x.started))
	var e *Error
	switch {
	case got != bodyNotBegun:
		e = x.fail(late, "%s answered %d, sent %s in %s and had not finished", where, status, measure.Bytes(int64(got)), spent)
	case x.progress.Load() == answering:
		e = x.fail(late, "%s began to answer but had not finished its headers in %s", where, spent)
	case x.progress.Load() == connecting, notDialled(err):
		e = x.fail(late, "there was no connection to %s in %s", where, spent)
		e.sent = false
		e.Hint = "check that the phone system is up and that no firewall drops the connection"
	default:
		e = x.fail(late, "%s took the request but sent nothing in %s", where, spent)
	}
	if e.Hint == "" && e.sent {
		e.Hint = "the request may have been carried out"
	}
	e.Err = context.DeadlineExceeded
	return e
}

// over returns the Error for a caller whose context ended, with its cause
// within reach of errors.Is.
func (x *exchange) over(gone error) *Error {
	k, why := canceled, "was called off"
	if errors.Is(gone, context.DeadlineExceeded) {
		k, why = late, "had no more time"
	}
	state := "it had gone to " + x.client.where + ", but there was no whole answer"
	if x.progress.Load() == connecting {
		state = "nothing had been sent"
	}
	e := x.fail(k, "it %s after %s; %s", why, measure.Seconds(time.Since(x.started)), state)
	e.Err = gone
	if cause := context.Cause(x.caller); cause != nil && !errors.Is(cause, gone) {
		e.Err = fmt.Errorf("%w: %w", gone, cause)
	}
	return e
}

// notDialled says whether err means that there was no connection to send on.
func notDialled(err error) bool {
	if network, ok := errors.AsType[*net.OpError](err); ok && network.Op == "dial" {
		return true
	}
	_, ok := errors.AsType[*net.DNSError](err)
	return ok
}

// cutShort says whether the other side, or the network, ended the connection.
func cutShort(err error) bool {
	_, network := errors.AsType[*net.OpError](err)
	return network || strings.Contains(err.Error(), "header: missing colon") || // cut within a header's name
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe)
}

// root returns the words of the innermost error: the outer ones repeat what
// the sentence around says.
func root(err error) string {
	for {
		if name, ok := err.(*net.DNSError); ok { //nolint:errorlint // each layer is looked at by itself
			return "the name " + name.Name + " cannot be looked up (" + name.Err + ")"
		}
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
