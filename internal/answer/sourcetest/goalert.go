package sourcetest

import (
	"encoding/json"
	"net/http"
	"slices"
)

// GoAlertKey is the key that a GoAlert accepts.
const GoAlertKey = "eyJhbGciOiJFUzI1NiJ9.standin.standin"

// GoAlert is a GoAlert, as far as on-calls go. Its key is bound to one query
// text.
type GoAlert struct {
	Server
	service string
	query   string
}

// NewGoAlert returns a GoAlert that has one service with nobody on call, and a
// key that was made with a query.
func NewGoAlert(service, query string) *GoAlert { return &GoAlert{service: service, query: query} }

// ServeHTTP answers as a GoAlert does at /api/graphql.
func (g *GoAlert) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.serve(w, r, rules{
		authorization: "Bearer " + GoAlertKey,
		method:        http.MethodPost,
		accept:        "application/json",
		denied:        reply{status: http.StatusUnauthorized, kind: "text/plain; charset=utf-8", body: "Unauthorized\n"},
		tooMany:       reply{status: http.StatusTooManyRequests, kind: "text/plain; charset=utf-8", body: "Too Many Requests\n"},
		wrong: func(why string) reply {
			return says(http.StatusBadRequest, map[string]any{"errors": []any{map[string]any{"message": why}}, "data": nil})
		},
	}, g.answer)
}

// goAlertRefuses is an error as GraphQL has it.
func goAlertRefuses(status int, message, code string) reply {
	met := map[string]any{"message": message}
	if code != "" {
		met["extensions"] = map[string]any{"code": code}
	}
	return says(status, map[string]any{"errors": []any{met}, "data": nil})
}

func (g *GoAlert) answer(in input) (reply, string) {
	if why := in.wants(nil); why != "" {
		return reply{}, why
	}
	var asked map[string]json.RawMessage
	if in.URL.Path != "/api/graphql" {
		return reply{}, "there is no such path"
	}
	if in.Header.Get("Content-Type") != "application/json" {
		return reply{}, "the header Content-Type is not application/json"
	}
	if json.Unmarshal([]byte(in.body), &asked) != nil || len(asked) != 3 {
		return reply{}, "the body is not query, operationName and variables"
	}
	var query, operation string
	var variables map[string]string
	if json.Unmarshal(asked["query"], &query) != nil || json.Unmarshal(asked["operationName"], &operation) != nil || json.Unmarshal(asked["variables"], &variables) != nil {
		return reply{}, "the body is not query, operationName and variables"
	}
	if query != g.query {
		return goAlertRefuses(http.StatusUnprocessableEntity, "wrong query for API key", "invalid_query"), ""
	}
	switch {
	case operation == "OnCall" && len(variables) == 1 && variables["service"] != "":
		return g.onCallUsers(variables["service"]), ""
	case operation == "Person" && len(variables) == 1 && variables["user"] != "":
		return g.user(variables["user"]), ""
	}
	return reply{}, "there is no such operation, or it has other variables"
}

func (g *GoAlert) onCallUsers(service string) reply {
	if service != g.service {
		return says(http.StatusOK, map[string]any{"data": map[string]any{"service": nil}})
	}
	users := []any{}
	for _, p := range g.onCall() {
		users = append(users, map[string]any{"userID": p.ID, "userName": p.Name, "stepNumber": p.level() - 1})
	}
	return says(http.StatusOK, map[string]any{"data": map[string]any{"service": map[string]any{"onCallUsers": users}}})
}

func (g *GoAlert) user(id string) reply {
	people := g.onCall()
	i := slices.IndexFunc(people, func(p Person) bool { return p.ID == id })
	if i < 0 {
		return says(http.StatusOK, map[string]any{"data": map[string]any{"user": nil}})
	}
	methods := []any{map[string]any{
		"dest":     map[string]any{"type": "builtin-smtp-email", "args": map[string]any{"email_address": people[i].Email}},
		"disabled": false, "pending": false,
	}}
	for _, phone := range people[i].Phones {
		kind := "builtin-twilio-voice"
		if phone.SMSOnly {
			kind = "builtin-twilio-sms"
		}
		methods = append(methods, map[string]any{
			"dest":     map[string]any{"type": kind, "args": map[string]any{"phone_number": phone.Number}},
			"disabled": phone.Off, "pending": phone.Barred,
		})
	}
	return says(http.StatusOK, map[string]any{"data": map[string]any{"user": map[string]any{"contactMethods": methods}}})
}
