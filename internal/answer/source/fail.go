package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

const (
	// defaultPause is how long we leave a vendor alone that reports too many
	// requests without saying until when: their limits count by the minute.
	defaultPause = time.Minute

	// maxPause bounds the pause that a vendor asks for. Calls come in meanwhile,
	// and one more request costs less than a wrong answer.
	maxPause = 15 * time.Minute
)

// fail returns an Error of this source that may go away when we ask again.
func (a *asker) fail(format string, args ...any) *Error {
	return &Error{Source: a.kind, Code: fault.Unavailable, Message: fmt.Sprintf(format, args...)}
}

// wrong returns an Error of this source that lasts until somebody does
// something about it.
func (a *asker) wrong(hint, format string, args ...any) *Error {
	return &Error{Source: a.kind, Code: fault.Refused, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// unanswered explains why there is no answer. Its sentences name the host
// alone: what fetch says holds the path, which may be a secret.
func (a *asker) unanswered(ctx context.Context, err error) *Error {
	if cause := ctx.Err(); cause != nil {
		e := a.fail("%s had not answered when asking it was given up", a.where())
		e.Err = cause
		return e
	}
	met, ok := errors.AsType[*fetch.Error](err)
	if !ok {
		e := a.fail("%s could not be asked", a.where())
		e.Err = err
		return e
	}
	var e *Error
	switch met.Kind {
	case fetch.Refused:
		e = a.fail("there is no connection to %s: it was refused, or closed before an answer came", a.where())
		e.Hint = "check the address of the source, and whether the vendor reports an outage"
	case fetch.Resolve:
		e = a.fail("the name of %s cannot be looked up", a.where())
		e.Hint = "check the address of the source, and the name servers of this machine"
	case fetch.Timeout:
		e = a.fail("%s did not answer in %s", a.where(), span(met.Elapsed))
		e.Hint = "check whether the vendor reports an outage, and that no firewall drops the connection"
	case fetch.TLS:
		e = a.fail("there is no TLS connection to %s", a.where())
		e.Hint = "check the address, the certificate at the other side, and the clock of this machine"
	case fetch.Protocol:
		e = a.fail("the answer of %s broke off or was garbled", a.where())
		e.Hint = "check whether a proxy stands in between"
	case fetch.TooLarge:
		e = a.wrong("check that the address is that of the interface, and the identifiers that narrow the list",
			"%s sent more than the %d MiB that are read", a.where(), a.limit>>20)
	case fetch.Guarded:
		e = a.wrong("where the source stands on a network of your own, allow private addresses for it",
			"%s has an address that may not be asked", a.where())
	case fetch.Redirects:
		e = a.wrong("give the address at which the redirects end", "%s redirects to where it is not followed", a.where())
	default:
		e = a.fail("%s could not be asked", a.where())
	}
	e.Err = met.Err
	return e
}

// refused explains an unexpected status.
func (a *asker) refused(answer *fetch.Response) *Error {
	var e *Error
	switch status := answer.Status; {
	case status == http.StatusUnauthorized:
		e = a.wrong("make a new key there, and give it as the source's api_key", "%s does not accept the key (401)", a.where())
	case status == http.StatusForbidden:
		e = a.wrong("give the key the right to read on-calls and users, or use one that has it", "the key for %s may not read what was asked for (403)", a.where())
	case status == http.StatusNotFound:
		e = a.wrong("check the address and the identifiers of the source", "%s does not know what was asked for (404)", a.where())
	case status == http.StatusTooManyRequests:
		e = a.fail("%s was asked too often (429)", a.where())
		e.Hint = "use a key of its own for Switchhook, and refresh less often"
		e.After = pause(answer.Header, defaultPause)
	case fault.AgainAfter(status) == fault.Later:
		e = a.fail("%s is not well (%d)", a.where(), status)
		e.Hint = "check whether the vendor reports an outage"
		e.After = pause(answer.Header, 0)
	case status < 300:
		e = a.fail("%s gave no answer to read (%d)", a.where(), status)
	default:
		e = a.wrong("check the address and the identifiers of the source", "%s refuses the request (%d)", a.where(), status)
	}
	e.Status = answer.Status
	return e
}

// pause returns how long the other side asks to be left alone, or the given time
// if it does not say. Retry-After is RFC 9110, section 10.2.3; ratelimit-reset,
// in seconds from now, is what PagerDuty and others send.
func pause(h http.Header, without time.Duration) time.Duration {
	for _, name := range [...]string{"Retry-After", "Ratelimit-Reset", "X-Ratelimit-Reset"} {
		text := strings.TrimSpace(h.Get(name))
		if text == "" {
			continue
		}
		wait := time.Duration(-1)
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			wait = seconds(n)
		} else if at, err := http.ParseTime(text); err == nil {
			wait = time.Until(at)
		}
		if wait >= 0 {
			return min(max(wait, time.Second), maxPause)
		}
	}
	return without
}

// seconds returns n seconds; where n is so large that it must be a time of
// day in Unix seconds, the time until then.
func seconds(n int64) time.Duration {
	const ten = 10 * 365 * 24 * 60 * 60 // years
	if n > ten {
		return time.Until(time.Unix(n, 0))
	}
	return time.Duration(n) * time.Second
}
