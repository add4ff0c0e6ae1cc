package responder

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Defaults of Sessions.
const (
	// DefaultSessionTTL is longer than people stay in a menu without pressing a key.
	DefaultSessionTTL = time.Hour
	// DefaultMaxSessions bounds memory if somebody never sends the cookie back.
	DefaultMaxSessions = 10_000
)

// sessionCookie names the cookie that holds a session's id.
const sessionCookie = "switchhook_session"

// Sessions keeps a value of type T for each call, between its requests. A
// phone system keeps cookies for one call and never longer, so the cookie's
// session is the call. The zero Sessions is ready to use, by several
// goroutines at once; requests of one call wait for each other. State is held
// in memory: it is gone after a restart, and each process has its own. Several
// Sessions in one process each keep their own state of a call.
type Sessions[T any] struct {
	TTL time.Duration // how long a session is kept after its last request; 0: DefaultSessionTTL
	Max int           // past this many, the one that was used longest ago is dropped; 0: DefaultMaxSessions

	mu       sync.Mutex
	sessions map[string]*session[T]
	oldest   *session[T] // a list by last use
	newest   *session[T]
}

type session[T any] struct {
	id         string
	used       time.Time
	prev, next *session[T]

	turn  chan struct{} // full during a request: a call's requests do not overlap
	state T
}

// Func returns a Func for a Handler that calls respond with the call's state.
// What respond leaves in state is there at the call's next request, even if it
// returns an error.
func (s *Sessions[T]) Func(respond func(ctx context.Context, req *Request, state *T) (Document, error)) Func {
	return func(ctx context.Context, req *Request) (Document, error) {
		exchange, ok := ctx.Value(exchangeKey{}).(exchange)
		if !ok {
			return Document{}, errors.New("a session needs the HTTP exchange that a Handler puts into the context")
		}
		current := s.of(exchange.w, exchange.r)
		select {
		case current.turn <- struct{}{}:
		case <-ctx.Done(): // the phone system has given up on this request
			return Document{}, context.Cause(ctx)
		}
		defer func() { <-current.turn }()
		return respond(ctx, req, &current.state)
	}
}

// exchange is what a Handler puts into the context for Sessions.
type exchange struct {
	w http.ResponseWriter
	r *http.Request
}

type exchangeKey struct{}

// of returns the request's session, or a new one.
func (s *Sessions[T]) of(w http.ResponseWriter, r *http.Request) *session[T] {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(now)
	id := ""
	for _, cookie := range r.CookiesNamed(sessionCookie) {
		if found, ok := s.sessions[cookie.Value]; ok {
			s.unlink(found)
			s.link(found, now)
			return found
		}
		if isSessionID(cookie.Value) {
			id = cookie.Value
		}
	}
	// The id of a call that came from other Sessions is kept: a second cookie
	// would make it lose the first one's state.
	if id == "" {
		id = rand.Text()
		http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	s.makeRoom()
	created := &session[T]{id: id, turn: make(chan struct{}, 1)}
	s.sessions[id] = created
	s.link(created, now)
	return created
}

// isSessionID reports whether rand.Text can have made id.
func isSessionID(id string) bool {
	const base32, shortest, longest = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 26, 64
	return shortest <= len(id) && len(id) <= longest && strings.Trim(id, base32) == ""
}

// expire drops the sessions that are too old.
func (s *Sessions[T]) expire(now time.Time) {
	ttl := cmp.Or(s.TTL, DefaultSessionTTL)
	for s.oldest != nil && now.Sub(s.oldest.used) > ttl {
		s.drop(s.oldest)
	}
}

// makeRoom drops sessions until there is room for one more.
func (s *Sessions[T]) makeRoom() {
	if s.sessions == nil {
		s.sessions = make(map[string]*session[T])
	}
	most := cmp.Or(s.Max, DefaultMaxSessions)
	for s.oldest != nil && len(s.sessions) >= most {
		s.drop(s.oldest)
	}
}

func (s *Sessions[T]) drop(x *session[T]) {
	delete(s.sessions, x.id)
	s.unlink(x)
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
