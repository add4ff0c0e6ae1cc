package nstest

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Token is the API key that a System accepts. It has the form of a domain's.
const Token = "nsd_AtestkeyAtestkeyAtestkeyAtestkeyAtestkeyAtestkeychecksum" //nolint:gosec // it opens nothing but a System

// Quirks are the ways in which phone systems differ. The zero Quirks is one
// that does what is written about it.
type Quirks struct {
	EmptyBodies    bool   // a write is answered with 202 and nothing, also a synchronous one
	NoAnswerRules  bool   // a new user has no answer rule "*"
	DigitsAsNumber bool   // texts of digits are JSON numbers in answers
	IgnoresLimit   bool   // lists come whole, whatever the limit
	IgnoresStart   bool   // each page is the first one
	Version        string // what /version says; "": 44.4.10
	PlainTimes     bool   // messages have their time without a zone, not by RFC 3339
	RepeatsEvents  bool   // each post of events comes twice
}

// System is a phone system. It is an http.Handler, for those who bring their
// own server, and may be used by several goroutines.
type System struct {
	URL string // what stands before /ns-api; set by Start

	quirks Quirks
	mux    *http.ServeMux
	closed chan struct{} // closed once no client waits for answers any more

	mu         sync.Mutex
	domains    map[string]*domain
	requests   []Request
	messages   []Message
	violations []string
	broken     map[Call]*breakage
	complain   func(violation string)

	clock         func() time.Time // nil: time.Now
	kept          []keptMessage    // sent and received
	subscriptions []*subscription
	posts         []Post

	queuedCalls []QueuedCall
}

// New returns a System without any domain.
func New(quirks Quirks) *System {
	s := &System{
		quirks:  quirks,
		mux:     http.NewServeMux(),
		closed:  make(chan struct{}),
		domains: make(map[string]*domain),
		broken:  make(map[Call]*breakage),
	}
	for i := range routes {
		s.mux.HandleFunc(routes[i].pattern(), func(w http.ResponseWriter, r *http.Request) {
			s.serve(&routes[i], w, r)
		})
	}
	s.mux.HandleFunc("/", s.unknown)
	return s
}

// Start returns a System that listens on a port of this machine until the end
// of the test, which a request that the API does not allow fails.
func Start(t testing.TB, quirks Quirks) *System {
	t.Helper()
	s := New(quirks)
	s.complain = func(violation string) {
		t.Errorf("the phone system was asked something that its API does not allow: %s", violation)
	}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		server.Close()
	})
	s.URL = server.URL
	return s
}

// Close ends the answers that a fault holds back.
func (s *System) Close() { close(s.closed) }

// ServeHTTP answers as the phone system's API.
func (s *System) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mux.ServeHTTP(w, r)
}

// unknown answers what no route is for.
func (s *System) unknown(w http.ResponseWriter, r *http.Request) {
	s.violate(r, "there is no such call")
	noRoute.send(w)
}

// violate keeps, and complains about, a request that the API does not allow.
func (s *System) violate(r *http.Request, why string) {
	text := r.Method + " " + r.RequestURI + ": " + why
	s.mu.Lock()
	s.violations = append(s.violations, text)
	s.mu.Unlock()
	if s.complain != nil {
		s.complain(text)
	}
}
