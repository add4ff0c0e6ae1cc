package nstest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is a way in which a call fails. It is not carried out, except by a
// Fault that AfterDoing made.
type Fault struct {
	do    bool
	serve func(s *System, w http.ResponseWriter, r *http.Request, proper reply)
}

// breakage is a Fault in force.
type breakage struct {
	fault  Fault
	left   int
	choose func(Request) (Fault, bool) // in place of fault; nil: there is none
}

// meets returns the fault that a request meets; nil: none.
func (b *breakage) meets(r Request) *Fault {
	if b == nil || b.left <= 0 {
		return nil
	}
	b.left--
	if b.choose == nil {
		return &b.fault
	}
	if f, ok := b.choose(r); ok {
		return &f
	}
	return nil
}

// Always lets a fault stay.
const Always = 1 << 30

// Break makes a call fail, so many times. It replaces a fault that the call
// had before.
func (s *System) Break(call Call, times int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken[call] = &breakage{fault: f, left: times}
}

// BreakSome makes some requests of a call fail: choose is called for each of
// them, one after the other, and returns the fault to apply, or false. It must
// not use the System. It replaces a fault that the call had before; nil fixes
// the call.
func (s *System) BreakSome(call Call, choose func(Request) (Fault, bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if choose == nil {
		delete(s.broken, call)
		return
	}
	s.broken[call] = &breakage{left: Always, choose: choose}
}

// AfterDoing returns the same fault, but what was asked for is carried out
// first.
func (f Fault) AfterDoing() Fault {
	f.do = true
	return f
}

// Says answers with a status and a body, whatever it is.
func Says(status int, body string) Fault {
	return Fault{serve: func(_ *System, w http.ResponseWriter, _ *http.Request, _ reply) {
		reply{status: status, body: body}.send(w)
	}}
}

// Refuses answers with an error of the API, such as 409 "UID already exists."
func Refuses(status int, message string) Fault { return Says(status, wordsOf(status, message)) }

// Page answers with a web page, as what stands before a phone system does.
func Page(status int, title string) Fault {
	return Fault{serve: func(_ *System, w http.ResponseWriter, _ *http.Request, _ reply) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"))
	}}
}

// NoRoute answers as an old phone system does to a call that it does not know.
func NoRoute() Fault {
	return Fault{serve: func(_ *System, w http.ResponseWriter, _ *http.Request, _ reply) { noRoute.send(w) }}
}

// Redirects answers with a status such as 302 and points to an address.
func Redirects(status int, to string) Fault {
	return Fault{serve: func(_ *System, w http.ResponseWriter, _ *http.Request, _ reply) {
		w.Header().Set("Location", to)
		w.WriteHeader(status)
	}}
}

// Silent takes the request and never answers.
func Silent() Fault {
	return Fault{serve: func(s *System, _ http.ResponseWriter, r *http.Request, _ reply) {
		s.waits(r, nil)
		panic(http.ErrAbortHandler)
	}}
}

// Slow carries the request out and answers as it should, but so much later.
func Slow(d time.Duration) Fault {
	return Fault{do: true, serve: func(s *System, w http.ResponseWriter, r *http.Request, proper reply) {
		s.waits(r, time.After(d))
		proper.send(w)
	}}
}

// Held carries out what was asked for, and answers once release is closed. It is
// Slow for tests that do not know how long what they wait for takes.
func Held(release <-chan struct{}) Fault {
	return Fault{do: true, serve: func(s *System, w http.ResponseWriter, r *http.Request, proper reply) {
		select {
		case <-release:
		case <-r.Context().Done():
		case <-s.closed:
		}
		proper.send(w)
	}}
}

// waits returns at the time, or once the client has stopped waiting.
func (s *System) waits(r *http.Request, until <-chan time.Time) {
	select {
	case <-until:
	case <-r.Context().Done():
	case <-s.closed:
	}
}

// HangsUp takes the request and closes the connection.
func HangsUp() Fault {
	return Fault{serve: func(*System, http.ResponseWriter, *http.Request, reply) { panic(http.ErrAbortHandler) }}
}

// Half begins to answer with the status that it should, and closes the
// connection in the middle.
func Half() Fault {
	return Fault{serve: func(_ *System, w http.ResponseWriter, _ *http.Request, proper reply) {
		body := proper.body + strings.Repeat(" ", 8)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(proper.status)
		_, _ = w.Write([]byte(body[:len(body)/2]))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}}
}

// Floods answers without an end.
func Floods() Fault {
	return Fault{serve: func(_ *System, w http.ResponseWriter, r *http.Request, _ reply) {
		chunk := []byte(strings.Repeat("[", 64<<10))
		for r.Context().Err() == nil {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}}
}

// reply is an answer.
type reply struct {
	status int
	body   string
}

// noRoute is what an old phone system answers to a call that it does not know.
var noRoute = reply{status: http.StatusNotFound, body: "No Route Found [92]"}

func (a reply) send(w http.ResponseWriter) {
	if strings.HasPrefix(a.body, "{") || strings.HasPrefix(a.body, "[") {
		w.Header().Set("Content-Type", "application/json")
	} else {
		w.Header().Set("Content-Type", "text/plain")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body)) // the client may be gone
}

// says returns an answer in the API's own words.
func says(status int, message string) reply { return reply{status, wordsOf(status, message)} }

func wordsOf(code int, message string) string {
	words, err := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{code, message})
	if err != nil {
		panic(err)
	}
	return string(words)
}
