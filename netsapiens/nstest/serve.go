package nstest

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// maxBody is how much of a request is read. A text has a few hundred bytes.
const maxBody = 64 << 10

// input is a request that has passed all checks.
type input struct {
	r      *http.Request
	fields Object
	limit  int
	start  int
}

// serve checks a request, keeps it, carries it out, and answers; or does what
// a fault says.
func (s *System) serve(to *route, w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+Token {
		says(http.StatusUnauthorized, "Unauthorized").send(w)
		return
	}
	body, in, why := to.read(r)
	if why != "" {
		s.violate(r, why)
		says(http.StatusBadRequest, why).send(w)
		return
	}
	proper, fault := s.handle(to, in, body)
	if fault == nil {
		proper.send(w)
		return
	}
	fault.serve(s, w, r, proper)
}

// handle carries a request out and keeps it. It returns the proper answer, and
// the fault that takes its place; nil: none.
func (s *System) handle(to *route, in input, body string) (reply, *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	record := Request{Call: to.call, Method: in.r.Method, Path: in.r.RequestURI, Header: in.r.Header.Clone(), Body: body, Fields: in.fields}
	fault := s.broken[to.call].meets(record)
	proper := says(http.StatusAccepted, "Accepted")
	if fault == nil || fault.do {
		proper = to.do(s, in)
		record.Done = proper.status < 300
		if s.quirks.EmptyBodies && record.Done && in.r.Method != http.MethodGet {
			proper = reply{status: http.StatusAccepted}
		}
	}
	if fault == nil {
		record.Status = proper.status
	}
	s.requests = append(s.requests, record)
	return proper, fault
}

// read checks the form of a request: headers, query and body. The sentence
// says what the API does not allow.
func (to *route) read(r *http.Request) (body string, in input, why string) {
	in = input{r: r}
	if accept := r.Header.Get("Accept"); accept != "" && !strings.Contains(accept, "application/json") && !strings.Contains(accept, "*/*") {
		return "", in, "the header Accept does not take application/json"
	}
	if why := checkPath(r); why != "" {
		return "", in, why
	}
	if why := to.readQuery(r, &in); why != "" {
		return "", in, why
	}
	content, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	switch {
	case err != nil:
		return "", in, "the body did not come whole"
	case len(content) > maxBody:
		return "", in, "the body is too large"
	case to.fields == nil && len(content) > 0:
		return "", in, "this call has no body"
	case to.fields == nil:
		return "", in, ""
	}
	if to.action != "" {
		if why := in.readForm(content); why != "" {
			return "", in, why
		}
		return string(content), in, to.fields.check(in)
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return "", in, "the header Content-Type is not application/json"
	}
	if err := json.Unmarshal(content, &in.fields); err != nil || in.fields == nil {
		return "", in, "the body is no JSON object"
	}
	return string(content), in, to.fields.check(in)
}

// readQuery takes limit and start for lists, and nothing else.
func (to *route) readQuery(r *http.Request, in *input) string {
	in.limit = 100
	if to.action != "" {
		return to.readAction(r)
	}
	for name, values := range r.URL.Query() {
		n, err := strconv.Atoi(values[0])
		switch {
		case !to.list || len(values) != 1 || err != nil:
			return fmt.Sprintf("the query has %s", name)
		case name == "limit" && n >= 1 && n <= 1000:
			in.limit = n
		case name == "start" && n >= 0:
			in.start = n
		default:
			return fmt.Sprintf("the query has %s=%d", name, n)
		}
	}
	return ""
}
