package core

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	neturl "net/url"
	"time"

	"github.com/switchhook/switchhook/internal/fetch"
)

// Poster posts events to the URLs of subscriptions.
type Poster interface {
	// Post sends a body with POST and returns the status of the answer. It
	// does not follow redirects. An error says that there was no answer; it
	// names the URL without its query, which may hold a key.
	Post(ctx context.Context, url string, header http.Header, body []byte) (status int, err error)
}

// NewPoster returns the Poster that asks only what the client's guard allows:
// the URL is chosen by anyone who may subscribe to events.
func NewPoster(client *fetch.Client) Poster {
	sends := client.HTTP(nil)
	sends.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	sends.Timeout = postTimeout
	return &poster{sends}
}

const (
	// postTimeout is how long a subscriber may take to answer. No caller waits
	// for it, but the events that come after do.
	postTimeout = 10 * time.Second

	// maxPostAnswer is how much of an answer is read, in bytes, so that its
	// connection can be used again. What it says does not count.
	maxPostAnswer = 64 << 10
)

type poster struct{ client *http.Client }

func (p *poster) Post(ctx context.Context, url string, header http.Header, body []byte) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("the URL is not one")
	}
	r.Header = header
	resp, err := p.client.Do(r)
	if err != nil {
		if wrapped, ok := errors.AsType[*neturl.Error](err); ok {
			err = wrapped.Err // its text is the whole URL
		}
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxPostAnswer)) // only the status counts
	return resp.StatusCode, nil
}
