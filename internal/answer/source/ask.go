package source

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/switchhook/switchhook/internal/fetch"
)

const (
	// requestTimeout is how long one request may take. Only a refresh in the
	// background waits so long; code that has a caller waiting passes a context
	// that ends sooner.
	requestTimeout = 10 * time.Second

	// maxAnswer bounds an answer, in bytes. A hundred on-calls with their
	// users are about 200 KiB.
	maxAnswer = 4 << 20

	// maxPages bounds how many pages of a list are read: 2,000 on-calls if a
	// page has 100. No team has so many people on call at one time, so a longer
	// list is one that we asked for wrongly, or never ends.
	maxPages = 20

	// skewAllowed is how far the clocks may be apart before we report it. It
	// covers a slow answer, and clocks of a second's precision.
	skewAllowed = time.Minute
)

// asker sends the requests of one source. It may be used by several
// goroutines.
type asker struct {
	kind      string
	name      string // of the vendor, for sentences
	base      *url.URL
	client    *fetch.Client
	accept    string
	limit     int64 // of an answer, in bytes
	authorize func(http.Header)
	whole     func() *url.URL // the one address of a source that has one; a secret
}

func newAsker(kind, name string, base *url.URL, client *fetch.Client) *asker {
	if client == nil {
		client = fetch.New(fetch.Options{})
	}
	return &asker{kind: kind, name: name, base: base, client: client, accept: "application/json", limit: maxAnswer, authorize: func(http.Header) {}}
}

// where names the other side in sentences. A path may be a secret, a host is
// none.
func (a *asker) where() string { return a.name + " (" + a.base.Host + ")" }

// getJSON asks for a path with a query and reads the JSON of the answer into it.
func (a *asker) getJSON(ctx context.Context, path string, query url.Values, into any) (*fetch.Response, error) {
	answer, err := a.askOK(ctx, fetch.Request{
		URL:    a.urlOf(path, query),
		Header: http.Header{"Accept": {a.accept}},
	})
	if err != nil {
		return nil, err
	}
	return answer, a.decode(answer.Body, into)
}

// urlOf returns an address below the base. What stands in the path has passed
// isPlain where it came from outside.
func (a *asker) urlOf(path string, query url.Values) *url.URL {
	u := a.base.JoinPath(path)
	u.RawQuery = query.Encode()
	return u
}

// askOK sends a request and returns an answer with the status 200. Every other
// end is an *Error.
func (a *asker) askOK(ctx context.Context, req fetch.Request) (*fetch.Response, error) {
	answer, err := a.sendRequest(ctx, req)
	if err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK {
		return nil, a.refused(answer)
	}
	return answer, nil
}

// sendRequest sends a request and returns an answer with whatever status.
func (a *asker) sendRequest(ctx context.Context, req fetch.Request) (*fetch.Response, error) {
	a.authorize(req.Header)
	req.Limit, req.Timeout = a.limit, requestTimeout
	answer, err := a.client.Do(ctx, req)
	if err != nil {
		return nil, a.unanswered(ctx, err)
	}
	return answer, nil
}

// clockSkew returns a sentence where the clocks are apart, or "". An answer out of
// a cache tells the time at which it went in, so that one is not asked.
func (a *asker) clockSkew(answer *fetch.Response) string {
	theirs, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil || answer.Header.Get("Age") != "" {
		return ""
	}
	apart := time.Since(theirs)
	switch {
	case apart > skewAllowed:
		return fmt.Sprintf("the clock of this machine is %s ahead of that of %s: shifts may seem to change too early here", span(apart), a.where())
	case apart < -skewAllowed:
		return fmt.Sprintf("the clock of this machine is %s behind that of %s: shifts may seem to change too late here", span(-apart), a.where())
	}
	return ""
}

// span returns a time as people say it, to the minute once it is long.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	default:
		return fmt.Sprintf("%d s", d/time.Second)
	}
}
