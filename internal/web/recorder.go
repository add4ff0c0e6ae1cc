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
	length int64       // of the body; negative: that is not known
	status int
	bytes  int64
	muted  bool // what the handler writes goes nowhere

	lingered time.Duration // a slow client was let wait
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
				r.muted, r.status = true, http.StatusServiceUnavailable // see finish
				return
			}
		}
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// refuse answers a request whose body there was no room for, whatever its handler
// made of it. A slow one waits for that, when its handler holds no memory any more.
func (r *recorder) refuse() {
	const why = "there are too many requests at once; try again in a second\n"
	if r.body.on != nil && r.body.gaveWay() {
		left := r.length - r.body.read
		if r.length < 0 {
			left = maxAPIBody // it says when it ends, which nobody reads
		}
		began := time.Now()
		r.body.on.linger(left)
		r.lingered = time.Since(began)
	}
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

// finish answers where the handler has not, or was not let.
func (r *recorder) finish() {
	if r.status == 0 && r.body != nil {
		r.WriteHeader(http.StatusOK)
	}
	if r.muted {
		r.refuse()
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
