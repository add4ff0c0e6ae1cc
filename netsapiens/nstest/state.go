package nstest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
)

type domain struct {
	users        map[string]*user
	plans        map[string]*[]Object
	smsNumbers   []Object
	phoneNumbers []Object
}

type user struct {
	fields      Object
	answerRules map[string]Object // by time frame
}

// AddDomain adds a domain, with a dial plan of the same name and in it a rule
// that leads on to the plan of all domains.
func (s *System) AddDomain(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.domains[name] = &domain{users: make(map[string]*user), plans: map[string]*[]Object{
		name: {newDialRule(name, name, Object{"dial-rule-matching-to-uri": "*", "dial-rule-application": "<Cloud PBX Features>", "dial-rule-description": "Chain to Default Table"})},
	}}
}

// AddUser adds a user to a domain, and its answer rule "*" unless Quirks say
// otherwise.
func (s *System) AddUser(domain, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newUser(s.must(domain), domain, Object{"user": user, "name-first-name": "User", "name-last-name": user,
		"email-address": "user@" + domain, "user-scope": "Basic User"})
}

// AddSMSNumber adds a number for texts, which belongs to a user; with no user
// it is free.
func (s *System) AddSMSNumber(domain, number, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	application := "user"
	if user == "" {
		application = "available"
	}
	d := s.must(domain)
	d.smsNumbers = append(d.smsNumbers, Object{"number": number, "application": application, "domain": domain, "dest": user, "carrier": "Example Telecom"})
}

// AddPhoneNumber adds a number that can be called, with calls going to a user.
func (s *System) AddPhoneNumber(domain, number, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.must(domain)
	d.phoneNumbers = append(d.phoneNumbers, Object{"phonenumber": number, "enabled": "yes", "domain": domain, "dial-rule-application": "to-user",
		"dial-rule-parameter": "", "dial-rule-translation-destination-user": user, "dial-rule-translation-destination-host": domain, "dial-rule-description": ""})
}

// PointPhoneNumber makes the calls of a number that was added go to a user.
func (s *System) PointPhoneNumber(domain, number, user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.must(domain).phoneNumbers {
		if n["phonenumber"] == number {
			n["dial-rule-translation-destination-user"] = user
			return
		}
	}
	panic("nstest: there is no number " + number)
}

// AddDialRule adds a rule to a domain's own dial plan. Fields that are not
// given have the API's defaults.
func (s *System) AddDialRule(domain string, fields Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := s.must(domain).plans[domain]
	*rules = append(*rules, newDialRule(domain, domain, fields))
}

// SetForward makes a user's answer rule "*" send all calls to a destination.
func (s *System) SetForward(domain, user, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.must(domain).users[user]
	if u == nil {
		panic("nstest: there is no user " + user)
	}
	u.answerRules["*"] = newAnswerRule(domain, user, Object{"time-frame": "*", "enabled": "yes",
		"forward-always": Object{"enabled": "yes", "parameters": []any{to}}})
}

// User returns the fields of a user; nil: there is none.
func (s *System) User(domain, user string) Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.must(domain).users[user]; u != nil {
		return maps.Clone(u.fields)
	}
	return nil
}

// DialRules returns the rules of a domain's own dial plan, with the one that
// it began with.
func (s *System) DialRules(domain string) []Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(*s.must(domain).plans[domain])
}

// AnswerRule returns a user's answer rule for a time frame; nil: there is none.
func (s *System) AnswerRule(domain, user, timeFrame string) Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.must(domain).users[user]; u != nil {
		return maps.Clone(u.answerRules[timeFrame])
	}
	return nil
}

// must returns a domain that the test itself has added.
func (s *System) must(name string) *domain {
	d := s.domains[name]
	if d == nil {
		panic("nstest: there is no domain " + name)
	}
	return d
}

func (s *System) newUser(d *domain, domain string, fields Object) *user {
	u := &user{fields: maps.Clone(fields), answerRules: make(map[string]Object)}
	u.fields["domain"] = domain
	delete(u.fields, "synchronous")
	id := fmt.Sprint(fields["user"])
	if !s.quirks.NoAnswerRules {
		u.answerRules["*"] = newAnswerRule(domain, id, Object{"time-frame": "*", "enabled": "yes"})
	}
	d.users[id] = u
	return u
}

func newAnswerRule(domain, user string, fields Object) Object {
	rule := Object{"domain": domain, "user": user, "is-active": true, "order": 99, "do-not-disturb": Object{"enabled": "no"},
		"simultaneous-ring": Object{"enabled": "yes", "parameters": []any{"<OwnDevices>"}},
		"forward-always":    Object{"enabled": "no", "parameters": []any{}}}
	maps.Copy(rule, fields)
	delete(rule, "synchronous")
	return rule
}

func newDialRule(domain, plan string, fields Object) Object {
	rule := Object{"domain": domain, "dial-rule-dial-plan": plan, "enabled": "yes", "dial-rule-parameter": "", "dial-rule-description": "",
		"dial-rule-matching-from-uri": "*", "dial-rule-matching-day-of-week": "*",
		"dial-rule-matching-start-date": "*", "dial-rule-matching-end-date": "*",
		"dial-rule-matching-start-time": "*", "dial-rule-matching-end-time": "*"}
	for _, part := range [...]string{"destination-scheme", "destination-user", "destination-host", "source-name", "source-scheme", "source-user", "source-host"} {
		rule["dial-rule-translation-"+part] = "[*]"
	}
	maps.Copy(rule, fields)
	delete(rule, "synchronous")
	rule["dialrule"] = dialRuleID(rule)
	return rule
}

// domain returns the domain that a path names, or the answer that there is
// none.
func (s *System) domain(in input) (*domain, reply) {
	return s.domains[in.r.PathValue("domain")], says(http.StatusNotFound, "Domain does not exist.")
}

func (s *System) user(in input) (*user, reply) {
	d, missing := s.domain(in)
	if d == nil {
		return nil, missing
	}
	return d.users[in.r.PathValue("user")], says(http.StatusNotFound, "User does not exist.")
}

func (s *System) plan(in input) (*[]Object, reply) {
	d, missing := s.domain(in)
	if d == nil {
		return nil, missing
	}
	return d.plans[in.r.PathValue("plan")], says(http.StatusNotFound, "Dial plan does not exist.")
}

func (s *System) answerRule(in input) (Object, reply) {
	u, missing := s.user(in)
	if u == nil {
		return nil, missing
	}
	return u.answerRules[in.r.PathValue("frame")], says(http.StatusNotFound, "Answer rule does not exist.")
}

// written is the answer to a write that created something: the thing itself
// where that was asked for.
func (s *System) written(in input, created Object) reply {
	if in.fields["synchronous"] == "yes" {
		return s.shows(created)
	}
	return says(http.StatusAccepted, "Accepted")
}

// page is the answer with a part of a list.
func (s *System) page(in input, all []Object) reply {
	if !s.quirks.IgnoresStart {
		all = all[min(in.start, len(all)):]
	}
	if !s.quirks.IgnoresLimit {
		all = all[:min(in.limit, len(all))]
	}
	if all == nil {
		all = []Object{}
	}
	return s.shows(all)
}

// quotedDigits is a text that looks like a number, with the colon or bracket
// before it: a value, not a name.
var quotedDigits = regexp.MustCompile(`([:\[,])"([1-9][0-9]*)"`)

// shows is the answer 200 with a value as JSON.
func (s *System) shows(value any) reply {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	if s.quirks.DigitsAsNumber {
		encoded = quotedDigits.ReplaceAll(encoded, []byte("$1$2"))
	}
	return reply{http.StatusOK, string(encoded)}
}
