package netsapiens

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
)

const (
	// DefaultTimeout is how long one request may take, from look-up to the
	// last byte. Only a program waits that long: if a caller is on the phone,
	// pass a context with a shorter deadline. The phone system answers within
	// a second or two, and a synchronous write once it has read back what it
	// wrote.
	DefaultTimeout = 10 * time.Second

	// DefaultUserAgent is how requests introduce themselves.
	DefaultUserAgent = "Switchhook"
)

const (
	// connectTimeout is how long the phone system may take to accept a
	// connection, and again to finish the TLS handshake. A host that needs
	// longer is down.
	connectTimeout = 3 * time.Second

	// idleTimeout is how long an unused connection is kept: shorter than the
	// 5 s after which an Apache server closes one (its default
	// KeepAliveTimeout). A text that is sent over a connection just as it is
	// being closed fails, and may or may not have arrived.
	idleTimeout = 4 * time.Second

	// maxIdle bounds the connections that are kept for the next texts of a
	// busy hour.
	maxIdle = 64

	// maxOpen bounds those in use: sixty texts a second to a phone system that
	// takes four seconds for each. If you get none in time, you know that
	// nothing was sent, which is better than one more unanswered request.
	maxOpen = 256

	// maxHeaderBytes bounds the headers of an answer.
	maxHeaderBytes = 64 << 10

	// maxAnswer bounds the body of an answer, in bytes. A page of 100 users is
	// about 200 KiB; this leaves room for a phone system that ignores the
	// limit and sends all 5,000 dial rules of a domain at once.
	maxAnswer = 8 << 20
)

// Config says which phone system a Client talks to, and as whom.
type Config struct {
	// URL is what stands before /ns-api, such as https://ucportal.example.net.
	URL string

	// Token is an API key, a JWT or an OAuth access token.
	Token Secret

	// HTTP sends the requests; its redirects are switched off. Default: a
	// client of this package's own, with HTTP/1.1 and the proxy that the
	// environment names.
	HTTP *http.Client

	// Timeout bounds each request; a context that ends sooner wins. Default
	// DefaultTimeout.
	Timeout time.Duration

	// UserAgent is the User-Agent of all requests. Default DefaultUserAgent.
	UserAgent string
}

// Client talks to one phone system. It may be used by several goroutines and
// keeps connections for reuse; CloseIdle closes them.
type Client struct {
	http    *http.Client
	base    string // URL with /ns-api/v2
	legacy  string // URL with /ns-api
	where   string // URL, for people
	timeout time.Duration

	// The token lives in these closures, where nothing that prints a Client
	// can find it.
	authorize func(http.Header)
	redact    func(string) string

	queueing *queueing
}

// New returns a Client. It opens nothing and asks nothing. Its error is a
// *fault.Error with the code fault.Invalid.
func New(c Config) (*Client, error) {
	where, err := checkURL(c.URL)
	if err != nil {
		return nil, err
	}
	if err := checkToken(string(c.Token)); err != nil {
		return nil, err
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.UserAgent == "" {
		c.UserAgent = DefaultUserAgent
	}
	own := http.Client{Transport: newTransport()}
	if c.HTTP != nil {
		own = *c.HTTP
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	authorization, agent := []string{"Bearer " + string(c.Token)}, []string{c.UserAgent}
	return &Client{
		http:    &own,
		base:    where + "/ns-api/v2",
		legacy:  where + "/ns-api",
		where:   where,
		timeout: c.Timeout,
		authorize: func(h http.Header) {
			h["Authorization"], h["User-Agent"] = authorization, agent
		},
		redact:   func(text string) string { return redact(text, string(c.Token)) },
		queueing: &queueing{asking: make(chan struct{}, 1)},
	}, nil
}

// CloseIdle closes the connections that are kept for reuse. Requests under way
// are not touched.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// newTransport returns a transport that speaks HTTP/1.1: one request per
// connection, so that a stuck one holds up no other.
func newTransport() *http.Transport {
	var speaks http.Protocols
	speaks.SetHTTP1(true)
	return &http.Transport{
		Protocols:              &speaks,
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout:    connectTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle,
		MaxConnsPerHost:        maxOpen,
		IdleConnTimeout:        idleTimeout,
	}
}

// checkURL returns an address without the slash at its end.
func checkURL(address string) (string, error) {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return "", fault.Newf(fault.Invalid, "no address of the phone system is given").
			WithHint("give what stands before /ns-api, such as https://ucportal.example.net")
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return "", fault.Newf(fault.Invalid, "the address of the phone system is not one").
			WithHint("give what stands before /ns-api, such as https://ucportal.example.net")
	case u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return "", fault.Newf(fault.Invalid, "the address of the phone system holds more than a host and a path").
			WithHint("leave out user name, query and fragment; the token goes separately")
	}
	address = strings.TrimRight(address, "/")
	if strings.Contains(address+"/", "/ns-api/") {
		return "", fault.Newf(fault.Invalid, "the address of the phone system has /ns-api in it").
			WithHint("give what stands before /ns-api")
	}
	return address, nil
}

// checkToken refuses what cannot stand in a header, without quoting it.
func checkToken(token string) error {
	if token == "" {
		return fault.Newf(fault.Invalid, "no token for the phone system is given").
			WithHint("make an API key in the phone system's portal")
	}
	for i := range len(token) {
		if token[i] <= ' ' || token[i] > '~' {
			return fault.Newf(fault.Invalid, "the token for the phone system has a space, a line break or another odd character in it, at position %d of %d", i+1, len(token)).
				WithHint("copy the token again, without what stands around it")
		}
	}
	return nil
}
