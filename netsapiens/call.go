package netsapiens

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/fault/measure"
)

// call is one request of the API.
type call struct {
	method string
	path   string        // below /ns-api/v2, or /ns-api of a form; escaped, with the query
	body   any           // sent as JSON; nil: none
	form   []formField   // sent to the legacy API as multipart/form-data; nil: none
	tried  func() string // what it is for, in words for errors; numbers masked
}

// question says whether a call changes nothing.
func (k *call) question() bool { return k.method == http.MethodGet }

// answer is a whole answer of the API that is no refusal.
type answer struct {
	status int
	body   []byte // without the white space around it
}

// exchange is one attempt at a call.
type exchange struct {
	client  *Client
	call    *call
	caller  context.Context // the caller's, without our time limit
	limited context.Context // caller with our time limit
	started time.Time       // of the first attempt

	progress atomic.Int32 // written by the trace hooks, from goroutines of net/http
}

// How far an exchange has got.
const (
	begun      = iota // nothing known; with a foreign RoundTripper it stays so
	connecting        // waiting for a connection
	connected         // a connection was there to send the request on
	answering         // the first byte of an answer came
)

// do sends a call and returns its answer. Its error is always an *Error. A GET
// whose connection failed is sent once more; nothing else is.
func (c *Client) do(ctx context.Context, k call) (answer, error) {
	var body content
	switch {
	case k.form != nil:
		body = encodeForm(k.form)
	case k.body != nil:
		body = content{jsonOnly, encode(k.body)}
	}
	started := time.Now()
	if err := ctx.Err(); err != nil {
		x := exchange{client: c, call: &k, caller: ctx, started: started}
		x.progress.Store(connecting)
		return answer{}, x.over(err)
	}
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	x := exchange{client: c, call: &k, caller: ctx, limited: limited, started: started}
	a, err := x.run(body)
	if err != nil && k.question() && err.connectionFailed() && limited.Err() == nil {
		x.progress.Store(begun)
		a, err = x.run(body)
	}
	if err != nil {
		return answer{}, err
	}
	return a, nil
}

// content is the body of a request.
type content struct {
	kind []string // as the header has it
	body []byte
}

// connectionFailed says whether there was no answer for another reason than a
// timeout.
func (e *Error) connectionFailed() bool {
	return e.kind == unreachable || e.kind == dropped && e.Status == 0
}

// encode returns v as JSON. The values of this package always have one.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // URLs stay as people wrote them
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func (x *exchange) run(sent content) (answer, *Error) {
	traced := httptrace.WithClientTrace(x.limited, &httptrace.ClientTrace{
		GetConn:              x.getConn,
		GotConn:              x.gotConn,
		GotFirstResponseByte: x.gotFirstByte,
	})
	var body io.Reader
	if sent.body != nil {
		body = bytes.NewReader(sent.body)
	}
	base := x.client.base
	if x.call.form != nil {
		base = x.client.legacy
	}
	r, err := http.NewRequestWithContext(traced, x.call.method, base+x.call.path, body)
	if err != nil {
		return answer{}, x.fail(invalid, "the address of this call cannot be built")
	}
	x.client.authorize(r.Header)
	r.Header["Accept"] = jsonOnly
	if sent.body != nil {
		r.Header["Content-Type"] = sent.kind
	}
	resp, err := x.client.http.Do(r)
	if err != nil {
		return answer{}, x.diagnose(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return answer{}, x.broken(err, resp.StatusCode, len(got))
	case len(got) > maxAnswer:
		e := x.fail(unreadable, "%s sent more than the %s that an answer may have", x.client.where, measure.Bytes(maxAnswer))
		e.Status = resp.StatusCode
		return answer{}, e
	}
	return x.judge(resp, trim(got))
}

var jsonOnly = []string{"application/json"}

// getConn is called each time net/http itself tries to get a connection: it
// tries another one only if nothing was sent on the previous one.
func (x *exchange) getConn(string)                { x.progress.Store(connecting) }
func (x *exchange) gotConn(httptrace.GotConnInfo) { x.progress.Store(connected) }
func (x *exchange) gotFirstByte()                 { x.progress.Store(answering) }

// byteOrderMark begins the output of PHP files that were saved with one.
var byteOrderMark = []byte("\uFEFF")

// trim returns a body without anything that may surround its JSON.
func trim(body []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark))
}
