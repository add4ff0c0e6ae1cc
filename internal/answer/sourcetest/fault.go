package sourcetest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is a way in which a stand-in fails.
type Fault struct {
	path  string // what the path of a request must hold; "": any
	serve func(w http.ResponseWriter, r *http.Request, proper reply)
}

// Always lets a fault stay.
const Always = 1 << 30

// Break makes the stand-in fail, so many times. It replaces a fault that was
// in force before.
func (s *Server) Break(times int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.left = &f, times
}

// Heal ends a fault.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.left = nil, 0
}

// On returns the same fault, for requests alone whose path or body holds a
// text, such as /users/.
func (f Fault) On(text string) Fault {
	f.path = text
	return f
}

func (f Fault) concerns(in input) bool {
	return f.path == "" || strings.Contains(in.RequestURI, f.path) || strings.Contains(in.body, f.path)
}

// Says answers with a status and a body, whatever it is.
func Says(status int, body string) Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, _ reply) {
		reply{status: status, body: body}.send(w)
	}}
}

// TooMany answers with 429 and whatever headers, such as Retry-After: 30.
func TooMany(header map[string]string) Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, _ reply) {
		reply{status: http.StatusTooManyRequests, header: header, body: `{"error":{"message":"Rate Limit Exceeded","code":2020}}`}.send(w)
	}}
}

// Page answers with a web page, as what stands before a vendor does.
func Page(status int) Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, _ reply) {
		reply{status: status, kind: "text/html", body: "<!DOCTYPE html>\n<html><head><title>Maintenance</title></head><body><h1>Back soon</h1></body></html>\n"}.send(w)
	}}
}

// Redirects answers with a redirect to an address.
func Redirects(to string) Fault {
	return Fault{serve: func(w http.ResponseWriter, r *http.Request, _ reply) {
		http.Redirect(w, r, to, http.StatusFound)
	}}
}

// Lies answers as it should, with one text in place of another wherever it
// stands: such as a field's name.
func Lies(instead, of string) Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, proper reply) {
		proper.body = strings.ReplaceAll(proper.body, of, instead)
		proper.send(w)
	}}
}

// Cuts answers as it should, but for the last bytes of the body, as if that
// were the whole.
func Cuts(bytes int) Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, proper reply) {
		proper.body = proper.body[:max(len(proper.body)-bytes, 0)]
		proper.send(w)
	}}
}

// Half begins to answer as it should, and closes the connection in the middle.
func Half() Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, proper reply) {
		w.Header().Set("Content-Length", strconv.Itoa(len(proper.body)+8))
		proper.body = proper.body[:len(proper.body)/2]
		proper.send(w)
		_ = http.NewResponseController(w).Flush() // the client may be gone
		panic(http.ErrAbortHandler)
	}}
}

// Freezes takes requests and never answers.
func Freezes() Fault {
	return Fault{serve: func(_ http.ResponseWriter, r *http.Request, _ reply) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}}
}

// Slow answers as it should, but so much later.
func Slow(d time.Duration) Fault {
	return Fault{serve: func(w http.ResponseWriter, r *http.Request, proper reply) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			proper.send(w)
		case <-r.Context().Done():
		}
	}}
}

// HangsUp takes requests and closes the connection.
func HangsUp() Fault {
	return Fault{serve: func(http.ResponseWriter, *http.Request, reply) { panic(http.ErrAbortHandler) }}
}

// Floods answers without an end.
func Floods() Fault {
	return Fault{serve: func(w http.ResponseWriter, r *http.Request, _ reply) {
		chunk := []byte(strings.Repeat("[", 64<<10))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}}
}
