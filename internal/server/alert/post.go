package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

// postTimeout is how long the other side may take to answer. Only the next
// alert waits for it.
const postTimeout = 10 * time.Second

// body is the JSON that is posted. Slack, Mattermost and the like show the
// text; the rest is for programs.
type body struct {
	Kind     Kind      `json:"kind"`
	About    string    `json:"about"`
	Text     string    `json:"text"`
	Count    int       `json:"count"` // how often it came up since the last report
	At       time.Time `json:"at"`    // when it last came up, or ended
	Resolved bool      `json:"resolved"`
}

// body returns a report's JSON.
func (r report) body() body {
	text := r.alert.Text
	switch {
	case r.resolved:
		text = "Resolved: " + text
	case r.count > 1:
		text += fmt.Sprintf(" (%d times)", r.count)
	}
	return body{Kind: r.key.kind, About: r.key.about, Text: text, Count: r.count, At: r.at.UTC().Truncate(time.Millisecond), Resolved: r.resolved}
}

// problem is why a report did not arrive.
type problem struct {
	reason   string        // without the address, which is a secret
	hopeless bool          // it would not arrive later either
	wait     time.Duration // how long the other side asks us to wait
}

// post sends a report.
func post(ctx context.Context, client Client, to *url.URL, r report) *problem {
	text, err := json.Marshal(r.body())
	if err != nil {
		return &problem{reason: "it cannot be written as JSON", hopeless: true}
	}
	response, err := client.Do(ctx, fetch.Request{
		Method: http.MethodPost, URL: to, Body: text, Timeout: postTimeout,
		Header: http.Header{"Content-Type": {"application/json"}},
	})
	if err != nil {
		return unanswered(err)
	}
	switch status := response.Status; {
	case status/100 == 2:
		return nil
	case fault.AgainAfter(status) == fault.Later:
		return &problem{reason: "it was answered with status " + strconv.Itoa(status), wait: retryAfter(response.Header)}
	default:
		return &problem{reason: "it was refused with status " + strconv.Itoa(status), hopeless: true}
	}
}

// unanswered says in our own words why there is no answer: the error's may
// contain the whole address.
func unanswered(err error) *problem {
	e, ok := errors.AsType[*fetch.Error](err)
	if !ok {
		return &problem{reason: "it could not be asked"}
	}
	p := &problem{hopeless: fault.AgainOf(e) == fault.Never}
	switch e.Kind {
	case fetch.Resolve:
		p.reason = "the host's name could not be looked up"
	case fetch.Refused:
		p.reason = "the host takes no connections"
	case fetch.Timeout:
		p.reason = "the host did not answer in time"
	case fetch.TLS:
		p.reason = "there was no TLS connection to the host"
	case fetch.Canceled:
		p.reason = "there was no time left to wait for an answer"
	case fetch.Guarded:
		p.reason = "the host has an address that is never asked"
	case fetch.Redirects:
		p.reason = "the host redirects, and alerts go to the address of the settings alone"
	default:
		p.reason = "the host does not answer as it should (" + string(e.Kind) + ")"
	}
	return p
}

// retryAfter returns the seconds that the other side asks us to wait (RFC 9110,
// section 10.2.3). Rate limiters do not use the form with a date.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.ParseUint(header.Get("Retry-After"), 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
