package sourcetest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// IlertKey is the key that an Ilert accepts.
const IlertKey = "il1api0017d8c5a4ea8d9f0e6a7b8c9d"

// Ilert is ilert's REST API, as far as on-calls go.
type Ilert struct {
	Server
	policy string
}

// NewIlert returns an ilert that has one escalation policy, and nobody on call.
func NewIlert(policy string) *Ilert { return &Ilert{policy: policy} }

// ServeHTTP answers as https://api.ilert.com.
func (l *Ilert) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.serve(w, r, rules{
		authorization: "Bearer " + IlertKey,
		method:        http.MethodGet,
		accept:        "application/json",
		denied:        ilertError(http.StatusUnauthorized, "UNAUTHORIZED"),
		tooMany:       ilertError(http.StatusTooManyRequests, "TOO_MANY_REQUESTS"),
		wrong:         func(why string) reply { return ilertError(http.StatusBadRequest, why) },
	}, l.answer)
}

func ilertError(status int, message string) reply {
	return says(status, map[string]any{"status": status, "message": message, "code": "ERROR"})
}

func (l *Ilert) answer(in input) (reply, string) {
	if in.URL.Path == "/api/on-calls" {
		return l.onCalls(in)
	}
	rest, ok := strings.CutPrefix(in.URL.Path, "/api/users/")
	id, last, _ := strings.Cut(rest, "/")
	if !ok || last != "contacts/phone-numbers" {
		return reply{}, "there is no such path"
	}
	return l.numbers(in, id)
}

// onCalls is GET /api/on-calls.
func (l *Ilert) onCalls(in input) (reply, string) {
	if why := in.wants(map[string]string{"policies": l.policy, "expand": "user"}); why != "" {
		return reply{}, why
	}
	policy, err := strconv.Atoi(l.policy)
	if err != nil {
		return reply{}, "the policy is no number"
	}
	entries := []any{}
	for _, p := range l.onCall() {
		id, err := strconv.Atoi(p.ID)
		if err != nil {
			return reply{}, "the user is no number"
		}
		first, last := p.names()
		entry := map[string]any{
			"user":             map[string]any{"id": id, "firstName": first, "lastName": last, "email": p.Email, "timezone": "Europe/Berlin", "role": "USER"},
			"escalationPolicy": map[string]any{"id": policy},
			"escalationLevel":  p.level(),
		}
		if !p.Since.IsZero() { // else it is left out
			entry["start"], entry["end"] = stamp(p.Since), stamp(p.Until)
		}
		entries = append(entries, entry)
	}
	return says(http.StatusOK, entries), ""
}

// numbers is GET /api/users/{id}/contacts/phone-numbers.
func (l *Ilert) numbers(in input, id string) (reply, string) {
	if why := in.wants(nil); why != "" {
		return reply{}, why
	}
	people := l.onCall()
	i := slices.IndexFunc(people, func(p Person) bool { return p.ID == id })
	if i < 0 {
		return ilertError(http.StatusNotFound, "NOT_FOUND"), ""
	}
	list := []any{}
	for j, phone := range people[i].Phones {
		status := "OK"
		if phone.Barred || phone.Off {
			status = "BLACKLISTED"
		}
		list = append(list, map[string]any{"id": 100 + j, "regionCode": phone.Region, "target": phone.Number, "status": status})
	}
	return says(http.StatusOK, list), ""
}
