package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/call/document"
	"github.com/switchhook/switchhook/internal/call/trace"
	"github.com/switchhook/switchhook/internal/fetch"
	"github.com/switchhook/switchhook/internal/setting"
	"github.com/switchhook/switchhook/responder"
)

// question is a question to a responder.
type question struct {
	url    *url.URL
	method string
	input  []parameter // what was entered since the last question
}

// answer is a document and where it stands.
type answer struct {
	parsed *responder.Parsed
	url    *url.URL // relative URLs in the document start here
}

// failure is a responder that gave no document, or one that cannot be followed
// to its end. Its text is a sentence.
type failure struct {
	code, text string
	line       int  // of the document; 0: none
	again      bool // no byte of an answer came, so asking again does no harm
	told       bool // an event says so
	err        error
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.err }

// headers of every question. What a responder calls its answer does not
// matter, so anything is accepted.
var headers = http.Header{"Accept": {"application/xml, text/xml;q=0.9, */*;q=0.5"}}

// ask asks a responder, and once more if nothing came back. The error is a
// *failure or the reason why the call is over.
func (r *run) ask(ctx context.Context, q question) (answer, error) {
	a, err := r.askOnce(ctx, q)
	failed, ok := errors.AsType[*failure](err)
	if !ok || !failed.again || q.method != http.MethodGet {
		return a, err
	}
	if _, ok := r.engine.breakers.allow(q.url); !ok {
		return a, err
	}
	r.warn(CodeRetry, 0, "not a byte came back, so the responder is asked once more")
	return r.askOnce(ctx, q)
}

// askOnce sends one request and reads its answer.
func (r *run) askOnce(ctx context.Context, q question) (answer, error) {
	if err := context.Cause(ctx); err != nil {
		return answer{}, err
	}
	event := trace.Request{Method: q.method, URL: shownURL(q.url)}
	at := r.line.Now()
	failed := func(f *failure) (answer, error) {
		event.Error, event.Code, f.told = f.text, f.code, true
		r.emitAt(at, event)
		return answer{}, f
	}
	if wait, ok := r.engine.breakers.allow(q.url); !ok {
		return failed(&failure{code: CodeBreaker, text: notAsked(wait)})
	}
	sent := encodeParameters(r.facts, q.input)
	request := r.request(q, sent)
	event.Exchange = &trace.Exchange{Sent: sent}
	started := time.Now()
	response, err := r.engine.config.Client.Do(ctx, request)
	event.Ms = time.Since(started).Milliseconds()
	if response != nil {
		event.Status = response.Status
		event.Exchange.URL, event.Exchange.Body = response.URL.String(), response.Body
		event.Exchange.ContentType = response.Header.Get("Content-Type")
	}
	if ctx.Err() != nil { // the responder's health is unknown
		event.Error = "the call ended before the answer came"
		r.emitAt(at, event)
		return answer{}, context.Cause(ctx)
	}
	r.engine.breakers.report(q.url, healthy(event.Status, err))
	if err != nil {
		return failed(unreachable(err))
	}
	a, f := readAnswer(response)
	if f != nil {
		event.Error, event.Code, f.told = f.text, f.code, true
	}
	r.emitAt(at, event)
	r.warnOf(a.parsed)
	if f != nil {
		return answer{}, f
	}
	return a, nil
}

// notAsked says why the circuit breaker spared a responder.
func notAsked(wait time.Duration) string {
	return fmt.Sprintf("not asked: it failed %d times in a row; the next try is in %d s", breakerFailures, int(math.Ceil(wait.Seconds())))
}

// request puts the encoded parameters where the method and the settings want
// them.
func (r *run) request(q question, sent string) fetch.Request {
	target := *q.url
	request := fetch.Request{
		Method:  q.method,
		URL:     &target,
		Header:  headers,
		Jar:     r.cookies,
		Limit:   responder.MaxDocument,
		Timeout: r.engine.config.Timeout,
		Sign:    r.signer(),
	}
	place := r.engine.config.PostParameters
	target.RawQuery = escapeQuery(target.RawQuery)
	if q.method != http.MethodPost || place != BodyOnly {
		if target.RawQuery != "" {
			target.RawQuery += "&"
		}
		target.RawQuery += sent
	}
	if q.method == http.MethodPost {
		request.Header = headers.Clone()
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if place != QueryOnly {
			request.Body = []byte(sent)
		}
	}
	return request
}

// signer signs what goes to the origin that the dial rule names: no other
// origin shares the secret.
func (r *run) signer() func(*http.Request, []byte) {
	if r.call.Secret == "" {
		return nil
	}
	id := rand.Text()
	return func(request *http.Request, body []byte) {
		if fetch.SameOrigin(request.URL, r.call.URL) {
			responder.Sign(request, body, id, r.engine.config.Now(), r.call.Secret)
		}
	}
}

// healthy reports whether a responder is up, whatever its answer to this call.
func healthy(status int, err error) bool {
	if err != nil {
		return !isOutage(err)
	}
	return status < http.StatusInternalServerError
}

// isOutage reports whether an error means that the responder can serve no call
// now, rather than that this one document is wrong.
func isOutage(err error) bool {
	failed, ok := errors.AsType[*fetch.Error](err)
	if !ok {
		return true
	}
	switch failed.Kind {
	case fetch.Resolve, fetch.Refused, fetch.Timeout, fetch.TLS, fetch.Protocol:
		return true
	}
	return false
}

func unreachable(err error) *failure {
	failed, ok := errors.AsType[*fetch.Error](err)
	if !ok {
		return &failure{code: CodeUnreachable, text: err.Error(), err: err}
	}
	f := &failure{code: CodeUnreachable, text: failed.Message, err: err}
	if failed.Hint != "" {
		f.text += "; " + failed.Hint
	}
	switch failed.Kind {
	case fetch.Timeout:
		f.code = CodeTimeout
	case fetch.TooLarge:
		f.code = CodeTooLarge
	case fetch.Guarded:
		f.code = CodeGuarded
	case fetch.Redirects:
		f.code = CodeRedirects
	case fetch.Scheme:
		f.code = CodeAddress
	}
	f.again = !failed.Answered && isOutage(err)
	return f
}

// statusText names a status as people look it up.
func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// readAnswer makes a document of a response. The parsed document is returned
// even if it cannot be run, for its problems.
func readAnswer(response *fetch.Response) (answer, *failure) {
	if response.Status < 200 || response.Status > 299 {
		return answer{}, &failure{code: CodeStatus, text: "it answered " + statusText(response.Status)}
	}
	parsed, err := document.Parse(response.Body, response.Header.Get("Content-Type"))
	a := answer{parsed: parsed, url: response.URL}
	if syntax, ok := errors.AsType[*responder.SyntaxError](err); ok {
		parsed.Problems = parsed.Problems[:len(parsed.Problems)-1] // it is the request's error
		return a, &failure{code: syntax.Problem.Code, text: syntax.Error(), err: err}
	}
	return a, nil
}

// shownURL returns a URL as a trace has it: without passwords and keys, which
// would end up in saved calls and tickets.
func shownURL(u *url.URL) string { return setting.WithoutSecrets(u.String()) }
