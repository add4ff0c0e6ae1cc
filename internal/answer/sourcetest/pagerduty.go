package sourcetest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// PagerDutyKey is the key that a PagerDuty accepts.
const PagerDutyKey = "y_NbAkKc66ryYTWUXYEu"

// PagerDutyLimit is how many requests a minute PagerDuty answers.
const PagerDutyLimit = 960

// PagerDuty is PagerDuty's REST API, version 2, as far as on-calls go.
type PagerDuty struct {
	Server
	policy string
	page   int
}

// NewPagerDuty returns a PagerDuty that has one escalation policy, and nobody
// on call.
func NewPagerDuty(policy string) *PagerDuty {
	p := &PagerDuty{policy: policy, page: 100}
	p.Limit(PagerDutyLimit, true)
	return p
}

// PageSize sets how many entries a page has at most, whatever was asked for.
func (p *PagerDuty) PageSize(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.page = n
}

// ServeHTTP answers as https://api.pagerduty.com.
func (p *PagerDuty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.serve(w, r, rules{
		authorization: "Token token=" + PagerDutyKey,
		method:        http.MethodGet,
		accept:        "application/vnd.pagerduty+json;version=2",
		denied:        reply{status: http.StatusUnauthorized, kind: "text/plain"}, // it says nothing
		tooMany:       pagerDutyError(http.StatusTooManyRequests, 2020, "Rate Limit Exceeded"),
		wrong: func(why string) reply {
			return pagerDutyError(http.StatusBadRequest, 2001, "Invalid Input Provided: "+why)
		},
	}, p.answer)
}

func pagerDutyError(status, code int, message string) reply {
	return says(status, map[string]any{"error": map[string]any{"message": message, "code": code}})
}

func (p *PagerDuty) answer(in input) (reply, string) {
	if in.URL.Path == "/oncalls" {
		return p.onCalls(in)
	}
	if id, ok := strings.CutPrefix(in.URL.Path, "/users/"); ok && id != "" && !strings.Contains(id, "/") {
		return p.user(in, id)
	}
	return reply{}, "there is no such path"
}

// onCalls is GET /oncalls.
func (p *PagerDuty) onCalls(in input) (reply, string) {
	limit, limitErr := strconv.Atoi(in.query.Get("limit"))
	offset, offsetErr := strconv.Atoi(in.query.Get("offset"))
	switch {
	case limitErr != nil || limit < 1 || limit > 100:
		return reply{}, "the limit is not from 1 to 100"
	case offsetErr != nil || offset < 0 || offset+limit > 10_000:
		return reply{}, "the offset is none that is served"
	}
	if why := in.wants(map[string]string{
		"escalation_policy_ids[]": p.policy, "include[]": "users", "earliest": "true",
		"limit": strconv.Itoa(limit), "offset": strconv.Itoa(offset),
	}); why != "" {
		return reply{}, why
	}
	people := p.onCall()
	p.mu.Lock()
	limit = min(limit, p.page)
	p.mu.Unlock()
	from, to := min(offset, len(people)), min(offset+limit, len(people))
	entries := make([]any, 0, to-from)
	for _, person := range people[from:to] {
		entries = append(entries, map[string]any{
			"escalation_policy": map[string]any{"id": p.policy, "type": "escalation_policy_reference", "summary": "Support"},
			"escalation_level":  person.level(),
			"schedule":          map[string]any{"id": "PI7DH85", "type": "schedule_reference", "summary": "Daily"},
			"user":              pagerDutyUser(person, false),
			"start":             stamp(person.Since),
			"end":               stamp(person.Until),
		})
	}
	return says(http.StatusOK, map[string]any{"oncalls": entries, "limit": limit, "offset": offset, "more": to < len(people), "total": nil}), ""
}

// user is GET /users/{id}.
func (p *PagerDuty) user(in input, id string) (reply, string) {
	if why := in.wants(map[string]string{"include[]": "contact_methods notification_rules"}); why != "" {
		return reply{}, why
	}
	people := p.onCall()
	i := slices.IndexFunc(people, func(person Person) bool { return person.ID == id })
	if i < 0 {
		return pagerDutyError(http.StatusNotFound, 2100, "Not Found"), ""
	}
	return says(http.StatusOK, map[string]any{"user": pagerDutyUser(people[i], true)}), ""
}

// pagerDutyUser is a user, with what belongs to it included, or referred to.
func pagerDutyUser(p Person, whole bool) map[string]any {
	mail := map[string]any{"id": "PMAIL" + p.ID, "type": "email_contact_method", "summary": "Default", "address": p.Email, "label": "Default", "send_short_email": false}
	methods := []map[string]any{mail}
	type placed struct {
		place int
		rule  map[string]any
	}
	rule := func(method map[string]any, urgency string, delay int) map[string]any {
		return map[string]any{
			"id": fmt.Sprintf("R%s%d%s", method["id"], delay, urgency), "type": "assignment_notification_rule", "urgency": urgency, "start_delay_in_minutes": delay,
			"contact_method": map[string]any{"id": method["id"], "type": fmt.Sprint(method["type"]) + "_reference"},
		}
	}
	ordered := []placed{{0, rule(mail, "high", 0)}}
	low := []map[string]any{rule(mail, "low", 0)}
	for i, phone := range p.Phones {
		method := map[string]any{
			"id": fmt.Sprintf("P%s%d", p.ID, i), "type": "phone_contact_method", "summary": "Mobile", "label": "Mobile",
			"address": phone.Number, "country_code": phone.Country, "blacklisted": phone.Barred,
		}
		if phone.SMSOnly {
			method["type"] = "sms_contact_method"
		}
		if phone.Off {
			method["enabled"] = false
		} // else it is left out, as in most accounts
		methods = append(methods, method)
		if phone.Rule > 0 {
			ordered = append(ordered, placed{phone.Rule, rule(method, "high", 5*phone.Rule)})
		}
		low = append(low, rule(method, "low", 0))
	}
	// The order of the rules in an answer is that in which they were made.
	slices.SortStableFunc(ordered, func(a, b placed) int { return cmp.Compare(b.place, a.place) })
	rules := low
	for _, o := range ordered {
		rules = append(rules, o.rule)
	}
	if !whole {
		methods, rules = references(methods), references(rules)
	}
	return map[string]any{
		"id": p.ID, "type": "user", "summary": p.Name, "name": p.Name, "email": p.Email, "time_zone": "Europe/Amsterdam",
		"role": "user", "contact_methods": methods, "notification_rules": rules,
	}
}

func references(objects []map[string]any) []map[string]any {
	short := make([]map[string]any, len(objects))
	for i, o := range objects {
		short[i] = map[string]any{"id": o["id"], "type": fmt.Sprint(o["type"]) + "_reference", "summary": o["summary"]}
	}
	return short
}
