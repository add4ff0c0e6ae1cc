package fetch

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/switchhook/switchhook/internal/fault/measure"
)

// exchange is one call of Do: a request, its redirects and the answer. It is
// the RoundTripper of its own http.Client, so that each hop passes through it
// with the headers and cookies that will really be sent.
type exchange struct {
	client  *Client
	req     Request
	caller  context.Context // the caller's, without our time limit
	limited context.Context // caller with our time limit
	started time.Time

	hops       int       // requests sent, redirects included
	hopURL     *url.URL  // of the hop under way
	hopStarted time.Time // when the hop under way began

	// Written by the trace hooks, from goroutines of net/http.
	connected atomic.Bool // the hop under way has a connection
	firstByte atomic.Bool // the hop under way has been answered, at least in part
	answered  atomic.Bool // some hop has

	http  http.Client
	trace httptrace.ClientTrace
}

func (x *exchange) run(ctx context.Context) (*Response, error) {
	resp, err := x.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := x.read(resp)
	if err != nil {
		return nil, err
	}
	if len(body) > 0 {
		if err := x.checkEncoding(resp); err != nil {
			return nil, err
		}
	}
	return &Response{
		URL:       x.hopURL,
		Status:    resp.StatusCode,
		Header:    resp.Header,
		Body:      body,
		Elapsed:   time.Since(x.started),
		Redirects: x.hops - 1,
	}, nil
}

// begin sends the request, follows its redirects and returns the answer, of
// which the body is still to be read.
func (x *exchange) begin(ctx context.Context) (*http.Response, error) {
	x.hopURL, x.hopStarted = x.req.URL, x.started
	x.trace = httptrace.ClientTrace{GotConn: x.gotConn, GotFirstResponseByte: x.gotFirstByte}
	x.limited = httptrace.WithClientTrace(ctx, &x.trace)
	x.http = http.Client{Transport: x, CheckRedirect: x.client.checkRedirect, Jar: x.req.Jar}

	resp, err := x.http.Do(x.request())
	if err != nil {
		return nil, x.diagnose(err, inHeaders)
	}
	switch {
	case resp.StatusCode == http.StatusSwitchingProtocols:
		err = x.fail(Protocol, "%s switched to another protocol, which was not asked for", show(x.hopURL))
	case resp.StatusCode < 200: // net/http hides the other interim answers
		err = x.fail(Protocol, "%s answered with %d, which is no status", show(x.hopURL), resp.StatusCode)
	default:
		return resp, nil
	}
	resp.Body.Close()
	return nil, err
}

// checkEncoding refuses an answer that is compressed in a way that was not
// asked for.
func (x *exchange) checkEncoding(resp *http.Response) error {
	if enc := resp.Header.Get("Content-Encoding"); enc == "" || enc == "identity" {
		return nil
	}
	e := x.fail(Protocol, "%s compressed its answer in a way that was not asked for", show(x.hopURL))
	e.Hint = "send the answer as it is, or with gzip where the request accepts it"
	return e
}

// request returns the first request, with headers that are ours to change.
func (x *exchange) request() *http.Request {
	h := make(http.Header, len(x.req.Header)+4)
	for k, v := range x.req.Header {
		h[k] = slices.Clip(v) // so that adding to it copies it
	}
	h.Del("Accept-Encoding")
	if _, ok := h["User-Agent"]; !ok {
		h["User-Agent"] = x.client.userAgent
	}
	r := http.Request{Method: x.req.Method, URL: x.req.URL, Header: h}
	if body := x.req.Body; len(body) > 0 {
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body, _ = r.GetBody()
		r.ContentLength = int64(len(body))
	}
	return r.WithContext(x.limited)
}

// RoundTrip sends one hop. It signs the request in place: the request is
// either ours or was made by our own http.Client, which copied the headers for
// later hops before the first one was signed.
func (x *exchange) RoundTrip(r *http.Request) (*http.Response, error) {
	x.hops++
	x.hopURL, x.hopStarted = r.URL, time.Now()
	x.connected.Store(false)
	x.firstByte.Store(false)
	if x.req.Sign != nil {
		var body []byte
		if r.Body != nil {
			body = x.req.Body
		}
		x.req.Sign(r, body)
	}
	resp, err := x.client.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if e := checkLocation(resp); e != nil {
		resp.Body.Close()
		return nil, e
	}
	return resp, nil
}

func (x *exchange) gotConn(httptrace.GotConnInfo) { x.connected.Store(true) }

func (x *exchange) gotFirstByte() {
	x.firstByte.Store(true)
	x.answered.Store(true)
}

// firstRead is the largest buffer that is made based on a server's claim about
// the length of its body, before any of it has come.
const firstRead = 64 << 10

// limit returns how large the answer may be. It is an error if more is announced.
func (x *exchange) limit(resp *http.Response) (int64, error) {
	limit := x.req.Limit
	if limit <= 0 {
		limit = DefaultLimit
	}
	if resp.ContentLength > limit && x.req.Method != http.MethodHead {
		return 0, x.tooLarge("%s announces an answer of %s, more than the %s that are allowed",
			show(x.hopURL), measure.Bytes(resp.ContentLength), measure.Bytes(limit))
	}
	return limit, nil
}

// read returns the body, or an *Error if it is larger than the limit.
func (x *exchange) read(resp *http.Response) ([]byte, error) {
	limit, err := x.limit(resp)
	if err != nil {
		return nil, err
	}
	// One byte more than announced, so that the end is found without growing.
	buf := make([]byte, 0, min(max(resp.ContentLength+1, 512), firstRead))
	for {
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > limit {
			return nil, x.tooLarge("%s sent more than the %s that are allowed", show(x.hopURL), measure.Bytes(limit))
		}
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return nil, x.diagnose(err, len(buf))
		}
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, 512)
		}
	}
}
