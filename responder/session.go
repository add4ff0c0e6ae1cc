package responder

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"sync"
	"time"
)

// Defaults of Sessions.
const (
	// DefaultSessionTTL is longer than people stay in a menu without pressing a key.
	DefaultSessionTTL = time.Hour
	// DefaultMaxSessions bounds memory where somebody asks without ever sending the cookie back.
	DefaultMaxSessions = 10_000
)

// sessionCookie names the cookie that holds a session's id.
const sessionCookie = "switchhook_session"

// Sessions keeps a value of type T for each call, between its requests. A
// phone system keeps cookies for one call and never longer, so the cookie's
// session is the call. The zero Sessions is ready to use, by several
// goroutines at once. State is held in memory: it is gone after a restart, and
// each process has its own.
type Sessions[T any] struct {
	TTL time.Duration // how long a session is kept after its last request; 0: DefaultSessionTTL
	Max int           // the oldest is dropped past this many; 0: DefaultMaxSessions

	mu       sync.Mutex
	sessions map[string]*session[T]
	oldest   *session[T] // a list by last use
	newest   *session[T]
}

type session[T any] struct {
	id         string
	used       time.Time
	prev, next *session[T]

	mu    sync.Mutex // held during a request: a call's requests do not overlap
	state T
}

// Func returns a Func for a Handler that calls respond with the call's state.
// What respond leaves in state is there at the call's next request, also where
// it returns an error.
func (s *Sessions[T]) Func(respond func(ctx context.Context, req *Request, state *T) (Document, error)) Func {
	return func(ctx context.Context, req *Request) (Document, error) {
		exchange, ok := ctx.Value(exchangeKey{}).(exchange)
		if !ok {
			return Document{}, errors.New("a session needs the HTTP exchange that a Handler puts into the context")
		}
		current := s.of(exchange.w, exchange.r)
		current.mu.Lock()
		defer current.mu.Unlock()
		return respond(ctx, req, &current.state)
	}
}

// exchange is what a Handler puts into the context for Sessions.
type exchange struct {
	w http.ResponseWriter
	r *http.Request
}

type exchangeKey struct{}

// of returns the request's session, a new one where it has none.
func (s *Sessions[T]) of(w http.ResponseWriter, r *http.Request) *session[T] {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	for _, cookie := range r.CookiesNamed(sessionCookie) {
		if found, ok := s.sessions[cookie.Value]; ok {
			s.unlink(found)
			s.link(found, now)
			return found
		}
	}
	if s.sessions == nil {
		s.sessions = make(map[string]*session[T])
	}
	created := &session[T]{id: rand.Text()}
	s.sessions[created.id] = created
	s.link(created, now)
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: created.id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return created
}

// expire drops sessions that are too old or too many, one more to come.
func (s *Sessions[T]) expire(now time.Time) {
	ttl, most := s.TTL, s.Max
	if ttl == 0 {
		ttl = DefaultSessionTTL
	}
	if most == 0 {
		most = DefaultMaxSessions
	}
	for s.oldest != nil && (len(s.sessions) >= most || now.Sub(s.oldest.used) > ttl) {
		delete(s.sessions, s.oldest.id)
		s.unlink(s.oldest)
	}
}

func (s *Sessions[T]) link(x *session[T], now time.Time) {
	x.used, x.prev, x.next = now, s.newest, nil
	if s.newest != nil {
		s.newest.next = x
	} else {
		s.oldest = x
	}
	s.newest = x
}

func (s *Sessions[T]) unlink(x *session[T]) {
	if x.prev != nil {
		x.prev.next = x.next
	} else {
		s.oldest = x.next
	}
	if x.next != nil {
		x.next.prev = x.prev
	} else {
		s.newest = x.prev
	}
}
