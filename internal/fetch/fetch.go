// Package fetch asks web responders, and other web addresses that people
// outside wrote down, without letting those addresses reach what they should
// not reach or hold a call longer than a caller waits.
//
// [New] makes a [Client]; [Client.Do] sends one request and returns the whole
// answer or an [*Error] whose sentence a support person understands;
// [Client.Open] returns an answer whose body is still coming, such as a sound.
// [Client.HTTP] lends the same guard to a library that wants an [http.Client].
//
// The guard judges the address that is being dialled, not the name in the URL,
// so it holds after redirects and when a name changes its address between two
// look-ups. Only HTTP/1.1 is spoken: a call asks one thing at a time, and a
// WebSocket needs it anyway.
package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	// DefaultConnectTimeout is how long a host may take to accept a connection,
	// TLS included. Somebody is on the phone: a host that needs longer is down.
	DefaultConnectTimeout = 3 * time.Second

	// DefaultTimeout is how long a whole answer may take, redirects included.
	// A caller who hears nothing for longer hangs up.
	DefaultTimeout = 15 * time.Second

	// MaxTimeout caps every time limit of an answer. Responders that ask a
	// language model take this long at worst; no caller waits longer.
	MaxTimeout = 120 * time.Second

	// DefaultRedirects is how many redirects are followed for one request.
	DefaultRedirects = 5

	// DefaultLimit is the largest body that is read when a request names no
	// limit, in bytes: the 1 MiB of a document.
	DefaultLimit = 1 << 20

	// DefaultUserAgent is how requests introduce themselves.
	DefaultUserAgent = "Switchhook"
)

const (
	// maxHeaderBytes bounds the status line and headers of an answer. Large
	// session cookies fit; an endless header does not.
	maxHeaderBytes = 64 << 10

	// idleTimeout is how long an unused connection is kept. It spans the pause
	// between two documents of a call (a caller listens and presses a key),
	// and is shorter than the minute after which routers forget a connection.
	idleTimeout = 30 * time.Second

	// maxIdle and maxIdlePerHost bound the connections that are kept. Those in
	// use are not bounded here: each belongs to a call, and a call that waited
	// for a connection of another call would be silent to its caller.
	maxIdle        = 256
	maxIdlePerHost = 32
)

// Options says how a Client behaves. The zero value asks public addresses
// with the default limits.
type Options struct {
	// Guard says which addresses may be dialled.
	Guard Guard

	// ConnectTimeout bounds name look-up, connection and TLS handshake
	// together. Default DefaultConnectTimeout.
	ConnectTimeout time.Duration

	// Timeout bounds a whole answer: look-up, redirects and body. Default
	// DefaultTimeout; at most MaxTimeout.
	Timeout time.Duration

	// MaxRedirects is how many redirects are followed. Default
	// DefaultRedirects; negative means none.
	MaxRedirects int

	// UserAgent is the User-Agent of requests that set none. Default
	// DefaultUserAgent.
	UserAgent string

	// Resolver looks names up. Default net.DefaultResolver.
	Resolver *net.Resolver

	// RootCAs are the authorities whose certificates are trusted. Default:
	// those of the machine.
	RootCAs *x509.CertPool

	// Dial replaces the guarded dial, for responders in this process that are
	// reached over net.Pipe. No guard applies to it. It must return when its
	// context ends.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client asks web addresses. It keeps connections for reuse; it may be used
// by several goroutines. Close what it keeps with CloseIdle.
type Client struct {
	transport     *http.Transport
	checkRedirect func(*http.Request, []*http.Request) error
	timeout       time.Duration
	userAgent     []string
}

// New returns a Client. It opens nothing.
func New(o Options) *Client {
	if o.ConnectTimeout <= 0 {
		o.ConnectTimeout = DefaultConnectTimeout
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxRedirects == 0 {
		o.MaxRedirects = DefaultRedirects
	}
	if o.UserAgent == "" {
		o.UserAgent = DefaultUserAgent
	}
	d := &dialer{
		dial:    o.Dial,
		timeout: o.ConnectTimeout,
		tls: &tls.Config{
			RootCAs:            o.RootCAs,
			NextProtos:         []string{"http/1.1"},
			ClientSessionCache: tls.NewLRUClientSessionCache(maxIdle),
		},
	}
	if d.dial == nil {
		d.dial = (&net.Dialer{Resolver: o.Resolver, Control: o.Guard.control()}).DialContext
	}
	return &Client{
		transport: &http.Transport{
			// No proxy, not even from the environment: a proxy would look
			// the name up and dial for us, and the guard would only ever see
			// the address of the proxy.
			Proxy:                  nil,
			DialContext:            d.plain,
			DialTLSContext:         d.secure,
			MaxResponseHeaderBytes: maxHeaderBytes,
			MaxIdleConns:           maxIdle,
			MaxIdleConnsPerHost:    maxIdlePerHost,
			IdleConnTimeout:        idleTimeout,
		},
		checkRedirect: redirectPolicy{limit: max(o.MaxRedirects, 0)}.check,
		timeout:       min(o.Timeout, MaxTimeout),
		userAgent:     []string{o.UserAgent},
	}
}

// HTTP returns an http.Client with the same guard, connect time-out, header
// limit and redirect rules, but without a time limit or size limit for the whole
// answer: for WebSockets, which live as long as their call. Its errors hold an
// *Error if the connection or a redirect failed. jar may be nil.
func (c *Client) HTTP(jar http.CookieJar) *http.Client {
	return &http.Client{Transport: c.transport, CheckRedirect: c.checkRedirect, Jar: jar}
}

// CloseIdle closes the connections that are kept for reuse, and gives up
// those that are being made for a request that has already ended. Requests
// under way are not touched.
func (c *Client) CloseIdle() { c.transport.CloseIdleConnections() }

// Request is one thing to ask.
type Request struct {
	// Method is the HTTP method. Default GET.
	Method string

	// URL is what is asked: http or https, with a host, without a user name
	// or password. It is not changed.
	URL *url.URL

	// Header holds the headers to send. It is not changed. Accept-Encoding is
	// left out: compression is the Client's business. Authorization and
	// Cookie do not follow a redirect to another origin.
	Header http.Header

	// Body is the body to send. It is sent again if a redirect asks for that
	// (307, 308).
	Body []byte

	// Jar keeps cookies between requests. May be nil.
	Jar http.CookieJar

	// Limit is the largest body that is accepted, in bytes after
	// decompression. Default DefaultLimit.
	Limit int64

	// Timeout bounds the whole answer. Default: the Client's. At most
	// MaxTimeout.
	Timeout time.Duration

	// Sign is called for each request that is sent, the first and each hop of a
	// redirect, with the body that goes with it; it may set headers, and what it
	// sets does not follow a redirect. If the hop leads to another origin (see
	// SameOrigin and r.URL), Sign decides whether to sign. It is called after
	// cookies were added. Optional.
	Sign func(r *http.Request, body []byte)
}

// Response is a whole answer. Every status is an answer, not only 2xx.
type Response struct {
	URL       *url.URL      // what answered in the end, after redirects
	Status    int           // HTTP status
	Header    http.Header   // headers of the answer
	Body      []byte        // decompressed
	Elapsed   time.Duration // from the call of Do to the last byte
	Redirects int           // how many were followed
}

// Do sends a request, follows its redirects and returns the whole answer. Its
// error is always an *Error. A request is sent once: only a GET whose kept
// connection turns out to be dead before a byte of an answer came is sent
// again, on a new connection, by net/http itself.
func (c *Client) Do(ctx context.Context, req Request) (*Response, error) {
	if e := checkURL(req.URL); e != nil {
		return nil, e
	}
	x := &exchange{client: c, req: req, caller: ctx, started: time.Now()}
	ctx, cancel := context.WithTimeout(ctx, c.timeoutOf(req))
	defer cancel()
	return x.run(ctx)
}

func (c *Client) timeoutOf(req Request) time.Duration {
	if req.Timeout > 0 {
		return min(req.Timeout, MaxTimeout)
	}
	return c.timeout
}
