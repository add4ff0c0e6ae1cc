package nstest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// QueuedCall is a call back that was asked for.
type QueuedCall struct {
	Domain, Queue string // Queue is the extension
	Number        string // who is called
	Legacy        bool   // it was asked for by the legacy API
	Waiting       bool   // it has not had its turn
}

// queuesSince is the version from which on version 2 of the API takes queued
// calls.
const queuesSince = 45

// queueName is a queue as the legacy API names it.
var queueName = matches("a queue EXT@DOMAIN", `[A-Za-z0-9._-]{1,16}@[A-Za-z0-9._-]{1,64}`)

// sameField is the text that another field of the body has.
func sameField(name string) field {
	return field{check: func(value any, in input) string {
		if value == in.fields[name] {
			return ""
		}
		return "what the field " + name + " is"
	}}
}

// AddQueue adds a call queue to a domain.
func (s *System) AddQueue(domain, extension string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newUser(s.must(domain), domain, Object{"user": extension, "name-first-name": "Queue", "name-last-name": extension,
		"email-address": "queue@" + domain, "user-scope": "Simple User", "service-code": "system-queue"})
}

// QueuedCalls returns the call backs that were taken, in order.
func (s *System) QueuedCalls() []QueuedCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.queuedCalls)
}

// TakeQueuedCalls lets a number's turn come: its call backs are in the queue no
// more. It returns how many those were.
func (s *System) TakeQueuedCalls(number string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := 0
	for i := range s.queuedCalls {
		if c := &s.queuedCalls[i]; c.Number == number && c.Waiting {
			c.Waiting = false
			taken++
		}
	}
	return taken
}

func (s *System) queueCall(in input) reply {
	if s.major() < queuesSince {
		return noRoute
	}
	if missing := s.enqueue(in.r.PathValue("domain"), in.r.PathValue("queue"), in, false); missing != nil {
		return *missing
	}
	return s.shows(Object{})
}

func (s *System) queueCallLegacy(in input) reply {
	extension, domain, _ := strings.Cut(fmt.Sprint(in.fields["queue"]), "@")
	if missing := s.enqueue(domain, extension, in, true); missing != nil {
		return *missing
	}
	return reply{status: http.StatusAccepted}
}

// enqueue keeps a call back. It returns the answer that there is no such queue;
// nil: there is.
func (s *System) enqueue(domain, extension string, in input, legacy bool) *reply {
	if missing := s.queue(domain, extension); missing != nil {
		return missing
	}
	s.queuedCalls = append(s.queuedCalls, QueuedCall{domain, extension, fmt.Sprint(in.fields["destination"]), legacy, true})
	return nil
}

// queue returns the answer that there is no such queue; nil: there is.
func (s *System) queue(domain, extension string) *reply {
	missing := says(http.StatusNotFound, "Domain does not exist.")
	if d := s.domains[domain]; d != nil {
		if u := d.users[extension]; u != nil && u.fields["service-code"] == "system-queue" {
			return nil
		}
		missing = says(http.StatusNotFound, "Callqueue does not exist.")
	}
	return &missing
}

// listQueuedCalls answers with those that wait. The API's description says
// nothing about what they look like.
func (s *System) listQueuedCalls(in input) reply {
	if s.major() < queuesSince {
		return noRoute
	}
	domain, extension := in.r.PathValue("domain"), in.r.PathValue("queue")
	if missing := s.queue(domain, extension); missing != nil {
		return *missing
	}
	waiting := []Object{}
	for _, c := range s.queuedCalls {
		if c.Waiting && c.Domain == domain && c.Queue == extension {
			waiting = append(waiting, Object{"domain": domain, "callqueue": extension, "destination": c.Number, "status": "queued"})
		}
	}
	return s.shows(waiting)
}

// major returns the first number of the System's version.
func (s *System) major() int {
	first, _, _ := strings.Cut(strings.TrimPrefix(s.version(), "Version: "), ".")
	n, err := strconv.Atoi(first)
	if err != nil {
		return 0
	}
	return n
}

// pattern is the route as http.ServeMux takes it.
func (to *route) pattern() string {
	if to.action != "" {
		return to.method + " " + legacyPrefix + to.path
	}
	return to.method + " " + prefix + to.path
}

// readAction takes the two parts of the query of the legacy API, and nothing
// else.
func (to *route) readAction(r *http.Request) string {
	object, action, _ := strings.Cut(to.action, "/")
	query := r.URL.Query()
	if len(query) != 2 || !slices.Equal(query["object"], []string{object}) || !slices.Equal(query["action"], []string{action}) {
		return fmt.Sprintf("the query is not object=%s&action=%s", object, action)
	}
	return ""
}

// readForm reads multipart/form-data whole: each field once, nothing but
// fields, and the end that it must have.
func (in *input) readForm(content []byte) string {
	kind, params, err := mime.ParseMediaType(in.r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return "the header Content-Type is not multipart/form-data with a boundary"
	}
	in.fields = Object{}
	parts := multipart.NewReader(bytes.NewReader(content), params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "the body is no multipart/form-data of this boundary, or ends too early"
		}
		value, err := io.ReadAll(part)
		name := part.FormName()
		switch {
		case err != nil:
			return "the body ends within a field"
		case name == "" || part.FileName() != "" || len(part.Header) != 1:
			return "a part of the body is no plain field"
		case in.fields[name] != nil:
			return fmt.Sprintf("the field %q comes twice", name)
		}
		in.fields[name] = string(value)
	}
	if end := "--" + params["boundary"] + "--"; !strings.HasSuffix(strings.TrimRight(string(content), "\r\n"), end) {
		return "something follows the end of the form"
	}
	return ""
}
