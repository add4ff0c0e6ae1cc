package alert

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/fetch"
)

// postTimeout is how long the other side may take to answer.
const postTimeout = 10 * time.Second

// webhook posts alerts as JSON, in a form that chats show.
type webhook struct {
	to     *url.URL
	client Client
}

// webAddress reads the address of a setting without showing it.
func webAddress(text, setting string) (*url.URL, error) {
	to, err := url.Parse(text)
	if err != nil || to.Scheme != "https" && to.Scheme != "http" || to.Host == "" {
		return nil, fault.Newf(fault.Invalid, "the address that alerts are to be posted to is no web address").
			WithHint("fix the setting alerts.%s", setting)
	}
	return to, nil
}

func (*webhook) Name() string   { return "webhook" }
func (w *webhook) Host() string { return w.to.Host }

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

// Send posts a message.
func (w *webhook) Send(ctx context.Context, m Message) *Problem {
	return post(ctx, w.client, w.to, http.Header{}, body{m.Kind, m.About, m.Text, m.Count, m.At.UTC().Truncate(time.Millisecond), m.Resolved})
}

// post posts JSON.
func post(ctx context.Context, client Client, to *url.URL, header http.Header, body any) *Problem {
	text, err := json.Marshal(body)
	if err != nil {
		return &Problem{Reason: "it cannot be written as JSON", Hopeless: true}
	}
	header.Set("Content-Type", "application/json")
	response, err := client.Do(ctx, fetch.Request{Method: http.MethodPost, URL: to, Body: text, Timeout: postTimeout, Header: header})
	if err != nil {
		return unanswered(err)
	}
	switch status := response.Status; {
	case status/100 == 2:
		return nil
	case fault.AgainAfter(status) == fault.Later:
		return &Problem{Reason: "it was answered with status " + strconv.Itoa(status), Wait: retryAfter(response.Header)}
	default:
		return &Problem{Reason: "it was refused with status " + strconv.Itoa(status), Hopeless: true, Hint: hints[status]}
	}
}

// hints say what a refusal means.
var hints = map[int]string{
	http.StatusUnauthorized: "the token or password is wrong, or there is none",
	http.StatusForbidden:    "the token may not write there",
	http.StatusNotFound:     "the address is wrong, or was withdrawn",
	http.StatusGone:         "the address was withdrawn",
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
