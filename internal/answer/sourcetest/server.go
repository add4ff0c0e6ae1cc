package sourcetest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody is how much of a request is read. A question in GraphQL has a few
// hundred bytes.
const maxBody = 64 << 10

// Request is what a stand-in was asked.
type Request struct {
	Method string
	Path   string // with the query
	Header http.Header
	Body   string
	Status int // of the answer; 0: a fault took its place
}

// Server is what all stand-ins are. It may be used by several goroutines.
type Server struct {
	mu         sync.Mutex
	people     []Person
	requests   []Request
	violations []string
	fault      *Fault
	left       int
	skew       time.Duration
	limit      limit
}

// limit counts the requests of each minute.
type limit struct {
	most    int // 0: no limit
	headers bool
	began   time.Time
	count   int
}

// OnCall changes who is on call.
func (s *Server) OnCall(people ...Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people = slices.Clone(people)
}

func (s *Server) onCall() []Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.people)
}

// Requests returns what was asked, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Forget empties the list of requests.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// Violations returns what was wrong with requests that the vendor's
// description does not allow.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// Skew sets the clock of the stand-in: so far ahead of the machine's.
func (s *Server) Skew(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skew = d
}

// Limit has the stand-in answer so many requests a minute, and the others with
// 429: with the headers that tell when the minute is over, or without. 0: as
// many as come.
func (s *Server) Limit(most int, headers bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = limit{most: most, headers: headers}
}

// reply is an answer.
type reply struct {
	status int
	kind   string // Content-Type; "": JSON
	header map[string]string
	body   string
}

// says returns an answer in JSON.
func says(status int, value any) reply {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // it is of this package's own making
	}
	return reply{status: status, body: string(body)}
}

func (a reply) send(w http.ResponseWriter) {
	kind := a.kind
	if kind == "" {
		kind = "application/json; charset=utf-8"
	}
	w.Header().Set("Content-Type", kind)
	for name, value := range a.header {
		w.Header()[name] = []string{value} // as the vendor spells it
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body) // the client may be gone
}

// input is a request, as far as it was read.
type input struct {
	*http.Request
	query url.Values
	body  string
}

// handler answers a request that came with the right key. Why says what the
// vendor's description does not allow of it.
type handler func(in input) (answer reply, why string)

// rules are how requests to a vendor look.
type rules struct {
	authorization string // the header; "": there is none
	method        string
	accept        string // the header
	denied        reply  // the answer to a wrong key
	tooMany       reply  // the answer above the limit
	wrong         func(why string) reply
}

// serve checks a request, records it, and answers it; or does what a fault says.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, to rules, handle handler) {
	content, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	in := input{Request: r, query: r.URL.Query(), body: string(content)}
	answer, limited := s.countDown(to)
	switch {
	case limited:
	case r.Header.Get("Authorization") != to.authorization:
		answer = to.denied
	default:
		why := to.check(in)
		if err != nil || len(content) > maxBody {
			why = "the body did not come whole"
		}
		if why == "" {
			answer, why = handle(in)
		}
		if why != "" {
			s.violate(r, why)
			answer = to.wrong(why)
		}
	}
	fault, skew := s.keep(in, answer)
	w.Header().Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
	if fault == nil {
		answer.send(w)
		return
	}
	fault.serve(w, r, answer)
}

// countDown counts a request. It returns the answer to one too many.
func (s *Server) countDown(to rules) (reply, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.limit
	if l.most == 0 {
		return reply{}, false
	}
	now := time.Now()
	if now.Sub(l.began) >= time.Minute {
		l.began, l.count = now, 0
	}
	if l.count++; l.count <= l.most {
		return reply{}, false
	}
	answer := to.tooMany
	if l.headers {
		rest := l.began.Add(time.Minute).Sub(now)
		answer.header = map[string]string{
			"ratelimit-limit":     strconv.Itoa(l.most),
			"ratelimit-remaining": "0",
			"ratelimit-reset":     strconv.Itoa(int((rest + time.Second - 1) / time.Second)),
		}
	}
	return answer, true
}

// keep records a request and its answer, and returns the fault that takes the
// answer's place; nil: none.
func (s *Server) keep(in input, answer reply) (*Fault, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fault *Fault
	if s.left > 0 && s.fault != nil && s.fault.concerns(in) {
		s.left--
		fault = s.fault
	}
	record := Request{Method: in.Method, Path: in.RequestURI, Header: in.Header.Clone(), Body: in.body, Status: answer.status}
	if fault != nil {
		record.Status = 0
	}
	s.requests = append(s.requests, record)
	return fault, s.skew
}

// violate records a request that the vendor's description does not allow.
func (s *Server) violate(r *http.Request, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.violations = append(s.violations, r.Method+" "+r.RequestURI+": "+why)
}

// known are the headers that requests have. Others tell vendors what is none
// of their business.
var known = []string{"Accept", "Accept-Encoding", "Authorization", "Content-Length", "Content-Type", "If-Modified-Since", "If-None-Match", "User-Agent"}

// check says what is wrong with the form of a request.
func (to rules) check(in input) string {
	switch {
	case in.Method != to.method:
		return "the method is not " + to.method
	case in.Header.Get("Accept") != to.accept:
		return "the header Accept is not " + to.accept
	case in.Header.Get("User-Agent") == "":
		return "there is no User-Agent"
	case to.method == http.MethodGet && in.body != "":
		return "a GET has no body"
	}
	for _, name := range slices.Sorted(maps.Keys(in.Header)) {
		if !slices.Contains(known, name) {
			return "there is a header " + name
		}
		if len(in.Header[name]) > 1 {
			return "there are two headers " + name
		}
	}
	return ""
}

// wants says which parameter of a query is missing, odd, or one too many.
func (in input) wants(want map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(in.query)) {
		if _, ok := want[name]; !ok {
			return "there is no parameter " + name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		got := slices.Sorted(slices.Values(in.query[name]))
		if strings.Join(got, " ") != want[name] {
			return fmt.Sprintf("the parameter %s is %q, not %q", name, got, want[name])
		}
	}
	return ""
}
