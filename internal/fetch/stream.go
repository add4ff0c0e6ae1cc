package fetch

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/switchhook/switchhook/internal/fault/measure"
)

const (
	// streamIdle is how long the body of a Stream may send nothing while it is
	// waited for. A caller hears a gap by then.
	streamIdle = 10 * time.Second

	// MaxStream is how long the body of a Stream may come: longer than any sound
	// that is played.
	MaxStream = time.Hour
)

// Stream is an answer whose body is still coming. Every status is an answer,
// not only 2xx. It is used by one goroutine, which closes it.
type Stream struct {
	URL    *url.URL    // what answered in the end, after redirects
	Status int         // HTTP status
	Header http.Header // headers of the answer

	exchange *exchange
	body     io.ReadCloser
	limit    int64
	got      int64
	idle     *time.Timer // ends the exchange; runs while something is waited for
	whole    *time.Timer // ends it after MaxStream
	cancel   context.CancelCauseFunc
}

// Why a Stream was ended.
var (
	errLate    = errors.New("the time for the headers is up")
	errIdle    = errors.New("nothing came for too long")
	errEndless = errors.New("it came for too long")
)

// Open sends a request, follows its redirects and returns the answer as soon as
// its headers have come. Request.Timeout bounds the time until then. The body
// ends with an error where nothing of it comes for ten seconds, where it lasts
// longer than MaxStream, and where it is larger than Request.Limit. The error is
// always an *Error, as that of Read unless it is io.EOF.
func (c *Client) Open(ctx context.Context, req Request) (*Stream, error) {
	if e := checkURL(req.URL); e != nil {
		return nil, e
	}
	x := &exchange{client: c, req: req, caller: ctx, started: time.Now()}
	limited, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(c.timeoutOf(req), func() { cancel(errLate) })
	resp, err := x.begin(limited)
	late.Stop()
	var limit int64
	if err == nil {
		if limit, err = x.limit(resp); err == nil {
			err = x.checkEncoding(resp)
		}
		if err != nil {
			resp.Body.Close()
		}
	}
	if err != nil {
		cancel(nil)
		return nil, err
	}
	s := &Stream{
		URL: x.hopURL, Status: resp.StatusCode, Header: resp.Header,
		exchange: x, body: resp.Body, limit: limit, cancel: cancel,
		idle:  time.AfterFunc(streamIdle, func() { cancel(errIdle) }),
		whole: time.AfterFunc(MaxStream, func() { cancel(errEndless) }),
	}
	s.idle.Stop()
	return s, nil
}

// Read reads what comes next of the body. It waits until something does.
func (s *Stream) Read(p []byte) (int, error) {
	s.idle.Reset(streamIdle)
	n, err := s.body.Read(p)
	s.idle.Stop()
	s.got += int64(n)
	x := s.exchange
	switch {
	case s.got > s.limit:
		return 0, x.tooLarge("%s sent more than the %s that are allowed", show(x.hopURL), measure.Bytes(s.limit))
	case err == nil || err == io.EOF:
		return n, err
	case context.Cause(x.limited) == errIdle: //nolint:errorlint // our own, as it is
		e := x.fail(Timeout, "%s sent %s and then nothing for %s", show(x.hopURL), measure.Bytes(s.got), measure.Seconds(streamIdle))
		e.Hint = "send it at once, for a caller is listening"
		return n, e
	}
	return n, x.diagnose(err, int(s.got))
}

// Close ends the exchange, if it has not ended, and gives its connection back.
func (s *Stream) Close() error {
	s.idle.Stop()
	s.whole.Stop()
	err := s.body.Close()
	s.cancel(nil)
	return err
}
