package nstest

import (
	"net/http"
	"slices"
)

// Request is a request that the API allows, with a valid token.
type Request struct {
	Call   Call
	Method string
	Path   string // as it came: escaped, with the query
	Header http.Header
	Body   string
	Fields Object // of Body; nil where there is none
	Status int    // of the answer; 0 where a fault gave none
	Done   bool   // it was carried out, whatever was answered
}

// Message is a text that was taken.
type Message struct {
	Domain, User, Session string
	From, To, Text        string
}

// Requests returns the requests that the API allows, in the order in which
// they came.
func (s *System) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Calls returns the calls of Requests, without those that only read.
func (s *System) Calls() []Call {
	var calls []Call
	for _, r := range s.Requests() {
		if r.Method != http.MethodGet {
			calls = append(calls, r.Call)
		}
	}
	return calls
}

// Messages returns the texts that were taken, in order.
func (s *System) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Violations returns a sentence for each request that the API does not allow.
func (s *System) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}
