package web

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// retryAfter is sent with refusals because there was no room.
const retryAfter = time.Second

// recorder records the status of an answer, and handles the request's body when
// the answer begins.
type recorder struct {
	http.ResponseWriter
	body   *bodyInHand // nil: the request has none
	length int64       // of the body; negative: unknown
	status int
	bytes  int64
	muted  bool // the handler's output is discarded

	lingered time.Duration // how long a slow client was made to wait
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

// refuse answers a request whose body was refused, whatever its handler
// answered. Slow ones wait for it, after the handler has released its memory.
func (r *recorder) refuse() {
	const why = "there are too many requests at once; try again in a second\n"
	if r.body.on != nil && r.body.gaveWay() {
		left := r.length - r.body.read
		if r.length < 0 {
			left = maxAPIBody // its end is marked in the body, which is not parsed
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
	n, _ := io.WriteString(r.ResponseWriter, why) // the client may have gone
	r.bytes = int64(n)
}

// finish answers if the handler has not, or was muted.
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

// Unwrap lets http.ResponseController find the writer's abilities.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
