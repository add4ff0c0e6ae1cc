package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

// Dialer calls a Core from a terminal.
type Dialer struct {
	Core  string // its URL
	Token string // of its operator

	// Route is given the steps by which the Core came to the responder.
	// Optional.
	Route func(steps []string)
}

func (d *Dialer) connect(ctx context.Context) (*websocket.Conn, error) {
	core, err := d.parse()
	if err != nil {
		return nil, err
	}
	options := &websocket.DialOptions{HTTPHeader: d.header(), Subprotocols: []string{mediaProtocol}}
	conn, response, err := websocket.Dial(ctx, core.JoinPath(LinePath).String(), options) //nolint:bodyclose // the library closes it
	if err == nil {
		return conn, nil
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the call was ended before it began: %w", context.Cause(ctx))
	}
	status := 0
	if response != nil {
		status = response.StatusCode
	}
	return nil, d.unreached(status, err)
}

func (d *Dialer) parse() (*url.URL, error) {
	core, err := url.Parse(d.Core)
	if err != nil || core.Host == "" || (core.Scheme != "http" && core.Scheme != "https") {
		return nil, fault.Newf(fault.Invalid, "%q is not the URL of a Core", d.Core).WithHint("a Core's URL is such as http://127.0.0.1:5100")
	}
	return core, nil
}

func (d *Dialer) header() http.Header {
	header := http.Header{}
	if d.Token != "" {
		header.Set("Authorization", "Bearer "+d.Token)
	}
	return header
}

// unreached says why a Core did not do what it was asked; status is 0 if it did
// not answer.
func (d *Dialer) unreached(status int, err error) error {
	switch status {
	case 0:
		return &fault.Error{Code: fault.Unavailable, Message: "no Core answers at " + d.Core, Err: root(err),
			Hint: "switchhook demo starts one; --core says where one is, SWITCHHOOK_DATA which data folder a serve of other settings has"}
	case http.StatusUnauthorized, http.StatusForbidden:
		return fault.Newf(fault.Refused, "the Core at %s does not know this token", d.Core).
			WithHint("it is the line in operator.token in the Core's data folder; set SWITCHHOOK_TOKEN to it")
	case http.StatusTooManyRequests:
		return fault.Newf(fault.Refused, "the Core at %s refuses all tokens from this address for a while: too many were wrong", d.Core).
			WithHint("wait up to an hour, or restart the Core")
	case http.StatusServiceUnavailable:
		return fault.Newf(fault.Unavailable, "the Core at %s takes no calls now", d.Core).
			WithHint("it is being stopped: calls in hand end, and new ones are taken once it has started again")
	case http.StatusNotFound:
		return fault.Newf(fault.Unavailable, "what answers at %s is not a Core", d.Core).
			WithHint("a Core runs where the settings have [core]; switchhook demo starts one")
	}
	return &fault.Error{Code: fault.Unavailable, Message: fmt.Sprintf("the Core at %s answers %d", d.Core, status), Err: err}
}

// Explain asks a Core where it would send a call at a time; the zero time is
// now.
func (d *Dialer) Explain(ctx context.Context, from, to string, at time.Time) (Route, error) {
	core, err := d.parse()
	if err != nil {
		return Route{}, err
	}
	target := *core
	target.Path = strings.TrimSuffix(core.Path, "/") + RoutePath // JoinPath leaves the first slash out where there is no path
	query := url.Values{"from": {from}, "to": {to}}
	if !at.IsZero() {
		query.Set("at", at.Format(time.RFC3339))
	}
	target.RawQuery = query.Encode()
	client := fetch.New(fetch.Options{Guard: fetch.Guard{Loopback: true, Private: true}})
	defer client.CloseIdle()
	response, err := client.Do(ctx, fetch.Request{URL: &target, Header: d.header()})
	if err != nil {
		return Route{}, d.unreached(0, err)
	}
	if response.Status != http.StatusOK {
		return Route{}, d.unreached(response.Status, errors.New(strings.TrimSpace(string(response.Body))))
	}
	var route Route
	if err := json.Unmarshal(response.Body, &route); err != nil {
		return Route{}, d.unreached(http.StatusNotFound, err)
	}
	return route, nil
}

// root returns the innermost error: people can do without what libraries wrap
// around it.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
