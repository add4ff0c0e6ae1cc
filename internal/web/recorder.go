package web

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// retryAfter is what a request is told that there was no room for.
const retryAfter = time.Second

// recorder remembers the status of an answer, and sees to what an answer owes
// the request's body.
type recorder struct {
	http.ResponseWriter
	body   *bodyInHand // nil: the request has none
	status int
	bytes  int64
	muted  bool // what the handler writes goes nowhere
}

func (r *recorder) WriteHeader(status int) {
	if r.muted {
		return
	}
	if r.status == 0 || r.status < http.StatusOK {
		if status >= http.StatusOK && r.body != nil {
			refused, whole := r.body.state()
			if !whole {
				// net/http would wait for the rest before it answers.
				r.Header().Set("Connection", "close")
			}
			if refused {
				r.refuse()
				return
			}
		}
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// refuse answers a request whose body there is no room for, whatever its
// handler makes of it.
func (r *recorder) refuse() {
	const why = "there are too many requests at once; try again in a second\n"
	r.muted, r.status = true, http.StatusServiceUnavailable
	header := r.Header()
	for _, name := range []string{"Content-Encoding", "ETag", "Www-Authenticate"} {
		header.Del(name)
	}
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(why)))
	header.Set("Cache-Control", "no-store")
	header.Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	r.ResponseWriter.WriteHeader(r.status)
	n, _ := io.WriteString(r.ResponseWriter, why) // who is gone cannot be told
	r.bytes = int64(n)
}

// finish answers where the handler has not.
func (r *recorder) finish() {
	if r.status == 0 && r.body != nil {
		r.WriteHeader(http.StatusOK)
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if r.muted {
		return len(b), nil
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find what the writer can do.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
